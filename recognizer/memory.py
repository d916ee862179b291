"""A person's own memory: drawings that they named, which adjust what they are answered.

It stands beside the network and never changes it, so it works from the first correction on and
for nobody else. The design is the cache of Grave et al. (2017, "Unbounded cache model for online
language modeling with open vocabulary") as Orhan (2018, "A simple cache model for image
recognition") carried it over to images: keys are penultimate features, values are labels, near
keys vote. The kernel is that of Tip-Adapter (Zhang et al. 2022), exp(-sharpness * (1 - cosine)).
How far the vote counts depends on how much evidence is near, as with the pseudo-counts of a
Dirichlet prior: the network's word weighs `prior` drawings.

Knows nothing about networks, drawings, Django or where memories are kept.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recognizer.alphabet import LABELS, Charset, indices

Features = NDArray[np.float32]  # (F,)
Probabilities = NDArray[np.float64]  # (36,), 0 outside the character set
Scalar = TypeVar("Scalar", bound=np.generic)

# Adjustments that move no probability by this much are not made: nobody would see them.
VISIBLE: Final = 0.005


@dataclass(frozen=True)
class MemoryParameters:
    """How a memory weighs; chosen on held-out writers by `python -m benchmarks.personal --tune`."""

    sharpness: float = 25.0  # the kernel falls to 1/e where the cosine is 1 - 1 / sharpness
    prior: float = 0.35  # of how many identical drawings the network's word has the weight
    near: float = 0.844  # cosine from which a drawing votes at all
    votes: int = 1  # the nearest so many of each label vote: habit must not outshout likeness
    capacity: int = 128  # drawings
    alike: float = 0.98  # cosine from which two drawings of one label say the same

    def __post_init__(self) -> None:
        """Refuse what would break a promise of the memory."""
        # With less than one drawing's weight for the network, one correction wins where it was
        # made, however sure the network is.
        if not 0 < self.prior < 1:
            raise ValueError("prior must lie between 0 and 1")
        if not (self.sharpness > 0 and -1 <= self.near <= 1):
            raise ValueError("sharpness must be positive and near a cosine")
        if self.votes < 1 or self.capacity < 1:
            raise ValueError("votes and capacity must be at least 1")


DEFAULTS: Final = MemoryParameters()


class Adjusted(NamedTuple):
    """Probabilities after the memory has been asked."""

    probabilities: Probabilities
    changed: bool  # False: these are the very probabilities that came in
    weight: float  # the memory's share in them, 0 to 1

    @property
    def decided(self) -> bool:
        """Whether the memory had more to say than the network."""
        return self.weight > 0.5

    def confidence_needed(self, threshold: float) -> float:
        """Return how sure an answer must be to be given, by the version's own threshold.

        A single drawing never makes its name more than 1 / (1 + prior) likely. Its owner has said
        what it is: where that decides, more likely than not is enough.
        """
        return min(threshold, 0.5) if self.decided else threshold


@dataclass(frozen=True, eq=False)
class Memory:
    """What one person showed one model version; immutable, bounded, oldest first.

    Features of another version mean nothing here: whoever holds a memory builds it again when the
    version changes, and `version` says for which it was built.
    """

    version: int
    features: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    labels: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    corrections: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    parameters: MemoryParameters = DEFAULTS

    @classmethod
    def of(
        cls,
        version: int,
        drawings: Iterable[tuple[ArrayLike, int, bool]],
        parameters: MemoryParameters = DEFAULTS,
    ) -> Self:
        """Build a memory from (features, label index, was it a correction), oldest first."""
        memory = cls(version, parameters=parameters)
        for features, label, was_correction in drawings:
            memory = memory.remember(features, label, was_correction=was_correction)
        return memory

    def __len__(self) -> int:
        return len(self.labels)

    def remember(self, features: ArrayLike, label: int, *, was_correction: bool) -> Self:
        """Return the memory with one drawing more, and without what it replaces.

        From now on that drawing is answered with `label`: older drawings of other labels that
        would outvote it are forgotten, since the person has changed their mind or draws two
        characters alike, and then the last word counts.

        Raises:
            ValueError: the features are not finite or of another length, or there is no such label.
        """
        key = _unit(features)
        if not 0 <= label < len(LABELS):
            raise ValueError(f"there is no label number {label}")
        if len(self) and len(key) != self.features.shape[1]:
            raise ValueError(f"{len(key)} features do not fit the {self.features.shape[1]} known")
        longer = replace(
            self,
            features=_frozen(np.vstack([self.features, key]) if len(self) else key[None]),
            labels=_frozen(np.append(self.labels, label)),
            corrections=_frozen(np.append(self.corrections, was_correction)),
        )
        return longer._without_rivals()._within_capacity()

    def adjust(
        self, probabilities: Probabilities, features: ArrayLike, charset: Charset = "all"
    ) -> Adjusted:
        """Mix the network's calibrated probabilities with the votes of near drawings.

        Args:
            probabilities: shape (36,), sum 1, 0 outside the character set.
            features: the network's penultimate features of the same drawing.
            charset: the character set; remembered drawings outside it do not vote.

        Returns:
            Probabilities that sum to 1 over the character set; the very same ones where nothing
            is near enough to matter.
        """
        if not len(self):
            return Adjusted(probabilities, changed=False, weight=0.0)
        allowed = indices(charset)
        votes = self._votes(self.features @ _unit(features))
        if len(allowed) < len(LABELS):
            votes = {label: vote for label, vote in votes.items() if label in allowed}
        prior = self.parameters.prior
        mass = prior + math.fsum(votes.values())
        adjusted = probabilities * (prior / mass)
        for label, vote in votes.items():
            adjusted[label] += vote / mass
        if np.abs(adjusted - probabilities).max() < VISIBLE:
            return Adjusted(probabilities, changed=False, weight=0.0)
        return Adjusted(adjusted / adjusted.sum(), changed=True, weight=1.0 - prior / mass)

    def _votes(self, cosines: NDArray[np.float32]) -> dict[int, float]:
        """Return the vote of each label that has drawings near enough."""
        near = np.flatnonzero(cosines >= self.parameters.near)
        nearest: dict[int, list[float]] = {}
        for index in near[np.argsort(-cosines[near], kind="stable")]:
            found = nearest.setdefault(int(self.labels[index]), [])
            if len(found) < self.parameters.votes:
                distance = max(0.0, 1.0 - float(cosines[index]))
                found.append(math.exp(-self.parameters.sharpness * distance))
        return {label: math.fsum(found) for label, found in nearest.items()}

    def _without_rivals(self) -> Self:
        """Forget nearest drawings of other labels until the newest wins at its own place."""
        label = int(self.labels[-1])
        cosines = self.features @ self.features[-1]
        votes = self._votes(cosines)
        own = votes.pop(label, 0.0)
        # The network may be entirely sure of the rival, so its whole weight is added.
        if not votes or own > max(votes.values()) + self.parameters.prior:
            return self
        rival = max(votes, key=lambda other: votes[other])
        nearest = int(np.argmax(np.where(self.labels == rival, cosines, -np.inf)))
        return self._without(nearest)._without_rivals()

    def _within_capacity(self) -> Self:
        return self._without(self._least_useful()) if len(self) > self.parameters.capacity else self

    def _least_useful(self) -> int:
        """Return the position of the drawing to forget; never the newest.

        What another drawing of its label says as well goes first, then what the network knew by
        itself (confirmed drawings before corrections), then what is oldest.
        """
        cosines = self.features @ self.features.T
        cosines[self.labels[:, None] != self.labels] = -1.0
        np.fill_diagonal(cosines, -1.0)
        closest = cosines.max(axis=1)
        redundant = closest >= self.parameters.alike
        likeness = np.where(redundant, closest, 0.0)
        # The last key counts first; ties go to the oldest, as the sort is stable.
        return int(np.lexsort([-likeness[:-1], self.corrections[:-1], ~redundant[:-1]])[0])

    def _without(self, position: int) -> Self:
        return replace(
            self,
            features=_frozen(np.delete(self.features, position, axis=0)),
            labels=_frozen(np.delete(self.labels, position)),
            corrections=_frozen(np.delete(self.corrections, position)),
        )


def _unit(features: ArrayLike) -> Features:
    """Return features of length 1; what has none (no feature is active) is like nothing at all."""
    vector = np.asarray(features, np.float32)
    norm = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not math.isfinite(norm):
        raise ValueError("features are one row of finite numbers")
    return vector / np.float32(norm) if norm > 0 else np.zeros_like(vector)


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array
