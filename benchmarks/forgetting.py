"""What is made of accuracies after each round: forgetting, backward transfer, errors spared.

A history is a list of rounds; after round t (from 0) there is an accuracy for each person who has
been learned by then, persons 0 … t in their order. Knows nothing about networks or people.
"""

import math
from collections.abc import Sequence

import numpy as np

History = Sequence[Sequence[float]]  # [round][person up to that round]


def forgetting(history: History) -> float:
    """Return how much lower people end than at their best, in the mean over all but the last.

    Chaudhry et al. 2018, "Riemannian Walk for Incremental Learning". At their best is after any
    round before the last; noise alone makes this positive.
    """
    lost = [
        max(history[t][person] for t in range(person, len(history) - 1)) - history[-1][person]
        for person in range(len(history) - 1)
    ]
    return float(np.mean(lost)) if lost else 0.0


def forgetting_by_chance(history: History) -> float:
    """Return what `forgetting` would be on average, had the rounds come in a random order.

    Less forgetting than this is no more than the best of several noisy figures is above any one.
    """
    lost = []
    for person in range(len(history) - 1):
        reached = [row[person] for row in history[person:]]
        others = [max(reached[:last] + reached[last + 1 :]) for last in range(len(reached))]
        lost.append(np.mean([best - last for best, last in zip(others, reached, strict=True)]))
    return float(np.mean(lost)) if lost else 0.0


def backward_transfer(history: History) -> float:
    """Return how much higher people end than just after they were learned, in the mean.

    Lopez-Paz and Ranzato 2017, "Gradient Episodic Memory for Continual Learning".
    """
    gained = [history[-1][person] - history[person][person] for person in range(len(history) - 1)]
    return float(np.mean(gained)) if gained else 0.0


def errors_spared(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the share of errors that are gone, from accuracies before and after; NaN of none."""
    errors = sum(1 - accuracy for accuracy in before)
    left = sum(1 - accuracy for accuracy in after)
    return (errors - left) / errors if errors > 0 else math.nan


def worst_drop(before: float, after: Sequence[float]) -> float:
    """Return the largest loss at any round, 0 where there is none."""
    return max([0.0, *(before - accuracy for accuracy in after)])


def largest_loss(before: Sequence[float], history: History) -> float:
    """Return how much worse anybody is off at any round than before all of it, 0 if nobody is."""
    return max([0.0, *(before[i] - now for row in history for i, now in enumerate(row))])
