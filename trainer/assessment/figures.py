"""The figures of one reader on one split: accuracy and slices, classes, calibration, abstaining.

"Hinted" means that a sample is told whether it is a digit or a letter, as after a tap on the page's
switch; "joint" is among all 36 labels; "grouped" is joint with look-alikes counted as one. Knows
nothing about pages or pictures.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, LABELS, Charset, ambiguity_group
from trainer.assessment.answers import Answered, Scribbled
from trainer.calibration import Calibration, abstains
from trainer.characters import Labels
from trainer.evaluation import Probabilities, probabilities

Counts = NDArray[np.int64]  # (36, 36): label by guess

BINS: Final = 15  # of the reliability diagram, as in Guo et al. 2017
COVERAGE: Final = 0.9
_REDRAWN, _REDRAWING_SEED = 1000, 2007
_HINTS: Final[tuple[Charset, ...]] = ("digits", "letters")
_CURVE: Final = 100  # points of a curve of risk by coverage
_GROUP: Final = np.array(
    [min(LABELS.index(other) for other in ambiguity_group(label)) for label in LABELS]
)


@dataclass(frozen=True)
class Slice:
    """Shares of right answers on some of the samples."""

    name: str
    samples: int
    hinted: float
    hinted_top3: float
    joint: float
    top3: float
    grouped: float
    turned_away: float  # answered "not sure", with the hint
    low: float  # 95 % confidence interval of `hinted` (Wilson 1927)
    high: float


@dataclass(frozen=True)
class ClassFigures:
    """How one label fares. None where there is nothing to divide by."""

    label: str
    samples: int
    guessed: int  # how often it was the answer
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence."""

    low: float
    high: float
    samples: int
    confidence: float  # mean
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """Whether what is said to be 80 % sure is right four times in five."""

    charset: Charset
    samples: int
    error: float  # expected calibration error (Guo et al. 2017)
    by_chance: float  # the mean of that error if every confidence were true
    by_chance_at_most: float  # and what it would stay below in 95 of 100 such splits
    bins: tuple[Bin, ...]  # those that are not empty


@dataclass(frozen=True)
class RiskCoverage:
    """The error on the share of samples that is most confident (El-Yaniv & Wiener 2010)."""

    charset: Charset
    samples: int
    error: float
    error_at_90: float
    area: float  # mean risk over all coverages
    curve: tuple[tuple[float, float], ...]  # (coverage, error), by rising coverage


@dataclass(frozen=True)
class Abstention:
    """Who is answered "not sure"."""

    charset: Charset
    samples: int
    turned_away: float  # share of real characters
    caught: float | None  # share of scribbles of kinds that training saw
    caught_held_out: float | None  # and of those that it never saw
    families: Mapping[str, float]  # share caught of each kind


@dataclass(frozen=True)
class Mistake:
    """One sample that was read as something else."""

    position: int
    label: str
    guess: str
    confidence: float  # of the guess
    probability: float  # of the label


@dataclass(frozen=True)
class Assessment:
    """Everything that is said about one reader on one split."""

    overall: Slice
    kinds: tuple[Slice, ...]
    devices: tuple[Slice, ...]
    device_kinds: tuple[Slice, ...]
    sources: tuple[Slice, ...]
    writers: tuple[Slice, ...]  # the worst first
    hinted_classes: tuple[ClassFigures, ...]
    joint_classes: tuple[ClassFigures, ...]
    hinted_confusion: Counts
    joint_confusion: Counts
    reliability: tuple[Reliability, ...]
    risk: tuple[RiskCoverage, ...]
    abstention: tuple[Abstention, ...]
    mistakes: tuple[Mistake, ...]  # with the hint, the most confident first
    joint_mistakes: tuple[Mistake, ...]  # without it, look-alikes not counted

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        values: dict[str, Any] = plain(asdict(self))
        return values | {"labels": list(LABELS)}


def assess(
    answered: Answered, calibration: Calibration, scribbled: Scribbled | None = None
) -> Assessment:
    """Measure a reader.

    Args:
        answered: samples and answers; at least one.
        calibration: the reader's temperatures and thresholds, or `UNCALIBRATED`.
        scribbled: its answers to what is no character.

    Raises:
        ValueError: there are no samples.
    """
    if not len(answered):
        raise ValueError("there is no sample to assess")
    hinted, joint = answered.hinted(calibration), answered.joint(calibration)
    labels = answered.labels
    device_kinds = np.char.add(np.char.add(answered.devices, " "), answered.kinds)
    writers = _slices(answered, calibration, answered.writers)
    hinted_guesses, joint_guesses = hinted.argmax(axis=1), joint.argmax(axis=1)
    alike = _GROUP[joint_guesses] == _GROUP[labels]
    return Assessment(
        overall=measure("all", answered, calibration),
        kinds=_slices(answered, calibration, answered.kinds),
        devices=_slices(answered, calibration, answered.devices),
        device_kinds=_slices(answered, calibration, device_kinds),
        sources=_slices(answered, calibration, answered.sources),
        writers=tuple(sorted(writers, key=lambda each: (each.hinted, each.name))),
        hinted_classes=classes(labels, hinted_guesses),
        joint_classes=classes(labels, joint_guesses),
        hinted_confusion=confusion(labels, hinted_guesses),
        joint_confusion=confusion(labels, joint_guesses),
        reliability=tuple(
            reliability(part, charset, calibration) for charset, part in _charsets(answered)
        ),
        risk=tuple(
            risk_coverage(part, charset, calibration) for charset, part in _charsets(answered)
        ),
        abstention=tuple(
            abstention(part, charset, calibration, scribbled)
            for charset, part in _charsets(answered)
        ),
        mistakes=mistakes(labels, hinted, hinted_guesses != labels),
        joint_mistakes=mistakes(labels, joint, ~alike),
    )


def _charsets(answered: Answered) -> list[tuple[Charset, Answered]]:
    parts = [(charset, answered.within(charset)) for charset in CHARSETS]
    return [(charset, part) for charset, part in parts if len(part)]


def measure(name: str, answered: Answered, calibration: Calibration) -> Slice:
    """Return the shares of right answers on the given samples, at least one."""
    labels = answered.labels
    hinted, joint = answered.hinted(calibration), answered.joint(calibration)
    right = hinted.argmax(axis=1) == labels
    guesses = joint.argmax(axis=1)
    away = sum(
        int(abstains(answered.within(charset).logits, charset, calibration).sum())
        for charset in _HINTS
        if len(answered.within(charset))
    )
    low, high = wilson(int(right.sum()), len(right))
    return Slice(
        name=name,
        samples=len(answered),
        hinted=float(right.mean()),
        hinted_top3=_among(hinted, labels, 3),
        joint=float((guesses == labels).mean()),
        top3=_among(joint, labels, 3),
        grouped=float((_GROUP[guesses] == _GROUP[labels]).mean()),
        turned_away=away / len(answered),
        low=low,
        high=high,
    )


def _slices(
    answered: Answered, calibration: Calibration, names: NDArray[np.str_]
) -> tuple[Slice, ...]:
    """Measure the samples of each name; those without one are left out."""
    return tuple(
        measure(str(name), answered.take(names == name), calibration)
        for name in np.unique(names)
        if name
    )


def _among(predicted: Probabilities, labels: Labels, k: int) -> float:
    ranked = np.argsort(-predicted, axis=1, kind="stable")[:, :k]
    return float((ranked == labels[:, None]).any(axis=1).mean())


def wilson(right: int, samples: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the confidence interval of a share (Wilson 1927): it stays within 0 and 1."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = right / samples
    middle = share + z**2 / (2 * samples)
    half = z * math.sqrt(share * (1 - share) / samples + z**2 / (4 * samples**2))
    scale = 1 + z**2 / samples
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def confusion(labels: Labels, guesses: Labels) -> Counts:
    """Return how often each label (row) was read as each label (column), shape (36, 36)."""
    counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(counts, (labels, guesses), 1)
    return counts


def classes(labels: Labels, guesses: Labels) -> tuple[ClassFigures, ...]:
    """Return precision, recall and F1 of every label that occurs or is guessed."""
    counts = confusion(labels, guesses)
    found = []
    for index, label in enumerate(LABELS):
        right = int(counts[index, index])
        samples, guessed = int(counts[index].sum()), int(counts[:, index].sum())
        if not samples and not guessed:
            continue
        precision = right / guessed if guessed else None
        recall = right / samples if samples else None
        f1 = 2 * right / (samples + guessed)
        found.append(ClassFigures(label, samples, guessed, precision, recall, f1))
    return tuple(found)


def reliability(answered: Answered, charset: Charset, calibration: Calibration) -> Reliability:
    """Sort answers into bins of equal width by their confidence."""
    confidence, right = _confidence(answered, charset, calibration)
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    redrawn = errors_by_chance(confidence, which)
    bins = tuple(
        Bin(
            index / BINS,
            (index + 1) / BINS,
            int((which == index).sum()),
            float(confidence[which == index].mean()),
            float(right[which == index].mean()),
        )
        for index in np.unique(which).tolist()
    )
    error = sum(part.samples * abs(part.accuracy - part.confidence) for part in bins)
    return Reliability(
        charset,
        len(answered),
        error / len(answered),
        float(redrawn.mean()),
        float(np.quantile(redrawn, 0.95)),
        bins,
    )


def errors_by_chance(
    confidence: NDArray[np.float64], which: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the calibration errors that few samples alone bring about.

    Consistency resampling (Bröcker & Smith 2007): whether an answer is right is drawn anew with the
    probability that the reader gave it, so that it is calibrated by construction.

    Args:
        confidence: shape (n,), of each answer.
        which: shape (n,), its bin.
    """
    rng = np.random.default_rng(_REDRAWING_SEED)
    sums = np.bincount(which, confidence, BINS)
    found = [
        np.abs(np.bincount(which, rng.random(len(confidence)) < confidence, BINS) - sums).sum()
        for _ in range(_REDRAWN)
    ]
    return np.array(found) / len(confidence)


def risk_coverage(answered: Answered, charset: Charset, calibration: Calibration) -> RiskCoverage:
    """Return the error among the most confident answers, for every share of them."""
    confidence, right = _confidence(answered, charset, calibration)
    wrong = ~right[np.argsort(-confidence, kind="stable")]
    count = len(wrong)
    risks = np.cumsum(wrong) / np.arange(1, count + 1)  # (n,) of the first 1, 2 … n
    # Few samples give few points; the last one is always the whole.
    ends = np.unique(np.ceil(np.linspace(0, 1, _CURVE + 1)[1:] * count).astype(int))
    return RiskCoverage(
        charset=charset,
        samples=count,
        error=float(risks[-1]),
        error_at_90=float(risks[max(1, round(count * COVERAGE)) - 1]),
        area=float(risks.mean()),
        curve=tuple((end / count, float(risks[end - 1])) for end in ends.tolist()),
    )


def _confidence(
    answered: Answered, charset: Charset, calibration: Calibration
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    predicted = probabilities(answered.logits, charset, calibration.temperature[charset])
    return predicted.max(axis=1), predicted.argmax(axis=1) == answered.labels


def abstention(
    answered: Answered, charset: Charset, calibration: Calibration, scribbled: Scribbled | None
) -> Abstention:
    """Return how many real characters are turned away, and how many scribbles are caught."""
    away = float(abstains(answered.logits, charset, calibration).mean())
    if scribbled is None or not len(scribbled.logits):
        return Abstention(charset, len(answered), away, None, None, {})
    caught = abstains(scribbled.logits, charset, calibration)
    seen, unseen = caught[scribbled.trained], caught[~scribbled.trained]
    return Abstention(
        charset,
        len(answered),
        away,
        float(seen.mean()) if len(seen) else None,
        float(unseen.mean()) if len(unseen) else None,
        {
            str(family): float(caught[scribbled.families == family].mean())
            for family in np.unique(scribbled.families)
        },
    )


def mistakes(
    labels: Labels, predicted: Probabilities, wrong: NDArray[np.bool_]
) -> tuple[Mistake, ...]:
    """List the samples of a mask, those that the reader was surest of first."""
    guesses = predicted.argmax(axis=1)
    found = [
        Mistake(
            position,
            LABELS[labels[position]],
            LABELS[guesses[position]],
            float(predicted[position, guesses[position]]),
            float(predicted[position, labels[position]]),
        )
        for position in np.flatnonzero(wrong).tolist()
    ]
    return tuple(sorted(found, key=lambda each: (-each.confidence, each.position)))


def plain(value: Any) -> Any:
    """Turn arrays into lists and floats into five digits; what is not finite becomes None."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
