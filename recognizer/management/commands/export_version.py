"""`manage.py export_version N FOLDER`: take a version out of the store."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from recognizer import publishing
from recognizer.checkpoints import CheckpointError
from recognizer.management.commandline import VersionsCommand
from recognizer.models import ModelVersion


class Command(VersionsCommand):
    """Copy what was verified: the network as ONNX, its weights as safetensors, its card."""

    help = (
        "Copy a version into a new folder: model.onnx (to serve), weights.safetensors (to train "
        "on), card.json and card.md. DIGITSITE_MODEL, evaluate and compare take such a folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("number", type=int, metavar="N", help="the version")
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder")

    def handle(self, *, number: int, folder: Path, **options: Any) -> None:
        """Copy and say what is there."""
        row = ModelVersion.objects.filter(pk=number).first()
        if row is None:
            raise CommandError(f"There is no version {number}.")
        try:
            card = publishing.copy_out(row.folder, row.sha256, folder)
        except publishing.FolderTaken as taken:
            raise CommandError(f"Nothing was copied: {taken}.") from taken
        except CheckpointError as error:
            raise CommandError(f"Version {number} is not whole: {error}.") from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written ({error.strerror}).") from error
        told = {"version": number, "folder": str(folder), "sha256": card.sha256}
        self.say(told, f"Version {number} is in {folder}.", as_json=options["json"])
