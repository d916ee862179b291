"""`manage.py prepare`: tables and static files, before processes on several machines start."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from digitsite.preparation import prepare, require_model


class Command(BaseCommand):
    """Do what every web process would otherwise do at its start, and end."""

    help = "Bring the database and the static files up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the option; `commandline.py` has turned it into a setting by now."""
        parser.add_argument("--state", help="directory for everything that is written")

    def handle(self, **_: Any) -> None:
        """Prepare."""
        require_model()
        prepare()
