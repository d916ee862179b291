"""`manage.py expire_corrections`: erase what nobody has reviewed in time."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from feedback.erasure import expire
from recognizer.management.commandline import counted


class Command(BaseCommand):
    """Apply the retention rule; meant to be run once a day."""

    help = "Erase corrections that were not reviewed within DIGITSITE_RETENTION_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        """Erase and say how many."""
        count = expire()
        if options["json"]:
            self.stdout.write(json.dumps({"erased": count}))
            return
        self.stdout.write(
            f"{counted(count, 'correction')} older than {settings.RETENTION_DAYS} days erased "
            "unreviewed."
        )
