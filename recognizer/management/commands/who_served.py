"""`manage.py who_served`: which version was champion at a moment."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recognizer import registry
from recognizer.management.commandline import VersionsCommand, line_of


class Command(VersionsCommand):
    """Look it up in the ledger."""

    help = "Say which model version was champion at a time, and since when and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--at", required=True, metavar="ISO-TIME", help="2026-11-21T10:00:00Z; UTC by default"
        )

    def handle(self, *, at: str, **options: Any) -> None:
        """Answer."""
        try:
            moment = datetime.fromisoformat(at)
        except ValueError as error:
            raise CommandError(f"{at!r} is not a time like 2026-11-21T10:00:00Z.") from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if moment > timezone.now():
            raise CommandError(f"{moment.isoformat()} is in the future: nobody knows yet.")
        line = registry.who_served(moment)
        if line is None:
            raise CommandError(f"No version was served at {moment.isoformat()}.")
        told = {
            "at": moment.isoformat(),
            "version": line.to_version_id,
            "sha256": line.to_version.sha256,
            "since": line_of(line),
        }
        overridden = f", the gate of run {line.run} overridden" if line.override else ""
        text = (
            f"Version {line.to_version_id}, champion since {line.created.isoformat()} "
            f"({line.kind} by {line.actor_name or 'the machine'}{overridden}: {line.reason})."
        )
        self.say(told, text, as_json=options["json"])
