"""Training from scratch, as a story: read handwriting → train → take the best → release.

Callable without Django; the command `train` only turns options into a `Recipe`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2

from trainer.datasets import load
from trainer.network import Network
from trainer.nist import read_mnist
from trainer.release import Release, release
from trainer.starting import read_start
from trainer.teaching import Teachers
from trainer.tensor_files import read_tensors
from trainer.training import BEST, LATEST, Progress, Training, TrainingConfig
from trainer.validation import Validation


@dataclass(frozen=True)
class Recipe:
    """What to train from, how, and where the outcome goes."""

    data_dir: Path
    sources: tuple[str, ...]
    config: TrainingConfig
    checkpoint_path: Path  # folder of the latest and the best state
    out: Path  # version folder
    name: str  # what its card calls the version
    number: int = 1
    resume: bool = False
    start_from: Path | None = None  # weights of an earlier training or version
    teachers: tuple[Path, ...] = ()  # folders of versions whose logits it also follows
    stop_after: int | None = None  # steps: an earlier end than the schedule's, not released
    open_test: bool = False  # look at MNIST's test images: once per released version


def train(
    recipe: Recipe, report: Callable[[Progress], None], stop: Callable[[], bool]
) -> dict[str, Any] | None:
    """Train and release a version; return its metrics, or None if it was asked to stop.

    Raises:
        StartError: the weights to start from are another network's.
        CheckpointError: a teacher's folder is not whole.
        DataError: data is missing or unusable.
        DownloadError: a data set is not there and cannot be fetched.
        TensorFileError, ResumeError: there is nothing to resume, or it is another training's.
        ParityError: the exported model does not compute what the network computes.
    """
    cv2.setNumThreads(1)  # images of 28x28 gain nothing from threads, and training needs the cores
    # Before the data, which may have to be fetched.
    start = read_start(recipe.start_from) if recipe.start_from else None
    if start:
        start = start.fitted(recipe.config.network)
    teachers = Teachers.load(recipe.teachers)
    handwriting = load(recipe.data_dir, recipe.sources)
    test = read_mnist(recipe.data_dir, "test") if recipe.open_test else None
    validation = Validation(handwriting.validation, directed=recipe.config.network.directed)
    config = replace(recipe.config, start=start.sha256 if start else "", teachers=teachers.sha256)
    training = Training(config, handwriting.train, validation, recipe.checkpoint_path, teachers)
    if recipe.resume:
        training.restore(recipe.checkpoint_path / LATEST)
    elif start:
        start.begin(training)
    enough = recipe.stop_after or config.steps
    if not training.run(report, lambda: stop() or training.step >= enough):
        return None
    network, step = best_network(recipe.checkpoint_path, config)
    data = {
        "sources": handwriting.manifest,
        "training": asdict(config),
        "released_step": step,
        "started_from": training.origin,
        "teachers": teachers.described(),
    }
    what = Release(recipe.out, recipe.number, recipe.name, datetime.now(UTC).date())
    return release(network, handwriting.validation, test, data, what)


def best_network(folder: Path, config: TrainingConfig) -> tuple[Network, int]:
    """Return the network that validated best, and the step at which it was reached."""
    tensors, facts = read_tensors(folder / BEST)
    network = Network(config.network)
    network.load_state_dict(tensors)
    return network.eval(), int(facts["step"])
