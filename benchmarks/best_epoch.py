"""What choosing by the test set is worth: one training, several ways of reporting it.

Public records on MNIST choose differently (docs/experiments.md, "How others select"): some keep the
epoch that reads the test images best, some name the best of many networks or of many ensembles.
Here the small network in NumPy is trained with several seeds, or with `--served` a network of the
shape that is served, for images alone and with fewer epochs. It reads MNIST's test images after
every epoch, for this purpose alone, so that the same trainings can be reported by each of these
rules. Nothing that is shipped is chosen by it, what is trained is thrown away, and seeds are not
the anchor's.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import handwriting, machine, report
from benchmarks.report import Figure, Report
from recognizer.alphabet import DIGITS, LABELS
from trainer.characters import ImageSet
from trainer.datasets import DataError, HandwritingSplit, available, load
from trainer.nist import DownloadError, read_mnist
from trainer.numpy_nn import Network
from trainer.numpy_release import Validation
from trainer.numpy_training import Architecture, Settings, logits_of, train

if TYPE_CHECKING:
    from trainer import training

OF: Final = 3  # networks in an ensemble


@dataclass(frozen=True)
class Run:
    """One training: what was known after each of its epochs."""

    losses: NDArray[np.float64]  # (epochs,) on validation
    wrong: NDArray[np.bool_]  # (epochs, images): which test images were misread


def by_validation(run: Run) -> int:
    """Return the epoch with the lowest validation loss: our rule."""
    return int(run.losses.argmin())


def last(run: Run) -> int:
    """Return the last epoch: nothing is chosen at all."""
    return len(run.losses) - 1


def by_test(run: Run) -> int:
    """Return the first epoch with the fewest errors on the test images themselves."""
    return int(run.wrong.sum(axis=1).argmin())


Rule = Callable[[Run], int]


def errors(runs: Sequence[Run], rule: Rule) -> list[int]:
    """Return how many test images the network that a rule chooses misreads, for each run."""
    return [int(run.wrong[rule(run)].sum()) for run in runs]


def vote(runs: Sequence[Run], rule: Rule) -> int:
    """Return how many test images a majority of the chosen networks misreads."""
    against = np.sum([run.wrong[rule(run)] for run in runs], axis=0)
    return int((against * 2 > len(runs)).sum())


def votes(runs: Sequence[Run], rule: Rule) -> list[int]:
    """Return the errors of every ensemble of three that the runs allow."""
    return [vote(group, rule) for group in combinations(runs, OF)]


def main() -> None:
    """Train, and report by each rule."""
    options = _options()
    try:
        split = load(options.data_dir, available(options.data_dir) if options.served else ["mnist"])
        test = read_mnist(options.data_dir, "test")
    except (DataError, DownloadError) as error:
        handwriting.stop(str(error))
    # Other seeds than the anchor's: nobody has to see how its epochs read the test images.
    seeds = range(101, 101 + options.seeds) if options.served else range(1, 1 + options.seeds)
    architecture = Architecture(len(LABELS), filters=options.filters)
    dense = f"trainer.numpy_nn, {architecture.hidden} hidden, {architecture.filters} filters"
    result = Report("One training, several ways of reporting it")
    result.about(
        network="trainer.network, for images alone" if options.served else dense,
        epochs=options.epochs,
        seeds=", ".join(map(str, seeds)),
        figures=f"misread images of MNIST's {len(test):,} test images",
        **machine.describe(),
    )
    runs = []
    for seed in seeds:
        if options.served:
            from trainer.training import TrainingConfig  # noqa: PLC0415  (NumPy needs no torch)

            config = TrainingConfig(seed=seed, epochs=options.epochs)
            runs.append(learn_served(split, test, config))
        else:
            settings = Settings(seed=seed, epochs=options.epochs)
            runs.append(learn(split, test, architecture, settings))
    for name, rule in (
        ("epoch chosen by validation", by_validation),
        ("last epoch", last),
        ("epoch chosen by the test images", by_test),
    ):
        result.add(*_figures(errors(runs, rule), len(test), "network"), section=name)
        if len(runs) >= OF:
            found = votes(runs, rule)
            result.add(*_figures(found, len(test), f"ensemble of {OF}"), section=name)
    result.show(as_json=options.json)


def learn(
    split: HandwritingSplit, test: ImageSet, architecture: Architecture, settings: Settings
) -> Run:
    """Train once, reading the test images after every epoch."""
    validation, notes = Validation(split.validation), _Notes(test, settings.seed)

    def validate(network: Network) -> dict[str, float]:
        measured = validation(network)
        notes.take(measured["loss"], logits_of(network, test.images))
        return measured

    images = np.concatenate([part.rasters() for part in split.train])
    labels = np.concatenate([part.labels for part in split.train])
    network = architecture.build(np.random.default_rng(settings.seed))
    train(network, images, labels, settings, validate, report=lambda _: None)
    return notes.run()


def learn_served(split: HandwritingSplit, test: ImageSet, config: "training.TrainingConfig") -> Run:
    """Do the same with a network of the served shape, on every source that is there."""
    from trainer import network, training, validation  # noqa: PLC0415

    judge, notes = validation.Validation(split.validation), _Notes(test, config.seed)

    def validate(judged: network.Network) -> dict[str, float]:
        measured = judge(judged)
        notes.take(measured["loss"], validation.logits_of(judged, test.images))
        return measured

    with tempfile.TemporaryDirectory(prefix="best-epoch-") as folder:
        training.Training(config, split.train, validate, Path(folder)).run(report=lambda _: None)
    return notes.run()


class _Notes:
    """What is written down after every epoch."""

    def __init__(self, test: ImageSet, seed: int) -> None:
        self._test, self._seed = test, seed
        self._losses: list[float] = []
        self._wrong: list[NDArray[np.bool_]] = []

    def take(self, loss: float, logits: NDArray[np.float32]) -> None:
        # The first labels are the digits, and the test images hold nothing else.
        self._losses.append(loss)
        self._wrong.append(logits[:, : len(DIGITS)].argmax(axis=1) != self._test.labels)
        report.progress(
            f"seed {self._seed}, epoch {len(self._losses)}: validation loss {loss:.5f}, "
            f"{self._wrong[-1].sum()} test images misread"
        )

    def run(self) -> Run:
        return Run(np.array(self._losses), np.array(self._wrong))


def _figures(found: Sequence[int], images: int, what: str) -> list[Figure]:
    def note(value: float) -> str:
        return f"{1 - value / images:.2%} right"

    mean, least = float(np.mean(found)), min(found)
    return [
        Figure(f"{what}, mean of {len(found)}", mean, "images", note=note(mean)),
        Figure(f"{what}, best of {len(found)}", least, "images", note=note(least)),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.best_epoch", description=__doc__)
    default = Path(os.environ.get("DIGITSITE_DATA_DIR") or handwriting.ROOT / "data")
    parser.add_argument("--data-dir", type=Path, default=default, help="has MNIST (%(default)s)")
    parser.add_argument(
        "--seeds",
        type=int,
        default=6,
        help="how many, from 1, or from 101 with --served (%(default)s)",
    )
    parser.add_argument("--epochs", type=int, default=Settings.epochs, help="(%(default)s)")
    parser.add_argument(
        "--served", action="store_true", help="train a network of the served shape, on all sources"
    )
    parser.add_argument("--filters", type=int, default=0, help="of a convolution (%(default)s)")
    report.add_options(parser)
    options = parser.parse_args()
    if options.served and options.filters:
        parser.error("--filters belongs to the network in NumPy: leave it or --served out")
    return options


if __name__ == "__main__":
    main()
