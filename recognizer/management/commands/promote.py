"""`manage.py promote`: make a version the champion."""

from argparse import ArgumentParser
from typing import Any

from recognizer import registry
from recognizer.management.commandline import MovingCommand, told_plainly


class Command(MovingCommand):
    """Promote, as the admin does."""

    help = "Make a model version the champion; every web process follows within seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("number", type=int, metavar="N", help="the version")
        parser.add_argument("--expected", type=int, help="refuse if another one is champion")

    def handle(self, *, number: int, by: str, reason: str, **options: Any) -> None:
        """Promote and say so."""
        with told_plainly(by) as actor:
            expected = options["expected"] or registry.champion().version_id
            line = registry.promote(number, actor=actor, reason=reason, expected=expected)
        self.report(line, as_json=options["json"])
