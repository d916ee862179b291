"""`manage.py worker`: one process that learns, with one child that does the work."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand

from digitsite.becoming_celery import become_celery
from digitsite.broker import QUEUES


class Command(BaseCommand):
    """Become a Celery worker; to learn faster, start more of them."""

    requires_system_checks = (Tags.security,)
    help = "Take training work from the broker until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; `commandline.py` has turned --state into a setting by now."""
        parser.add_argument("--state", help="directory for everything that is written")
        parser.add_argument("--queue", choices=QUEUES, help="take from this queue only")

    def handle(self, *, queue: str | None, **_: Any) -> None:
        """Hand over to Celery."""
        become_celery(
            "app",
            "worker",
            f"--queues={queue or ','.join(QUEUES)}",
            f"--hostname=worker-{os.getpid()}@%h",
            # Workers know nothing of each other: the database tells who does what.
            "--without-gossip",
            "--without-mingle",
        )
