"""Two readers on the same samples: is one better, for which classes, and where do they differ.

Paired throughout: what both read right or both read wrong says nothing. "Right" is with the hint.
Knows nothing about pages or pictures.
"""

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import LABELS
from trainer.assessment.answers import Answered
from trainer.assessment.figures import plain
from trainer.calibration import Calibration

FEW: Final = 25  # flips, below which the approximation by chi-square is not trusted


@dataclass(frozen=True)
class McNemar:
    """Whether as many samples were lost as won (McNemar 1947)."""

    lost: int  # right before, wrong after
    won: int  # wrong before, right after
    p: float  # how likely a difference as large or larger is if neither reader is better
    method: str  # which of the two tests it is


@dataclass(frozen=True)
class ClassChange:
    """Recall of one label, before and after."""

    label: str
    samples: int
    before: float
    after: float
    lost: int
    won: int


@dataclass(frozen=True)
class Flip:
    """One sample that is read otherwise now."""

    position: int
    label: str
    before: str
    after: str
    confidence: float  # of the answer after


@dataclass(frozen=True)
class Comparison:
    """Everything that is said about two readers on one split."""

    samples: int
    before: float  # accuracy with the hint
    after: float
    joint_before: float
    joint_after: float
    difference: float  # after - before
    low: float  # 95 % confidence interval of the difference
    high: float
    test: McNemar
    classes: tuple[ClassChange, ...]  # the largest loss first
    lost: tuple[Flip, ...]  # the surest wrong answer first
    won: tuple[Flip, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def compare(
    before: Answered,
    after: Answered,
    calibration_before: Calibration,
    calibration_after: Calibration,
) -> Comparison:
    """Compare two readers' answers to the same samples.

    Raises:
        ValueError: there are no samples, or they are not the same.
    """
    labels = before.labels
    if not len(before) or not (
        np.array_equal(before.images, after.images) and np.array_equal(labels, after.labels)
    ):
        raise ValueError("two readers are compared on the same samples, at least one")
    earlier, later = before.hinted(calibration_before), after.hinted(calibration_after)
    guesses = earlier.argmax(axis=1), later.argmax(axis=1)
    was, now = guesses[0] == labels, guesses[1] == labels
    lost, won = was & ~now, ~was & now
    joint = [
        float((each.joint(calibration).argmax(axis=1) == labels).mean())
        for each, calibration in ((before, calibration_before), (after, calibration_after))
    ]
    low, high = difference_interval(int(lost.sum()), int(won.sum()), len(labels))

    def flips(which: NDArray[np.bool_]) -> tuple[Flip, ...]:
        found = [
            Flip(
                position,
                LABELS[labels[position]],
                LABELS[guesses[0][position]],
                LABELS[guesses[1][position]],
                float(later[position].max()),
            )
            for position in np.flatnonzero(which).tolist()
        ]
        return tuple(sorted(found, key=lambda each: (-each.confidence, each.position)))

    return Comparison(
        samples=len(labels),
        before=float(was.mean()),
        after=float(now.mean()),
        joint_before=joint[0],
        joint_after=joint[1],
        difference=float(now.mean() - was.mean()),
        low=low,
        high=high,
        test=mcnemar(int(lost.sum()), int(won.sum())),
        classes=_classes(labels, was, now),
        lost=flips(lost),
        won=flips(won),
    )


def mcnemar(lost: int, won: int) -> McNemar:
    """Test whether losses and gains are equally likely: exactly for few flips, else by chi-square.

    The exact test is the two-sided binomial test; the other has Edwards' correction (1948).
    """
    flips = lost + won
    if flips < FEW:
        tail = sum(math.comb(flips, k) for k in range(min(lost, won) + 1))
        p = min(1.0, 2 * tail / 2**flips)
        return McNemar(lost, won, p, "exact binomial")
    statistic = max(0, abs(lost - won) - 1) ** 2 / flips
    # One degree of freedom: the square of a standard normal variable.
    return McNemar(lost, won, math.erfc(math.sqrt(statistic / 2)), "chi-square")


def difference_interval(
    lost: int, won: int, samples: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the confidence interval of the difference of two paired shares.

    Wald's interval with half an observation added to each of the four cells (Agresti & Min 2005),
    so that no flips at all are not taken for certainty.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    count, b, c = samples + 2, lost + 0.5, won + 0.5
    difference = (c - b) / count
    half = z * math.sqrt(b + c - (c - b) ** 2 / count) / count
    return max(-1.0, difference - half), min(1.0, difference + half)


def _classes(
    labels: NDArray[np.int64], was: NDArray[np.bool_], now: NDArray[np.bool_]
) -> tuple[ClassChange, ...]:
    found = []
    for label in np.unique(labels).tolist():
        of = labels == label
        found.append(
            ClassChange(
                LABELS[label],
                int(of.sum()),
                float(was[of].mean()),
                float(now[of].mean()),
                int((was & ~now & of).sum()),
                int((~was & now & of).sum()),
            )
        )
    return tuple(sorted(found, key=lambda each: (each.after - each.before, each.label)))
