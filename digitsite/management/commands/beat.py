"""`manage.py beat`: asks the workers every few seconds to look for work."""

from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand

from digitsite.becoming_celery import become_celery


class Command(BaseCommand):
    """Become Celery's beat. One is enough; a second does no harm."""

    requires_system_checks = (Tags.security,)
    help = "Wake the workers every DIGITSITE_TRAIN_KICK_SECONDS until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the option; `commandline.py` has turned it into a setting by now."""
        parser.add_argument("--state", help="directory for everything that is written")

    def handle(self, **_: Any) -> None:
        """Hand over to Celery, without a file of the schedule or of the process number."""
        become_celery("clock", "beat", "--pidfile=")
