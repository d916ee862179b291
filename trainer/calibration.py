"""Fits what stands between logits and an answer: temperatures, and when to say "not sure".

Everything is fitted on validation writers, each kind of each source weighing at most `_CAP`
samples, so that one large set does not decide for all. Knows nothing about networks or files.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, Charset
from recognizer.checkpoints import Card
from trainer.evaluation import Logits, Scored, energies, join, probabilities, within

Weights = NDArray[np.float64]  # (n,)

_CAP = 500.0  # samples
_SHARES = 15  # how many ways of dividing the budget are tried
_TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(3.0), 200))


@dataclass(frozen=True)
class Calibration:
    """What the card of a version says about its answers."""

    temperature: dict[Charset, float]
    confidence: dict[Charset, float]  # abstain below
    energy: float  # abstain below

    @classmethod
    def of(cls, card: Card) -> "Calibration":
        """Return what the card of a version says."""
        return cls(dict(card.temperature), dict(card.abstain.confidence), card.abstain.energy)


def calibrate(kinds: Mapping[str, Scored], outliers: Logits, budget: float = 0.007) -> Calibration:
    """Fit temperatures and thresholds.

    Args:
        kinds: scored validation samples of each "source/kind".
        outliers: logits of drawings that are no character.
        budget: share of real characters that may be answered with "not sure", energy and
            confidence together, in each character set.
    """
    scored = join(list(kinds.values()))
    weights = np.concatenate(
        [np.full(len(part), min(1.0, _CAP / max(len(part), 1))) for part in kinds.values()]
    )
    temperature = {charset: _temperature(scored, weights, charset) for charset in CHARSETS}
    real = {
        charset: _Real.of(scored, weights, charset, temperature[charset]) for charset in CHARSETS
    }
    unlike = {
        charset: probabilities(outliers, charset, temperature[charset]).max(axis=1)
        for charset in CHARSETS
    }
    low_energy = energies(outliers)

    def thresholds(share: float) -> _Thresholds:
        """Spend `share` of the budget on the energy, the rest on the confidences."""
        energy = min(
            weighted_quantile(part.energy, part.weights, share)
            for part in real.values()
            if len(part.weights)
        )
        confidence = {name: part.confidence_for(energy, budget) for name, part in real.items()}
        caught = [
            ((low_energy < energy) | (unlike[name] < confidence[name])).mean() for name in CHARSETS
        ]
        return _Thresholds(float(np.mean(caught)), energy, confidence)

    shares = np.linspace(0.0, budget, _SHARES)
    best = max((thresholds(float(share)) for share in shares), key=lambda found: found.caught)
    return Calibration(
        {charset: round(value, 4) for charset, value in temperature.items()},
        {charset: _rounded_down(value) for charset, value in best.confidence.items()},
        _rounded_down(best.energy),
    )


def _rounded_down(threshold: float) -> float:
    """Rounding up would turn away the very sample that the threshold was taken from."""
    return math.floor(threshold * 1e5) / 1e5


@dataclass(frozen=True)
class _Thresholds:
    caught: float  # share of outliers turned away, mean over the character sets
    energy: float
    confidence: dict[Charset, float]


def abstains(logits: Logits, charset: Charset, calibration: Calibration) -> NDArray[np.bool_]:
    """Return for which logits a version answers "not sure"."""
    confidence = probabilities(logits, charset, calibration.temperature[charset]).max(axis=1)
    unsure = confidence < calibration.confidence[charset]
    return np.asarray(unsure | (energies(logits) < calibration.energy))


def weighted_quantile(values: Weights, weights: Weights, share: float) -> float:
    """Return the largest value with at most `share` of the weight strictly below it."""
    order = np.argsort(values, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weights[order])[:-1]]) / weights.sum()
    return float(values[order][below <= share][-1])


@dataclass(frozen=True)
class _Real:
    """Energies and confidences of the real characters of one character set."""

    energy: Weights
    confidence: Weights
    weights: Weights

    @classmethod
    def of(cls, scored: Scored, weights: Weights, charset: Charset, temperature: float) -> "_Real":
        kept = np.isin(scored.labels, within(charset, scored).labels)
        logits = scored.logits[kept]
        confidence = probabilities(logits, charset, temperature).max(axis=1)
        return cls(energies(logits), confidence, weights[kept])

    def confidence_for(self, energy: float, budget: float) -> float:
        """Return the highest threshold that keeps all abstentions within the budget."""
        if not len(self.weights):
            return 0.0
        # What the energy turns away is turned away whatever its confidence.
        confidence = np.where(self.energy < energy, -1.0, self.confidence)
        return max(weighted_quantile(confidence, self.weights, budget), 0.0)


def _temperature(scored: Scored, weights: Weights, charset: Charset) -> float:
    kept = np.isin(scored.labels, within(charset, scored).labels)
    if not kept.any():
        return 1.0
    logits, labels = scored.logits[kept], scored.labels[kept]
    rows = np.arange(len(labels))

    def loss(temperature: float) -> float:
        of_label = probabilities(logits, charset, temperature)[rows, labels]
        return float(-(weights[kept] @ np.log(np.maximum(of_label, 1e-12))))

    return float(min(_TEMPERATURES, key=loss))
