"""`manage.py fetch_data`: put MNIST and EMNIST where training and the gate look for them."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

MNIST, LETTERS, BYCLASS = "mnist", "emnist-letters", "emnist-byclass"


class Command(BaseCommand):
    """Fetch what is not there yet; what is there is only counted."""

    help = "Download MNIST and EMNIST (with progress) into the data folder."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--data-dir", type=Path, default=settings.DATA_DIR, metavar="DIR",
            help="where to (default: DIGITSITE_DATA_DIR)",
        )  # fmt: skip
        parser.add_argument(
            "--sets", nargs="+", default=[MNIST, LETTERS], choices=[MNIST, LETTERS, BYCLASS],
            help="which (default: %(default)s; by-class is the largest)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print JSON at the end")

    def handle(self, *, data_dir: Path, sets: list[str], **options: Any) -> None:
        """Fetch."""
        from trainer.nist import DownloadError, read_emnist, read_mnist  # noqa: PLC0415 - torch

        images: dict[str, int] = {}
        for name in dict.fromkeys(sets):
            try:
                if name == MNIST:
                    found = read_mnist(data_dir, "train")
                else:
                    found = read_emnist(
                        data_dir, "letters" if name == LETTERS else "byclass", "train"
                    )
            except (DownloadError, ValueError) as error:
                # That text ends with advice about training, which this is not.
                raise CommandError(str(error).partition(", or leave")[0] + ".") from error
            images[name] = len(found)
            if not options["json"]:
                self.stdout.write(f"{name}: {len(found)} images in {data_dir}")
        if options["json"]:
            self.stdout.write(json.dumps({"folder": str(data_dir), "images": images}))
            return
        self.stdout.write("Training and the gate use them from the next run on.")
