"""From handwriting to a trained NumPy network on disk, in order: load, train, measure, write.

The data, the split, the calibration and the report are those of the network that is served
(trainer/anchor.py, evaluating.py), so the two can be compared line by line. What is written cannot
be served: this network is for reading.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recognizer.alphabet import LABELS
from recognizer.rasterizer import rasterise
from recognizer.strokes import Ink
from trainer import release as served
from trainer import splits, synthesis
from trainer.answering import usable
from trainer.assessment.answers import Answered, Scribbled
from trainer.assessment.figures import Assessment, assess
from trainer.assessment.files import write_report
from trainer.assessment.report import About
from trainer.calibration import Calibration, calibrate
from trainer.characters import Handwriting, StrokeSet, by_kind
from trainer.datasets import DataError, HandwritingSplit, load
from trainer.evaluation import Scored, join, negative_log_likelihood, top_k
from trainer.numpy_files import write_network
from trainer.numpy_nn import Network
from trainer.numpy_training import Architecture, Progress, Settings, logits_of, train
from trainer.outliers import HELD_OUT, TRAINED, sample_outliers
from trainer.validation import hint_of

# Seeds, numbers of people, and how often each writes every character. Hands of their own: what
# `evaluate --split parametric` and the gate ask about was written by others.
WRITTEN: Final = {"train": (808, 200, 2), "validation": (909, 40, 1)}
_FITTED_SEED: Final = 72_001  # of the scribbles that calibrate


@dataclass(frozen=True)
class Recipe:
    """What to train from, how, and where the outcome goes."""

    data_dir: Path
    sources: tuple[str, ...]
    architecture: Architecture
    settings: Settings
    out: Path
    open_test: bool = False  # look at MNIST's test images, once all is chosen


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    epoch: int  # that was chosen, from 1
    parameters: int
    found: Mapping[str, Assessment]  # by the name of the split
    pages: Mapping[str, Path]


def default_sources(root: Path) -> tuple[str, ...]:
    """Return MNIST where it is below `root`, else our own handwriting; nothing is fetched."""
    return ("mnist",) if any(root.glob("MNIST/raw/train-images*")) else (synthesis.NAME,)


def read_split(root: Path, names: Sequence[str]) -> HandwritingSplit:
    """Read sources as `trainer.datasets.load` does; "synthesis" is our own handwriting, alone.

    Raises:
        DataError: a source is unknown, missing or unusable.
        DownloadError: a source is not there and cannot be fetched.
    """
    if synthesis.NAME not in names:
        return load(root, names)
    if len(names) > 1:
        raise DataError(f"{synthesis.NAME} cannot be mixed with others: name it alone")
    train, validation = (synthesis.exemplars(*WRITTEN[part]) for part in ("train", "validation"))
    described = {
        "title": "parametric handwriting of our own (trainer/synthesis.py)",
        "train": len(train),
        "validation": len(validation),
        "held_out": f"{WRITTEN['validation'][1]} other writers",
    }
    return HandwritingSplit((train,), (validation,), {synthesis.NAME: described})


class Validation:
    """The validation samples, rasterised once; measures a network on them after each epoch."""

    def __init__(self, sets: Sequence[Handwriting]) -> None:
        self._kinds = [(name, part.rasters(), part) for name, part in by_kind(sets)]

    def score(self, network: Network) -> dict[str, Scored]:
        """Return the scored samples of each "source/kind"."""
        return {
            name: Scored(logits_of(network, images), part.labels, part.groups)
            for name, images, part in self._kinds
        }

    def __call__(self, network: Network) -> dict[str, float]:
        """Return the loss that chooses the best epoch, and accuracies to watch."""
        scored = self.score(network)
        losses = [negative_log_likelihood(part, hint_of(name)) for name, part in scored.items()]
        accuracies = {name: top_k(part, hint_of(name)) for name, part in scored.items()}
        return {"loss": float(np.mean(losses)), "top1": top_k(join([*scored.values()]), "all")} | (
            accuracies
        )


def release(
    recipe: Recipe, report: Callable[[Progress], None], stop: Callable[[], bool]
) -> Outcome | None:
    """Train, measure, write the network and its reports; return None if it was asked to stop.

    Raises:
        DataError: data is missing or unusable.
        DownloadError: a data set is not there and cannot be fetched.
        IdxError: MNIST's test images are damaged.
        Diverged: the learning rate is too high.
    """
    split = read_split(recipe.data_dir, recipe.sources)
    asked: dict[str, Sequence[Handwriting]] = {splits.VALIDATION: split.validation}
    if recipe.open_test:
        asked[splits.MNIST_TEST] = splits.mnist_test(recipe.data_dir).parts
    validation = Validation(split.validation)
    network = recipe.architecture.build(np.random.default_rng(recipe.settings.seed))
    curve: list[dict[str, float]] = []

    def keep(progress: Progress) -> None:
        if progress.validation is not None:
            curve.append({"train_loss": progress.loss} | progress.validation)
        report(progress)

    images = np.concatenate([part.rasters() for part in split.train])
    labels = np.concatenate([part.labels for part in split.train])
    epoch = train(
        network, images, labels, recipe.settings, validation,
        report=keep, stop=stop, clock=time.perf_counter,
    )  # fmt: skip
    if epoch is None:
        return None
    calibration = calibrated(network, validation, split.validation)
    facts = {
        "architecture": asdict(recipe.architecture),
        "settings": asdict(recipe.settings),
        "sources": split.manifest,
        "labels": list(LABELS),
        "epoch": epoch,
        "curve": curve,
        "calibration": asdict(calibration),
    }
    digest = write_network(recipe.out, network, facts)
    found, pages = {}, {}
    for name, parts in asked.items():
        answered, found[name] = measured(network, calibration, parts)
        about = _about(recipe, epoch, digest, name, parts)
        pages[name] = write_report(recipe.out / name, found[name], answered, about)
    count = sum(values.size for values in network.state().values())
    return Outcome(epoch, count, found, pages)


def calibrated(
    network: Network, validation: Validation, parts: Sequence[Handwriting]
) -> Calibration:
    """Fit temperatures and thresholds as for the network that is served."""
    scribbles = served.scribbles(
        _FITTED_SEED, served.FITTED_SCRIBBLES, inks_of(parts), held_out=False
    )
    return calibrate(validation.score(network), logits_of(network, scribbles))


def measured(
    network: Network, calibration: Calibration, parts: Sequence[Handwriting]
) -> tuple[Answered, Assessment]:
    """Let a network read one split; return its answers and what is to be said of them."""
    images = np.concatenate([part.rasters() for part in parts])
    answered = Answered.of(parts, logits_of(network, images), images)
    return answered, assess(answered, calibration, scribbled(network, inks_of(parts)))


def scribbled(network: Network, inks: Sequence[Ink]) -> Scribbled:
    """Let a network read the scribbles that the figures of served versions are about."""
    images, families = [], []
    for known in (TRAINED, HELD_OUT):
        chosen = usable(known, inks)
        drawn = sample_outliers(
            served.REPORTED_SEED, served.REPORTED_SCRIBBLES, inks, list(chosen.values())
        )
        images += [rasterise(ink) for ink in drawn]
        families += [list(chosen)[index % len(chosen)] for index in range(len(drawn))]
    never = np.zeros(len(families), bool)
    return Scribbled(logits_of(network, np.stack(images)), np.array(families), never)


def inks_of(parts: Sequence[Handwriting]) -> list[Ink]:
    """Return real strokes, which some scribbles are made of."""
    return [ink for part in parts if isinstance(part, StrokeSet) for ink in part.inks]


def _about(
    recipe: Recipe, epoch: int, digest: str, name: str, parts: Sequence[Handwriting]
) -> About:
    settings = ", ".join(f"{key} {value}" for key, value in asdict(recipe.settings).items())
    return About(
        title=f"The NumPy network on {name}",
        facts=(
            ("Split", ", ".join(f"{part.name} ({len(part):,})" for part in parts)),
            ("Trained on", ", ".join(recipe.sources)),
            ("Hidden layers", ", ".join(map(str, recipe.architecture.hidden)) or "none"),
            ("Filters of a convolution", str(recipe.architecture.filters)),
            ("Settings", settings),
            ("Chosen", f"epoch {epoch}, by validation"),
            ("SHA-256 of the weights", digest),  # tells the report of an earlier training apart
        ),
        notes=("A network for reading: it is not served, and no scribble was trained on.",),
    )
