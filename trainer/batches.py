"""Makes training batches: balanced by label and by source, varied, with some outliers.

A batch is a pure function of (data, config, seed, step): whoever resumes at a step gets the same
batches as if nothing had happened, and the thread that prepares them ahead changes nothing.
"""

import sys
from collections import deque
from collections.abc import Generator as Batches
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from recognizer.alphabet import DIGITS, LABELS
from recognizer.directions import Seen
from recognizer.strokes import Ink
from trainer.augment import ImageVariation, StrokeVariation, draw_varied, vary_image
from trainer.characters import Handwriting, Images, Labels, StrokeSet, by_kind, stack_of
from trainer.outliers import TRAINED, draw_outlier

_SWITCH_INTERVAL = 0.0005  # seconds

# How often each kind of each source is drawn, against the others that hold the same label.
# Strokes are what people draw on the page; MNIST and Kassel are many but are not that.
SHARES: dict[str, float] = {
    "mnist/digit": 14.0,
    "pendigits/digit": 2.5,
    "uji2/digit": 1.5,
    "chars74k/digit": 1.5,
    "chars74k/lower": 4.0,
    "chars74k/upper": 3.0,
    "omniglot/lower": 2.5,
    "kassel/lower": 1.5,
    "emnist-letters/lower": 3.0,
    "emnist-byclass/digit": 2.0,
    "emnist-byclass/upper": 1.5,
    "emnist-byclass/lower": 2.5,
}


@dataclass(frozen=True)
class BatchConfig:
    """What a batch holds."""

    size: int = 192
    outliers: int = 24  # on top of `size`
    digits: float = 0.56  # share of digits among the characters
    directed: float = 0.0  # share of the drawings that show which way the pen moved
    reversed: float = 0.0  # share of their strokes that are drawn from their end: other hands
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    strokes: StrokeVariation = field(default_factory=lambda: StrokeVariation(stray=0.02))
    images: ImageVariation = field(default_factory=ImageVariation)
    # Scribbles come from the page's own pen alone. Drawn with broad pens too, they taught the
    # network that broad ink is no character: a third of its errors on MNIST were bold digits.
    outlier_strokes: StrokeVariation = field(
        default_factory=lambda: StrokeVariation(pen=0.08, pen_limits=(1.9, 2.9))
    )


# With directions: some drawings show none, as pictures do, and some hands move otherwise.
DIRECTED: Final = 0.8
REVERSED: Final = 0.04


@dataclass(frozen=True)
class Batch:
    """Characters with their labels first, outliers after them."""

    images: Images  # (size + outliers, 28, 28), or (…, 5, 28, 28)
    labels: Labels  # (size,)
    taught: NDArray[np.float32] | None = (
        None  # (size, 36): the logits of teachers, if there are any
    )


class Maker(Protocol):
    """Anything that makes the batch of a step."""

    def make(self, step: int) -> Batch:
        """Return the batch of `step`."""


@dataclass(frozen=True)
class _Cell:
    """The samples of one label in one kind of one source."""

    samples: Handwriting
    positions: Labels  # which of them have the label


class BatchMaker:
    """Draws batches from sets of characters."""

    def __init__(self, sets: Sequence[Handwriting], config: BatchConfig, seed: int) -> None:
        self._config = config
        self._seed = seed
        self._cells: list[list[_Cell]] = [[] for _ in LABELS]
        self._shares: list[list[float]] = [[] for _ in LABELS]
        for name, samples in by_kind(sets):
            labels = samples.labels
            for label in np.unique(labels):
                self._cells[label].append(_Cell(samples, np.flatnonzero(labels == label)))
                self._shares[label].append(config.shares.get(name, 1.0))
        self._label_shares = self._balance()
        self._inks: list[Ink] = [ink for part in sets if isinstance(part, StrokeSet)
                                 for ink in part.inks]  # fmt: skip

    def make(self, step: int) -> Batch:
        """Return the batch of `step`."""
        config = self._config
        rng = np.random.default_rng([self._seed, step])
        labels = rng.choice(len(LABELS), config.size, p=self._label_shares)
        drawn = [self._character(int(label), rng) for label in labels]
        families = list(TRAINED.values())
        for _ in range(self._outlier_count):
            outlier = draw_outlier(rng, self._inks, families)
            drawn.append(self._draw(outlier, rng, config.outlier_strokes))
        return Batch(stack_of(drawn, directed=config.directed > 0), labels.astype(np.int64))

    @property
    def _outlier_count(self) -> int:
        return self._config.outliers if self._inks else 0  # some families spoil real strokes

    def _balance(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        known = np.array([bool(cells) for cells in self._cells])
        is_digit = np.array([label in DIGITS for label in LABELS])
        shares = np.zeros(len(LABELS))
        for which, share in ((is_digit, self._config.digits), (~is_digit, 1 - self._config.digits)):
            if (known & which).any():
                shares[known & which] = share / (known & which).sum()
        return shares / shares.sum()

    def _character(self, label: int, rng: Generator) -> Seen:
        shares = np.array(self._shares[label])
        cell = self._cells[label][int(rng.choice(len(shares), p=shares / shares.sum()))]
        position = int(cell.positions[int(rng.integers(len(cell.positions)))])
        if isinstance(cell.samples, StrokeSet):
            return self._draw(cell.samples.inks[position], rng, self._config.strokes)
        return vary_image(cell.samples.images[position], rng, self._config.images)

    def _draw(self, ink: Ink, rng: Generator, amount: StrokeVariation) -> Seen:
        """Draw varied strokes; some as pictures, so that the network reads those, too."""
        config = self._config
        if not config.directed:
            return draw_varied(ink, rng, amount)
        turned = tuple(part[::-1] if rng.random() < config.reversed else part for part in ink)
        return draw_varied(turned, rng, amount, directed=rng.random() < config.directed)


def prepared(maker: Maker, first: int, end: int, ahead: int = 4) -> Batches[Batch, None, None]:
    """Yield the batches of steps `first` to `end`, made ahead of time by one other thread."""
    waiting: deque[Future[Batch]] = deque()
    interval = sys.getswitchinterval()
    # The training thread gives the interpreter up at every torch operation and must get it back
    # soon: at the default of 5 ms, waiting for it doubled the time of a step.
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
            try:
                for step in range(first, end):
                    waiting.append(pool.submit(maker.make, step))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for batch in waiting:
                    batch.cancel()
    finally:
        sys.setswitchinterval(interval)
