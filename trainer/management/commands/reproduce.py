"""`manage.py reproduce N`: build a version again from its manifest and compare the digests."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recognizer.checkpoints import WEIGHTS, CheckpointError
from recognizer.management.commandline import VersionsCommand
from recognizer.models import ModelVersion


class Command(VersionsCommand):
    """Reproduce."""

    help = "Build a version again from anchor, replay set and corrections; compare the weights."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("number", type=int, metavar="N", help="the version")

    def handle(self, *, number: int, **options: Any) -> None:
        """Build and compare; ends with status 1 where they differ."""
        from recognizer import publishing  # noqa: PLC0415
        from recognizer.checkpoints import read_card  # noqa: PLC0415
        from trainer import lesson, workshop  # noqa: PLC0415 - torch

        version = ModelVersion.objects.filter(pk=number).first()
        if version is None:
            raise CommandError(f"There is no version {number}.")
        try:
            card = read_card(publishing.fetch(version.folder, version.sha256))
            again = workshop.reproduce(version)
        except (lesson.Changed, ValueError, CheckpointError) as error:
            raise CommandError(f"Version {number} cannot be built again: {error}.") from error
        then = card.sha256[WEIGHTS]
        told = {"version": number, "then": then, "now": again, "same": then == again}
        if then != again:
            raise CommandError(f"The weights differ: {then} then, {again} now.")
        self.say(told, f"The same weights, {again}.", as_json=options["json"])
