"""`manage.py train_numpy`: train the network that is written in NumPy alone, for reading."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from recognizer.alphabet import LABELS
from recognizer.management.commandline import at_least
from trainer.management.commands.evaluate import summary
from trainer.management.commands.train import ProgressLine, positive, stop_on_signals
from trainer.management.outputs import require_writable
from trainer.numpy_training import Architecture, Settings


def share_or_zero(text: str) -> float:
    """Read a number from 0 up to 1, 1 excluded."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up to, not including, 1")
    return value


class Command(BaseCommand):
    """Train the educational network; the best epoch by validation is written."""

    help = (
        "Train the network of trainer/numpy_nn.py, forward and backward in NumPy: on MNIST where "
        "the data folder has it, else on parametric handwriting. It is for reading, not served."
    )
    requires_system_checks = ()  # training serves nobody

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--data-dir", type=Path, default=settings.DATA_DIR, metavar="DIR",
            help="where the data sets are (default: DIGITSITE_DATA_DIR)",
        )  # fmt: skip
        parser.add_argument(
            "--sources", nargs="+", metavar="NAME",
            help="as for train, or synthesis: our own handwriting "
            "(default: mnist if it is there, else synthesis)",
        )  # fmt: skip
        parser.add_argument(
            "--hidden", nargs="*", type=at_least(1), default=list(Architecture.hidden),
            metavar="WIDTH", help="widths of the hidden layers; none: a linear classifier",
        )  # fmt: skip
        parser.add_argument(
            "--filters", type=at_least(0), default=Architecture.filters,
            help="put a convolution of so many 5x5 filters in front (%(default)s)",
        )  # fmt: skip
        for name, kind, default, what in (
            ("--epochs", at_least(1), Settings.epochs, ""),
            ("--batch-size", at_least(1), Settings.batch_size, ""),
            ("--lr", positive, Settings.lr, "learning rate at the start "),
            ("--momentum", share_or_zero, Settings.momentum, ""),
            ("--weight-decay", share_or_zero, Settings.weight_decay, ""),
        ):
            parser.add_argument(name, type=kind, default=default, help=f"{what}(%(default)s)")
        parser.add_argument(
            "--seed", type=at_least(0), default=Settings.seed,
            help="the same seed gives the same weights, on as many threads (OMP_NUM_THREADS) "
            "(%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--out", type=Path, default=settings.STATE / "numpy-network", metavar="DIR",
            help="folder to write; a network that is there is replaced",
        )  # fmt: skip
        parser.add_argument(
            "--test", action="store_true",
            help="also measure on MNIST's test images, when everything is chosen",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, write, and tell what `evaluate` tells of a version."""
        # Imported here, so that listing the commands does not load torch, which the data sets need.
        from trainer import synthesis  # noqa: PLC0415
        from trainer.datasets import DataError  # noqa: PLC0415
        from trainer.idx import IdxError  # noqa: PLC0415
        from trainer.nist import DownloadError  # noqa: PLC0415
        from trainer.numpy_release import release  # noqa: PLC0415
        from trainer.numpy_training import Diverged  # noqa: PLC0415

        recipe = make_recipe(options)
        if not options["sources"] and recipe.sources == (synthesis.NAME,):
            self.stdout.write(
                f"MNIST is not in {recipe.data_dir}, so our own handwriting has to do: "
                "manage.py fetch_data --sets mnist fetches it"
            )
        require_writable("--out", recipe.out)
        self.stdout.write(f"training on {', '.join(recipe.sources)}")
        try:
            with stop_on_signals() as stop:
                outcome = release(recipe, self._progress(recipe.settings.epochs), stop)
        except (DataError, DownloadError, Diverged, IdxError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'a file'}: {error.strerror}") from error
        if outcome is None:
            raise CommandError("stopped; nothing was written")
        self.stdout.write(
            self.style.SUCCESS(
                f"the network of epoch {outcome.epoch}, which validated best, is in {recipe.out}: "
                f"{outcome.parameters:,} parameters"
            )
        )
        for name, found in outcome.found.items():
            for line in (f"{name}:", *summary(found), f"Report: {outcome.pages[name]}"):
                self.stdout.write(line)

    def _progress(self, epochs: int) -> Callable[[Any], None]:
        line: ProgressLine | None = None

        def show(progress: Any) -> None:
            nonlocal line
            line = line or ProgressLine(self.stdout.write, progress.steps // epochs)
            line(progress)

        return show


def make_recipe(options: dict[str, Any]) -> Any:
    """Turn the command's options into a recipe."""
    from trainer.numpy_release import Recipe, default_sources  # noqa: PLC0415

    return Recipe(
        data_dir=options["data_dir"],
        sources=tuple(dict.fromkeys(options["sources"] or default_sources(options["data_dir"]))),
        architecture=Architecture(len(LABELS), tuple(options["hidden"]), options["filters"]),
        settings=Settings(
            seed=options["seed"],
            epochs=options["epochs"],
            batch_size=options["batch_size"],
            lr=options["lr"],
            momentum=options["momentum"],
            weight_decay=options["weight_decay"],
        ),
        out=options["out"],
        open_test=options["test"],
    )
