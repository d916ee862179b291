"""Measures logits against labels: accuracy with and without hint, calibration, abstaining.

Works on arrays; knows nothing about networks, files or Django.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import LABELS, Charset, ambiguity_group, indices
from trainer.characters import Labels

Logits = NDArray[np.float32]  # (n, 36)
Probabilities = NDArray[np.float64]  # (n, 36), 0 outside the character set

_GROUP = np.array(
    [min(LABELS.index(other) for other in ambiguity_group(label)) for label in LABELS]
)


@dataclass(frozen=True)
class Scored:
    """Logits of samples whose labels and writers are known."""

    logits: Logits
    labels: Labels
    groups: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)


def join(parts: list[Scored]) -> Scored:
    """Put several scored sets behind each other."""
    return Scored(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def within(charset: Charset, scored: Scored) -> Scored:
    """Return the samples whose label belongs to a character set."""
    kept = np.isin(scored.labels, indices(charset))
    return Scored(scored.logits[kept], scored.labels[kept], scored.groups[kept])


def probabilities(logits: Logits, charset: Charset, temperature: float = 1.0) -> Probabilities:
    """Return calibrated probabilities over a character set."""
    allowed = list(indices(charset))
    scaled = logits[:, allowed].astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponentials = np.exp(scaled)
    result = np.zeros(logits.shape)
    result[:, allowed] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def energies(logits: Logits) -> NDArray[np.float64]:
    """Return logsumexp over all labels: low where nothing is recognised (Liu et al. 2020)."""
    highest = logits.max(axis=1, keepdims=True).astype(np.float64)
    return np.asarray(highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1)))


def top_k(scored: Scored, charset: Charset, k: int = 1) -> float:
    """Return the share of samples whose label is among the k most probable."""
    if not len(scored):
        return float("nan")
    ranked = np.argsort(-probabilities(scored.logits, charset), axis=1, kind="stable")[:, :k]
    return float((ranked == scored.labels[:, None]).any(axis=1).mean())


def grouped_accuracy(scored: Scored, charset: Charset = "all") -> float:
    """Return top-1 accuracy with look-alikes (0/o, 1/l/i …) counted as one."""
    guesses = probabilities(scored.logits, charset).argmax(axis=1)
    return float((_GROUP[guesses] == _GROUP[scored.labels]).mean())


def negative_log_likelihood(scored: Scored, charset: Charset, temperature: float = 1.0) -> float:
    """Return the mean surprise at the true labels, in nats."""
    of_label = probabilities(scored.logits, charset, temperature)[
        np.arange(len(scored)), scored.labels
    ]
    return float(-np.log(np.maximum(of_label, 1e-12)).mean())


def calibration_error(
    scored: Scored, charset: Charset, temperature: float = 1.0, bins: int = 15
) -> float:
    """Return the expected calibration error over bins of equal width (Guo et al. 2017)."""
    predicted = probabilities(scored.logits, charset, temperature)
    confidence = predicted.max(axis=1)
    right = predicted.argmax(axis=1) == scored.labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        inside = which == index
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def selective_error(
    scored: Scored, charset: Charset, temperature: float, coverage: float = 0.9
) -> tuple[float, float]:
    """Return the error on all samples, and on the share `coverage` that is most confident."""
    predicted = probabilities(scored.logits, charset, temperature)
    wrong = predicted.argmax(axis=1) != scored.labels
    order = np.argsort(-predicted.max(axis=1), kind="stable")
    return float(wrong.mean()), float(wrong[order[: round(len(wrong) * coverage)]].mean())


def by_writer(scored: Scored, charset: Charset) -> dict[str, float]:
    """Return each writer's top-1 accuracy."""
    return {
        str(writer): top_k(
            Scored(
                scored.logits[scored.groups == writer],
                scored.labels[scored.groups == writer],
                scored.groups[scored.groups == writer],
            ),
            charset,
        )
        for writer in np.unique(scored.groups)
    }


def summarise(scored: Scored, hint: Charset) -> dict[str, Any]:
    """Return the figures of one set: alone among all 36 labels and with its hint."""
    return {
        "samples": len(scored),
        "top1": round(top_k(scored, "all"), 5),
        "top3": round(top_k(scored, "all", 3), 5),
        "grouped": round(grouped_accuracy(scored), 5),
        "hint": hint,
        "top1_hinted": round(top_k(scored, hint), 5),
        "top3_hinted": round(top_k(scored, hint, 3), 5),
    }
