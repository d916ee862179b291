"""`manage.py rollback`: make an earlier champion the champion again."""

from argparse import ArgumentParser
from typing import Any

from recognizer import registry
from recognizer.management.commandline import MovingCommand, told_plainly


class Command(MovingCommand):
    """Roll back, as the admin does."""

    help = "Make the previous champion, or another earlier one, the champion again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("--to", type=int, metavar="N", help="not the previous one but this")

    def handle(self, *, by: str, reason: str, to: int | None, **options: Any) -> None:
        """Roll back and say so."""
        with told_plainly(by) as actor:
            line = registry.rollback(actor, reason, to=to)
        self.report(line, as_json=options["json"])
