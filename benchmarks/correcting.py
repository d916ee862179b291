"""What happens when people correct a recogniser: the protocol of `benchmarks.personal`.

The first half of a person's drawings of each character is what they draw while they correct; the
second half is what they are measured on. Knows the memory and the predictor, but nothing about
where drawings come from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.writers import Labels, Rasters, Writer
from recognizer.alphabet import LABELS, Charset, ambiguity_group, indices
from recognizer.memory import Adjusted, Memory, MemoryParameters
from recognizer.predictor import Predictor
from trainer.evaluation import probabilities

Setup = Literal["joint", "hint"]
SETUPS: Final[dict[Setup, str]] = {
    "joint": "All 36 characters, no hint",
    "hint": "With the hint of the character's kind (digits or letters)",
}

_BATCH: Final = 64
_GROUP: Final = np.array(
    [min(LABELS.index(other) for other in ambiguity_group(label)) for label in LABELS]
)


@dataclass(frozen=True)
class Outputs:
    """What the network makes of many drawings."""

    labels: Labels  # (n,) the true ones
    probabilities: NDArray[np.float64]  # (n, 36) calibrated, over each drawing's character set
    features: NDArray[np.float32]  # (n, F)
    thresholds: NDArray[np.float64]  # (n,) below which confidence the version is not sure
    setup: Setup

    @classmethod
    def of(cls, predictor: Predictor, rasters: Rasters, labels: Labels, setup: Setup) -> Self:
        """Run the network."""
        parts = [
            predictor.session.run(
                ["logits", "features"], predictor.shown(rasters[start : start + _BATCH])
            )
            for start in range(0, len(rasters), _BATCH)
        ]
        logits = np.concatenate([part[0] for part in parts])
        calibrated, thresholds = np.zeros(logits.shape), np.zeros(len(logits))
        charsets = np.array([charset_of(label, setup) for label in labels])
        for charset in predictor.card.temperature:
            rows = charsets == charset
            if rows.any():
                temperature = predictor.card.temperature[charset]
                calibrated[rows] = probabilities(logits[rows], charset, temperature)
                thresholds[rows] = predictor.card.abstain.confidence[charset]
        features = np.concatenate([part[1] for part in parts])
        return cls(labels, calibrated, features, thresholds, setup)

    @cached_property
    def answers(self) -> Labels:
        """The network's own answer to each drawing, (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def error_rate(self) -> float:
        """The share that the network misreads."""
        return float((self.answers != self.labels).mean())

    def answers_with(self, memory: Memory, which: Iterable[int]) -> Labels:
        """Return the answers to some of the drawings, with a memory."""
        found = [self._adjusted(memory, index).probabilities.argmax() for index in which]
        return np.array(found, np.intp)

    def unsure_with(self, memory: Memory, which: Iterable[int]) -> int:
        """Return how many of the drawings are answered with "not sure" for want of confidence."""
        answers = [(self._adjusted(memory, index), self.thresholds[index]) for index in which]
        return sum(
            bool(answer.probabilities.max() < answer.confidence_needed(threshold))
            for answer, threshold in answers
        )

    def _adjusted(self, memory: Memory, index: int) -> Adjusted:
        charset = charset_of(int(self.labels[index]), self.setup)
        return memory.adjust(self.probabilities[index], self.features[index], charset)


def charset_of(label: int, setup: Setup) -> Charset:
    """Return the character set that is chosen for a drawing of `label`."""
    if setup == "joint":
        return "all"
    return "digits" if label in indices("digits") else "letters"


@dataclass(frozen=True)
class Person:
    """A writer as the network reads them."""

    writer: Writer
    outputs: Outputs

    @cached_property
    def early(self) -> NDArray[np.bool_]:
        """Which drawings come while correcting: the first half of each character's, (n,)."""
        early = np.zeros(len(self.outputs.labels), bool)
        for label in np.unique(self.outputs.labels):
            positions = np.flatnonzero(self.outputs.labels == label)
            early[positions[: len(positions) // 2]] = True
        return early

    @property
    def later(self) -> Labels:
        """Positions of the drawings that are measured."""
        return np.flatnonzero(~self.early)

    def misread(self, k: int) -> Labels:
        """Return the first k early drawings of each character that the network misreads."""
        wrong = self.early & (self.outputs.answers != self.outputs.labels)
        found = [np.flatnonzero(wrong & (self.outputs.labels == c))[:k] for c in range(len(LABELS))]
        return np.sort(np.concatenate(found))

    def remember(self, memory: Memory, which: Iterable[int]) -> Memory:
        """Return the memory after some drawings were corrected, in their order."""
        for index in which:
            memory = memory.remember(
                self.outputs.features[index], int(self.outputs.labels[index]), was_correction=True
            )
        return memory

    def correct_while_drawing(self, memory: Memory, k: int) -> tuple[Memory, Labels]:
        """Draw the early drawings in turn and correct each that is misread, k of a character.

        Here the answers come from network and memory together, as on the page; so what the memory
        gets wrong is corrected too. Returns the memory and what was corrected.
        """
        corrected: list[int] = []
        left = dict.fromkeys(range(len(LABELS)), k)
        for index in np.flatnonzero(self.early).tolist():
            label = int(self.outputs.labels[index])
            if left[label] and self.outputs.answers_with(memory, [index])[0] != label:
                memory = self.remember(memory, [index])
                corrected.append(index)
                left[label] -= 1
        return memory, np.array(corrected, np.intp)


@dataclass(frozen=True)
class Tally:
    """Later drawings, counted; tallies of several people add up."""

    drawings: int = 0
    errors_before: int = 0
    errors_after: int = 0
    elsewhere: int = 0  # drawings of characters that were not corrected
    elsewhere_before: int = 0  # errors among those
    elsewhere_after: int = 0
    grouped_before: int = 0  # the same with look-alikes (0/o, 1/l/i …) counted as one character
    grouped_after: int = 0
    unsure_before: int = 0  # answered with "not sure"
    unsure_after: int = 0
    corrections: int = 0
    people: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(_fields(self), _fields(other), strict=True)))

    @property
    def fewer(self) -> float:
        """How many per cent fewer errors."""
        return 100 * (1 - self.errors_after / max(self.errors_before, 1))

    @property
    def lost(self) -> float:
        """Points of accuracy lost on characters that were not corrected."""
        return 100 * (self.elsewhere_after - self.elsewhere_before) / max(self.elsewhere, 1)

    @property
    def lost_grouped(self) -> float:
        """The same, with look-alikes counted as one character."""
        return 100 * (self.grouped_after - self.grouped_before) / max(self.elsewhere, 1)


def _fields(tally: Tally) -> tuple[int, ...]:
    return tuple(vars(tally).values())


def measure(person: Person, memory: Memory, corrected: Labels) -> Tally:
    """Compare the later drawings' answers with and without the memory."""
    labels = person.outputs.labels[person.later]
    before = person.outputs.answers[person.later]
    after = person.outputs.answers_with(memory, person.later) if len(memory) else before
    other = ~np.isin(labels, person.outputs.labels[corrected])

    def errors(answers: Labels, which: NDArray[np.bool_]) -> int:
        return int((answers != labels)[which].sum())

    def grouped(answers: Labels) -> int:
        return int((_GROUP[answers] != _GROUP[labels])[other].sum())

    everything = np.ones(len(labels), bool)
    return Tally(
        drawings=len(labels),
        errors_before=errors(before, everything),
        errors_after=errors(after, everything),
        elsewhere=int(other.sum()),
        elsewhere_before=errors(before, other),
        elsewhere_after=errors(after, other),
        grouped_before=grouped(before),
        grouped_after=grouped(after),
        unsure_before=person.outputs.unsure_with(Memory(memory.version), person.later),
        unsure_after=person.outputs.unsure_with(memory, person.later),
        corrections=len(corrected),
        people=1,
    )


def after_corrections(
    people: Sequence[Person], k: int, parameters: MemoryParameters, *, while_drawing: bool = False
) -> Tally:
    """Tally people who corrected up to k drawings of each character."""
    total = Tally()
    for person in people:
        memory = Memory(version=1, parameters=parameters)
        if while_drawing:
            memory, corrected = person.correct_while_drawing(memory, k)
        else:
            corrected = person.misread(k)
            memory = person.remember(memory, corrected)
        total += measure(person, memory, corrected)
    return total
