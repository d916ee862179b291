"""`manage.py train`: train a model version from scratch and write its version folder."""

import argparse
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from recognizer.checkpoints import CARD, Card, CheckpointError, read_card
from recognizer.directions import PLANES
from recognizer.management.commandline import at_least
from trainer.augment import IMAGE_VARIATIONS
from trainer.batches import DIRECTED, REVERSED, SHARES, BatchConfig
from trainer.management.outputs import require_replaceable, require_writable


def positive(text: str) -> float:
    """Read a finite number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return value


def share(text: str) -> float:
    """Read a number between 0 and 1, both excluded."""
    value = positive(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return value


def weight(text: str) -> tuple[str, float]:
    """Read SOURCE/KIND=WEIGHT, for example mnist/digit=20."""
    name, _, value = text.partition("=")
    if name not in SHARES:
        known = ", ".join(SHARES)
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with one of {known} and =")
    return name, positive(value)


class Command(BaseCommand):
    """Train from handwriting; the best weights by validation writers become a version folder."""

    help = "Train a model version from scratch: MNIST, EMNIST, pen strokes, letters from words."
    requires_system_checks = ()  # training serves nobody: no weights, no origins needed

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--data-dir", type=Path, default=settings.DATA_DIR, metavar="DIR",
            help="where the data sets are, or are fetched to (default: DIGITSITE_DATA_DIR)",
        )  # fmt: skip
        parser.add_argument(
            "--sources", nargs="+", metavar="NAME",
            help="sets to train on: mnist, emnist-letters, emnist-byclass, pendigits, uji2, "
            "chars74k, omniglot, kassel, or NAME for your own strokes/NAME.jsonl.gz "
            "(default: mnist and all others that are there)",
        )  # fmt: skip
        parser.add_argument("--epochs", type=at_least(1), default=24, help="(%(default)s)")
        parser.add_argument(
            "--samples-per-epoch", type=at_least(1), default=50_000, metavar="N",
            help="an epoch is so many, whatever there is (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--batch-size", type=at_least(2), default=192, metavar="N",
            help="characters of a batch; scribbles come on top (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--lr", type=positive, default=4e-3, help="peak learning rate (%(default)s)"
        )
        parser.add_argument(
            "--warm-up", type=share, default=0.05, metavar="SHARE",
            help="share of the steps in which the learning rate rises (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--share", type=weight, action="append", default=[], metavar="SOURCE/KIND=WEIGHT",
            help="how often a kind of a source is drawn against others of the same label, "
            "for example mnist/digit=20; may be given several times",
        )  # fmt: skip
        parser.add_argument(
            "--digits", type=share, default=0.56, metavar="SHARE",
            help="share of digits among the characters (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--augmentation", choices=tuple(IMAGE_VARIATIONS), default="light",
            help="how far images are varied (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--start-from", type=Path, metavar="FILE",
            help="begin with these weights: latest.safetensors or best.safetensors of a "
            "training, or weights.safetensors of a version",
        )  # fmt: skip
        parser.add_argument(
            "--teacher", type=Path, action="append", default=[], metavar="DIR",
            help="a version folder whose logits are followed, too (distillation); may be given "
            "several times",
        )  # fmt: skip
        parser.add_argument(
            "--stop-after", type=at_least(1), metavar="STEPS",
            help="end before the schedule does, as Ctrl-C would: a first phase",
        )  # fmt: skip
        parser.add_argument(
            "--widths", type=at_least(1), nargs="+", metavar="N",
            help="channels of each block of the network, two convolutions in each (default: the "
            "released network)",
        )  # fmt: skip
        parser.add_argument(
            "--directions", action=argparse.BooleanOptionalAction, default=True,
            help="let the network see which way the pen moved, too, or images alone; weights to "
            "start from may know nothing of directions",
        )  # fmt: skip
        parser.add_argument(
            "--seed", type=at_least(0), default=1,
            help="the same seed and settings give the same weights (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--threads", type=at_least(1), default=min(os.cpu_count() or 1, 8),
            help="threads; they change the time and nothing else",
        )  # fmt: skip
        parser.add_argument(
            "--shards", type=at_least(1), default=2, metavar="N",
            help="parts of a batch that are computed at once where there are threads for them",
        )  # fmt: skip
        parser.add_argument(
            "--checkpoint-path", type=Path, default=settings.STATE / "training", metavar="DIR",
            help="folder that keeps latest.safetensors and best.safetensors",
        )  # fmt: skip
        parser.add_argument("--resume", action="store_true", help="go on from the latest state")
        parser.add_argument(
            "--out", type=Path, metavar="DIR",
            help="version folder to write, a new one (default: version-NUMBER beside the "
            "checkpoints)",
        )  # fmt: skip
        parser.add_argument(
            "--number", type=at_least(1), default=1, help="number of the version (%(default)s)"
        )
        parser.add_argument(
            "--name", default="own training",
            help="what its card calls the version; the released one is called anchor (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--beside", type=Path, metavar="DIR",
            help="a version folder: train on the same sets, and say at the end how close it came",
        )  # fmt: skip
        parser.add_argument(
            "--test", action="store_true",
            help="also measure on MNIST's test images: do it once per released version",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, release, and say how to go on when interrupted."""
        # Imported here, so that listing the commands does not load torch.
        from trainer.anchor import train  # noqa: PLC0415
        from trainer.closeness import closeness  # noqa: PLC0415
        from trainer.datasets import DataError  # noqa: PLC0415
        from trainer.export import ParityError  # noqa: PLC0415
        from trainer.nist import DownloadError  # noqa: PLC0415
        from trainer.starting import StartError  # noqa: PLC0415
        from trainer.tensor_files import TensorFileError  # noqa: PLC0415
        from trainer.training import LATEST, ResumeError  # noqa: PLC0415

        released, recipe = plan(options)
        latest = recipe.checkpoint_path / LATEST
        if latest.exists() and not recipe.resume:
            raise CommandError(
                f"{latest} is the state of an earlier training: add --resume to go on with it, "
                "remove it, or name another --checkpoint-path"
            )
        if recipe.resume and not latest.exists():
            raise CommandError(
                f"there is no earlier training in {recipe.checkpoint_path}: leave out --resume, "
                "or name the folder that has one with --checkpoint-path"
            )
        require_writable("--checkpoint-path", recipe.checkpoint_path)
        # The folder is written beside its place, and then put there whole.
        require_writable("--out", recipe.out.parent)
        require_replaceable("--out", recipe.out, CARD, resume=recipe.resume)
        self.stdout.write(f"training on {', '.join(recipe.sources)}")
        progress = ProgressLine(self.stdout.write, recipe.config.steps_per_epoch)
        try:
            with stop_on_signals() as stop:
                metrics = train(recipe, progress, stop)
        except (
            CheckpointError, DataError, DownloadError, ParityError, ResumeError, StartError,
            TensorFileError,
        ) as error:  # fmt: skip
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'a file'}: {error.strerror}") from error
        if metrics is None:
            raise CommandError(
                f"stopped; everything is kept in {latest}: give the same command with --resume"
            )
        self.stdout.write(self.style.SUCCESS(f"version {recipe.number} is in {recipe.out}"))
        for line in summary(metrics):
            self.stdout.write(line)
        if released:
            self.stdout.write(f"\nbeside version {released.number} ({released.name}):")
            for line in closeness(released, read_card(recipe.out)):
                self.stdout.write(line)


def plan(options: dict[str, Any]) -> tuple[Card | None, Any]:
    """Return the version that the training goes beside, if any, and the recipe.

    Raises:
        CommandError: one of them makes no sense.
    """
    from trainer.datasets import DataError  # noqa: PLC0415

    try:
        released = read_card(options["beside"]) if options["beside"] else None
        if released and not options["sources"]:
            options["sources"] = sources_of(released, options["data_dir"])
        return released, make_recipe(options)
    except (CheckpointError, DataError) as error:
        raise CommandError(str(error)) from error


def sources_of(card: Card, data_dir: Path) -> list[str]:
    """Return what a version was trained on.

    Raises:
        CommandError: the card does not tell, or some of it is not in the data folder; another
            training would be no comparison.
    """
    from trainer.datasets import available  # noqa: PLC0415

    named: dict[str, Any] = card.data.get("sources", {})
    if not named:
        raise CommandError(
            f"version {card.number} ({card.name}) does not say what it was trained on: "
            "compare with an anchor, or name --sources"
        )
    missing = [name for name in named if name not in available(data_dir)]
    if missing:
        titles = "; ".join(named[name]["title"] for name in missing)
        raise CommandError(
            f"version {card.number} ({card.name}) was trained on more than {data_dir} has: "
            f"{', '.join(missing)} ({titles}). Put it there, name the folder that has it with "
            "--data-dir or DIGITSITE_DATA_DIR, or train on less with --sources"
        )
    return list(named)


def make_recipe(options: dict[str, Any]) -> Any:
    """Turn the command's options into a recipe."""
    from trainer.anchor import Recipe  # noqa: PLC0415
    from trainer.datasets import available  # noqa: PLC0415
    from trainer.network import DEEPEST, RELEASED, NetworkConfig  # noqa: PLC0415
    from trainer.training import TrainingConfig  # noqa: PLC0415

    size = options["batch_size"]
    if options["shards"] > size:
        raise CommandError(f"--shards {options['shards']} is more parts than a batch has samples")
    widths = options["widths"]
    if widths and len(widths) > DEEPEST:
        raise CommandError(f"--widths: an image of 28x28 has room for {DEEPEST} blocks at most")
    network = NetworkConfig(widths=tuple(widths)) if widths else RELEASED
    if options["directions"]:
        network = replace(network, planes=PLANES)
    config = TrainingConfig(
        network=network,
        seed=options["seed"],
        epochs=options["epochs"],
        samples_per_epoch=options["samples_per_epoch"],
        lr=options["lr"],
        threads=options["threads"],
        shards=options["shards"],
        warm_up=options["warm_up"],
        batch=BatchConfig(
            size=size,
            outliers=max(options["shards"], size // 8),
            digits=options["digits"],
            shares=SHARES | dict(options["share"]),
            images=IMAGE_VARIATIONS[options["augmentation"]],
            directed=DIRECTED if options["directions"] else 0.0,
            reversed=REVERSED if options["directions"] else 0.0,
        ),
    )
    folder = options["checkpoint_path"]
    return Recipe(
        data_dir=options["data_dir"],
        sources=tuple(dict.fromkeys(options["sources"] or available(options["data_dir"]))),
        config=config,
        checkpoint_path=folder,
        out=options["out"] or folder / f"version-{options['number']}",
        number=options["number"],
        name=options["name"],
        resume=options["resume"],
        start_from=options["start_from"],
        teachers=tuple(options["teacher"]),
        stop_after=options["stop_after"],
        open_test=options["test"],
    )


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM ask for a stop after the step under way; a second Ctrl-C insists."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProgressLine:
    """One line that is rewritten on a terminal; a line per epoch anywhere else."""

    def __init__(self, write: Callable[..., Any], steps_per_epoch: int) -> None:
        self._write = write
        self._steps_per_epoch = steps_per_epoch
        self._live = sys.stdout.isatty()
        self._last = 0.0

    def __call__(self, progress: Any) -> None:
        """Show where training stands."""
        now = time.monotonic()
        if progress.validation is not None:
            clear = "\r\033[K" if self._live else ""
            self._write(f"{clear}{self._line(progress)} · {validated(progress.validation)}")
        elif self._live and now - self._last > 0.5:
            self._last = now
            self._write(f"\r\033[K{self._line(progress)}", ending="")

    def _line(self, progress: Any) -> str:
        epoch = math.ceil(progress.step / self._steps_per_epoch)
        epochs = progress.steps // self._steps_per_epoch
        share = progress.step / progress.steps
        return (
            f"epoch {epoch}/{epochs} · {share:4.0%} · loss {progress.loss:.3f} · "
            f"{progress.samples_per_second:.0f} samples/s"
        )


def validated(validation: dict[str, float]) -> str:
    """Describe a validation in one line."""
    parts = [f"{name} {value:.2%}" for name, value in validation.items() if name != "loss"]
    return f"validation loss {validation['loss']:.4f}, " + ", ".join(parts)


def summary(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield the figures worth a look, a line each."""
    for name, figures in metrics["validation"]["kinds"].items():
        yield (
            f"{name:22} {figures['samples']:6} samples · {figures['top1_hinted']:.2%} "
            f"with the hint {figures['hint']} · {figures['top1']:.2%} without"
        )
    for name, rates in metrics["scribbles"].items():
        if isinstance(rates, dict) and "all" in rates:
            yield f"scribbles, {name.replace('_', ' ')}: {rates['all']:.1%} answered with not sure"
    for name, figures in metrics.get("test", {}).items():
        yield f"{name} test: {figures['top1_hinted']:.2%} with the hint {figures['hint']}"
