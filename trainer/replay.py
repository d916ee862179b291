"""Experience replay: what is kept of the past, and how batches are mixed from it.

Keeping and drawing are apart, as in Avalanche's storage policies. A policy says which slot of a
full buffer a newcomer takes: plain reservoir sampling (Vitter 1985), or the class-balancing one
(Chrysakis & Moens 2020, "Online Continual Learning from Imbalanced Data", algorithm 1) with a
group for each (label, source). A sampler draws evenly over the groups, so what is rare is not
drowned by what is common. Knows nothing about images, networks or where samples come from.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Positions = NDArray[np.int64]  # (n,)


class Policy(Protocol):
    """Decides what stays in a buffer."""

    def offer(self, group: Hashable) -> int | None:
        """Return the slot that the next sample of a stream takes, or None: it is not kept."""


class Reservoir:
    """Each sample of the stream stays with the same probability."""

    def __init__(self, capacity: int, rng: Generator) -> None:
        self._capacity = capacity
        self._rng = rng
        self._seen = 0

    def offer(self, group: Hashable) -> int | None:
        """Return the slot for the next sample; its group does not matter."""
        self._seen += 1
        if self._seen <= self._capacity:
            return self._seen - 1
        slot = int(self._rng.integers(self._seen))
        return slot if slot < self._capacity else None


class ClassBalancingReservoir:
    """Groups stay as even as the stream allows; within a group it is a reservoir.

    A newcomer of a group that is not among the largest replaces a sample of a largest one. Once a
    group has been the largest it is "full", and its newcomers compete among themselves.
    """

    def __init__(self, capacity: int, rng: Generator) -> None:
        self._capacity = capacity
        self._rng = rng
        self._slots: dict[Hashable, list[int]] = {}
        self._seen: dict[Hashable, int] = {}
        self._full: set[Hashable] = set()
        self._used = 0

    def offer(self, group: Hashable) -> int | None:
        """Return the slot that the next sample, one of `group`, takes."""
        mine = self._slots.setdefault(group, [])
        self._seen[group] = self._seen.get(group, 0) + 1
        if self._used < self._capacity:
            self._used += 1
            mine.append(self._used - 1)
            return self._used - 1
        most = max(len(slots) for slots in self._slots.values())
        largest = [name for name, slots in self._slots.items() if len(slots) == most]
        self._full.update(largest)
        if group not in self._full:
            victim = self._slots[largest[int(self._rng.integers(len(largest)))]]
            slot = victim.pop(int(self._rng.integers(len(victim))))
            mine.append(slot)
            return slot
        if self._rng.random() < len(mine) / self._seen[group]:
            return mine[int(self._rng.integers(len(mine)))]
        return None


def keep(groups: Iterable[Hashable], policy: Policy) -> Positions:
    """Pass a stream through a policy; return the positions of what stays, in order of slots."""
    kept: dict[int, int] = {}
    for position, group in enumerate(groups):
        slot = policy.offer(group)
        if slot is not None:
            kept[slot] = position
    return np.array([kept[slot] for slot in sorted(kept)], np.int64)


class BalancedSampler:
    """Draws positions: first a class, then a source of it, then a sample, each evenly.

    Within one (class, source) samples come in turn, shuffled anew for each pass, so that nothing
    is left out while something else comes twice.
    """

    def __init__(self, labels: Sequence[int], sources: Sequence[str], rng: Generator) -> None:
        if len(labels) != len(sources):
            raise ValueError(f"{len(labels)} labels and {len(sources)} sources")
        cells: dict[int, dict[str, list[int]]] = {}
        for position, (label, source) in enumerate(zip(labels, sources, strict=True)):
            cells.setdefault(int(label), {}).setdefault(str(source), []).append(position)
        self._cells = [
            [_Turns(cells[label][source], rng) for source in sorted(cells[label])]
            for label in sorted(cells)
        ]
        self._classes = _Turns(list(range(len(self._cells))), rng)
        self._rng = rng

    def draw(self, count: int) -> Positions:
        """Return `count` positions; none where there is nothing to draw from."""
        if not self._cells:
            return np.zeros(0, np.int64)
        drawn = []
        for _ in range(count):
            sources = self._cells[self._classes.next()]
            drawn.append(sources[int(self._rng.integers(len(sources)))].next())
        return np.array(drawn, np.int64)


class _Turns:
    """Deals the same cards again and again, shuffled each time."""

    def __init__(self, cards: list[int], rng: Generator) -> None:
        self._cards = cards
        self._rng = rng
        self._left: list[int] = []

    def next(self) -> int:
        if not self._left:
            self._left = [self._cards[index] for index in self._rng.permutation(len(self._cards))]
        return self._left.pop()


def capped_weights(
    rules: Sequence[tuple[Sequence[Hashable], float]],
    floor: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return how much each sample counts, so that no group outweighs the others.

    Args:
        rules: the group of every sample (its submitter, its class …), and the largest share of
            the weight that one group may have.
        floor: a group may always weigh so many samples: shares of a handful say nothing.
        weights: how much each would count without rules, at most which it counts; None: 1.

    A group over its limit counts less as a whole; each of its samples still counts.
    """
    if weights is None:
        weights = np.ones(len(rules[0][0]) if rules else 0)
    weights = weights.copy()
    for groups, share in rules:
        totals: dict[Hashable, float] = {}
        for group, weight in zip(groups, weights, strict=True):
            totals[group] = totals.get(group, 0.0) + float(weight)
        limit = max(float(floor), _cap([total for total in totals.values() if total], share))
        weights *= [min(1.0, limit / max(totals[group], limit)) for group in groups]
    return weights


def _cap(totals: Sequence[float], share: float) -> float:
    """Return the most that a group may weigh so that none has more than a share of what is left.

    Where groups are too few for that it is what the smallest of them weighs: all are equal then.
    """
    ascending = sorted(totals)
    below = 0.0  # weight of those that are under the cap
    for index, total in enumerate(ascending):
        # A cap c of the others must hold c <= share * (below + others * c).
        others = len(ascending) - index
        rest = 1 - share * others
        if rest > 0 and share * below / rest < total:
            return share * below / rest if index else total
        below += total
    return ascending[-1] if ascending else 0.0


class WeightedSampler:
    """Draws positions in proportion to weights, without leaving out what has its turn.

    Systematic resampling over a shuffled order: in every pass over total weight W each sample
    comes as often as its weight says, give or take one.
    """

    def __init__(self, weights: Sequence[float] | NDArray[np.float64], rng: Generator) -> None:
        self._weights = np.asarray(weights, np.float64)
        self._rng = rng
        self._debts = rng.random(len(self._weights))  # who is due

    def draw(self, count: int) -> Positions:
        """Return `count` positions; none where there is nothing to draw from."""
        total = float(self._weights.sum())
        if not total > 0:
            return np.zeros(0, np.int64)
        drawn = []
        for _ in range(count):
            self._debts += self._weights / total
            chosen = int(np.where(self._weights > 0, self._debts, -np.inf).argmax())
            self._debts[chosen] -= 1.0
            drawn.append(chosen)
        return np.array(drawn, np.int64)
