"""Which corrections a reviewer should see first: the doubtful ones, or the instructive ones.

Pure functions of probabilities and feature vectors. Knows nothing about rows, requests or Django.

Doubt is the normalised margin of confident learning (Northcutt, Jiang, Chuang 2021), averaged with
the disagreement of near neighbours whose labels a reviewer has approved. The model asked is the
anchor: corrections never trained it, so nobody can talk it into believing a wrong label.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import INDEX

Features = NDArray[np.floating]  # (F,) or (n, F)

_NEIGHBOURS: Final = 8
_WIDTH: Final = 0.1  # cosine distance at which a neighbour's vote has fallen to 1/e
_NEAR: Final = 0.35  # cosine distance beyond which a drawing says nothing about this one
_EPSILON: Final = 1e-9
# What is assumed of a submitter whose corrections nobody has reviewed: one wrong in twenty.
_PRIOR_WRONG: Final = 0.5
_PRIOR_TOTAL: Final = 10.0


def margin_doubt(probabilities: Sequence[float], label: str) -> float:
    """Return how much likelier the best other label is: 0 sure of the label, 1 sure of another."""
    index = INDEX[label]
    mine = probabilities[index]
    rival = max(p for k, p in enumerate(probabilities) if k != index)
    return (rival + _EPSILON) / (rival + mine + 2 * _EPSILON)


def nearest(
    features: Features, known: Features, count: int = _NEIGHBOURS
) -> list[tuple[int, float]]:
    """Return (row, cosine similarity) of the rows of `known` most like `features`, nearest first.

    Args:
        features: shape (F,).
        known: shape (n, F).
        count: at most so many.
    """
    if not len(known):
        return []
    lengths = np.linalg.norm(known, axis=1) * np.linalg.norm(features)
    similarity = known @ features / np.maximum(lengths, _EPSILON)  # (n,)
    order = np.argsort(-similarity, kind="stable")[:count]
    return [(int(row), float(similarity[row])) for row in order]


def neighbour_doubt(
    features: Features, label: str, known: Features, labels: Sequence[str]
) -> float | None:
    """Return the weighted share of near neighbours with another label; None without any."""
    votes = [
        (float(np.exp((similarity - 1) / _WIDTH)), labels[row] != label)
        for row, similarity in nearest(features, known)
        if similarity >= 1 - _NEAR
    ]
    if not votes:
        return None
    return sum(weight for weight, differs in votes if differs) / sum(weight for weight, _ in votes)


def doubt(
    probabilities: Sequence[float],
    label: str,
    features: Features,
    known: Features,
    labels: Sequence[str],
) -> float:
    """Return how likely the label is wrong, 0 … 1, whoever sent it.

    Args:
        probabilities: the anchor's, calibrated, of shape (36,).
        label: as submitted.
        features: the anchor's penultimate features of shape (F,).
        known: features of approved corrections, shape (n, F).
        labels: their n labels.
    """
    from_model = margin_doubt(probabilities, label)
    from_neighbours = neighbour_doubt(features, label, known, labels)
    return from_model if from_neighbours is None else (from_model + from_neighbours) / 2


def mistrust(approved: int, refused: int) -> float:
    """Return the share of a submitter's corrections that is probably wrong, from their record."""
    return (refused + _PRIOR_WRONG) / (approved + refused + _PRIOR_TOTAL)


def risk(doubt: float, mistrust: float) -> float:
    """Return how likely the label is wrong: doubtful in itself, or from a doubtful source."""
    return 1 - (1 - doubt) * (1 - mistrust)


def value(probability: float, risk: float) -> float:
    """Return how much the model would learn: the label is plausible, and was not expected.

    Args:
        probability: the anchor's, of the submitted label.
        risk: of the label being wrong.
    """
    return (1 - probability) * (1 - risk)
