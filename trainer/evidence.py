"""What the gate looks at: three versions' answers to the same images, and facts about one of them.

Plain values; knows nothing about rules, rows, networks or files.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import indices
from trainer.characters import Labels
from trainer.evaluation import Logits, probabilities

Mask = NDArray[np.bool_]  # (n,)


@dataclass(frozen=True)
class Answers:
    """Logits of the three versions on the same n images, and what the images are."""

    labels: Labels  # (n,)
    challenger: Logits  # (n, 36)
    champion: Logits
    anchor: Logits

    def __len__(self) -> int:
        return len(self.labels)

    def right(self, logits: Logits) -> Mask:
        """Return what a version reads right when it is told "digit" or "letter"."""
        return hinted(logits, self.labels) == self.labels

    def right_unaided(self, logits: Logits) -> Mask:
        """Return what a version reads right among all labels: not what nobody can tell apart."""
        return np.asarray(logits.argmax(axis=1) == self.labels)


@dataclass(frozen=True)
class Facts:
    """What is known of the challenger besides its answers."""

    problem: str = ""  # of its files; empty: digest, self-test and parity are in order
    megabytes: float = 0.0
    champion_megabytes: float = 0.0
    milliseconds: float = 0.0
    champion_milliseconds: float = 0.0
    calibration_error: float = 0.0
    champion_calibration_error: float = 0.0
    distance: float = 0.0  # of the weights to the anchor's
    taken_back: int = 0  # corrections that the champion has learned and that are not among its own


@dataclass(frozen=True)
class Evidence:
    """Everything that the gate looks at."""

    base: Answers  # the gate set
    taught: Answers  # the corrections that it learned from
    held_out: Answers  # corrections by others, read before it learned from them
    stamped: Sequence["Stamped"]  # the gate set under marks
    submitters: Sequence[Hashable]  # of `taught`
    facts: Facts
    fresh: Mask | None = None  # which of `taught` the champion has not learned from; None: all


@dataclass(frozen=True)
class Stamped:
    """Answers to images of the gate set with a mark."""

    mark: str
    labels: Labels
    challenger: Logits
    anchor: Logits


def hinted(logits: Logits, labels: Labels) -> Labels:
    """Return guesses within each label's own character set, shape (n,)."""
    guesses = np.zeros(len(labels), np.int64)
    for charset in ("digits", "letters"):
        kind = np.isin(labels, indices(charset))
        guesses[kind] = probabilities(logits[kind], charset).argmax(axis=1)
    return guesses


def divergence_of(before: Logits, after: Logits) -> float:
    """Return the mean Kullback-Leibler divergence of answers from earlier ones, in nats."""
    if not len(before):
        return 0.0
    p, q = probabilities(before, "all"), probabilities(after, "all")
    return float((p * (np.log(p + 1e-12) - np.log(q + 1e-12))).sum(axis=1).mean())


def probability_of(labels: Labels, logits: Logits) -> NDArray[np.float64]:
    """Return what logits give each label within its own character set, shape (n,)."""
    own = np.zeros(len(labels))
    for charset in ("digits", "letters"):
        kind = np.flatnonzero(np.isin(labels, indices(charset)))
        own[kind] = probabilities(logits[kind], charset)[np.arange(len(kind)), labels[kind]]
    return own
