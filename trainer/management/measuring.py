"""What the commands that measure versions have in common."""

import getpass
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from recognizer.management.commandline import VersionsCommand

# As in `trainer.splits`, which loads torch.
SPLITS = ("validation", "mnist-test", "parametric", "corrections")


class MeasuringCommand(VersionsCommand):
    """A command that lets versions read a split."""

    requires_system_checks = ()  # it serves nobody

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is measured on, and where the report goes."""
        super().add_arguments(parser)
        parser.add_argument(
            "--split", choices=SPLITS,
            help="validation: who was set aside when the anchor was trained; mnist-test: looked at "
            "once for each version; parametric: written by a program; corrections: approved ones "
            "by people it has not learned from (default: validation, and without data parametric)",
        )  # fmt: skip
        parser.add_argument(
            "--data-dir", type=Path, metavar="DIR",
            help="where the data sets are (default: DIGITSITE_DATA_DIR)",
        )  # fmt: skip
        parser.add_argument(
            "--out", type=Path, metavar="DIR",
            help="folder of the report (default: below the state directory; with --json none)",
        )  # fmt: skip
        parser.add_argument(
            "--again", action="store_true",
            help="look a second time at a split that is looked at once; it is recorded",
        )  # fmt: skip
        parser.add_argument(
            "--by", metavar="USER", default="",
            help="who looks, for the record (default: the name of the account)",
        )  # fmt: skip

    def request(self, options: dict[str, Any]) -> Any:
        """Return what was asked for."""
        from trainer.evaluating import Request  # noqa: PLC0415 - torch

        by = options["by"] or _account()
        return Request(options["split"], options["data_dir"], by, options["again"])

    def folder(self, options: dict[str, Any], name: str) -> Path | None:
        """Return where the report goes, or None."""
        out: Path | None = options["out"]
        if out is None and not options["json"]:
            return Path(settings.STATE) / "reports" / name
        return out


@contextmanager
def explained() -> Iterator[None]:
    """End the command with a sentence where something cannot be measured."""
    from recognizer.openings import Locked  # noqa: PLC0415
    from trainer.datasets import DataError  # noqa: PLC0415 - torch
    from trainer.lesson import Changed  # noqa: PLC0415
    from trainer.nist import DownloadError  # noqa: PLC0415
    from trainer.subjects import Unknown  # noqa: PLC0415

    try:
        yield
    except (Changed, DataError, DownloadError, Locked, Unknown) as error:
        raise CommandError(f"Nothing was measured: {error}.") from error
    except OSError as error:
        raise CommandError(f"{error.filename or 'a file'}: {error.strerror}") from error


def _account() -> str:
    try:
        return getpass.getuser()
    except OSError:  # an account without a name, as in some containers
        return "unknown"
