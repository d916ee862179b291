"""People who correct the anchor: what they draw, what it misreads, what they send.

As in `writers.py` a person is a fixed warp of drawings by writers that training set aside, just
strong enough to be misread now and then. They send mostly what the anchor misread, and confirm
some of what it read. Without real handwriting the drawings come from `trainer.synthesis`, by
writers that the base does not know. Knows nothing about attacks or the gate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.writers import REPEAT, STRENGTHS, Warp
from recognizer.alphabet import LABELS, Charset, indices
from recognizer.directions import Seen
from recognizer.strokes import Ink
from trainer import synthesis
from trainer.augment import vary_strokes
from trainer.base import judges
from trainer.characters import Images, Labels, StrokeSet, draw_all, stack_of
from trainer.datasets import load
from trainer.evaluation import Logits, probabilities
from trainer.evidence import hinted
from trainer.finetune import Corrections

Drawings = Mapping[int, Sequence[Ink]]  # label → drawings of it
Read = Callable[[Images], Logits]  # what the anchor answers

PEOPLE: Final = 10
ERRORS: Final = (0.05, 0.2)  # how much of a person the anchor misreads
CONFIRMED: Final = 0.25  # of what a person sends was read right
SAMPLE: Final = 120  # drawings on which a warp is tried
TRIES: Final = 200  # hands
SYNTHETIC_WRITERS: Final = (404, 40)  # seed and number; the base has other seeds


@dataclass(frozen=True)
class Sent:
    """One approved correction."""

    image: Seen
    ink: Ink | None
    label: int
    submitter: str


def corrections(sent: Sequence[Sent]) -> Corrections:
    """Return them as the trainer takes them."""
    return Corrections(
        stack_of([one.image for one in sent], directed=True),
        np.array([one.label for one in sent], np.int64),
        tuple(one.submitter for one in sent),
        tuple(one.ink for one in sent),
    )


def real_drawings(root: Path, sources: Sequence[str]) -> Drawings:
    """Return what the set-aside writers drew who do not judge."""
    found: dict[int, list[Ink]] = {}
    for part in load(root, sources).validation:
        if isinstance(part, StrokeSet):
            others = part.take(~judges(part))
            for label, ink in zip(others.labels.tolist(), others.inks, strict=True):
                found.setdefault(label, []).append(ink)
    return found


def synthetic_drawings() -> Drawings:
    """Return drawings by parametric writers."""
    seed, count = SYNTHETIC_WRITERS
    found: dict[int, list[Ink]] = {}
    for writer in range(count):
        style = synthesis.writer_style((seed, writer, 0))
        rng = np.random.default_rng((seed, writer, 1))
        for label in indices("all"):
            drawn = synthesis.draw(LABELS[label], style, rng)
            found.setdefault(label, []).append(tuple(drawn))
    return found


class Crowd:
    """Some people; the same arguments give the same people, who send the same."""

    def __init__(self, drawings: Drawings, read: Read, seed: int, count: int = PEOPLE) -> None:
        self._drawings = drawings
        self._read = read
        self.rng = np.random.default_rng([seed, 0xC20])
        self.names = tuple(f"person {seed}/{number}" for number in range(count))
        self._warps = {name: self._hand() for name in self.names}

    def send(self, count: int) -> list[Sent]:
        """Return what they send in a round, as many each as the others."""
        each = -(-count // len(self.names))
        sent = [one for name in self.names for one in self._sent_by(name, each)]
        return [sent[index] for index in self.rng.permutation(len(sent))[:count]]

    def draw(self, name: str, labels: Labels) -> tuple[list[Ink], Images]:
        """Let one of them draw."""
        warp = self._warps[name]
        inks = []
        for label in labels.tolist():
            models = self._drawings[label]
            model = models[int(self.rng.integers(len(models)))]
            inks.append(warp(vary_strokes(model, self.rng, REPEAT)))
        return inks, draw_all(inks, directed=True)

    def any_labels(self, count: int, rng: Generator) -> Labels:
        """Draw labels: as many digits as letters, each evenly."""
        kinds = [
            [label for label in indices(charset) if label in self._drawings]
            for charset in ("digits", "letters")
        ]
        kinds = [kind for kind in kinds if kind]
        chosen = rng.integers(len(kinds), size=count)
        return np.array([rng.choice(kinds[kind]) for kind in chosen], np.int64)

    def likeliest_other(self, one: Sent) -> int:
        """Return the label of the same character set that the anchor would rather believe in."""
        charset: Charset = "digits" if one.label in indices("digits") else "letters"
        found = probabilities(self._read(one.image[None]), charset)[0]
        found[one.label] = -1.0
        return int(found.argmax())

    def _is_read(self, images: Images, labels: Labels) -> NDArray[np.bool_]:
        return hinted(self._read(images), labels) == labels

    def _sent_by(self, name: str, count: int) -> list[Sent]:
        confirmed = int(self.rng.binomial(count, CONFIRMED))
        wanted = {True: confirmed, False: count - confirmed}
        sent: list[Sent] = []
        while any(wanted.values()):
            labels = self.any_labels(64, self.rng)
            inks, images = self.draw(name, labels)
            rights = self._is_read(images, labels).tolist()
            for right, label, ink, image in zip(rights, labels.tolist(), inks, images, strict=True):
                if wanted[right]:
                    wanted[right] -= 1
                    sent.append(Sent(image, ink, label, name))
        return sent

    def _hand(self) -> Warp:
        """Return a hand that the anchor misreads as often as it should."""
        for _ in range(TRIES):
            seed = int(self.rng.integers(2**32))
            labels = self.any_labels(SAMPLE, self.rng)
            models = [self._drawings[label][0] for label in labels.tolist()]
            for strength in STRENGTHS:
                warp = Warp.draw(np.random.default_rng(seed), strength)
                images = draw_all(map(warp, models), directed=True)
                errors = 1 - float(self._is_read(images, labels).mean())
                if ERRORS[0] <= errors <= ERRORS[1]:
                    return warp
                if errors > ERRORS[1]:
                    break
        raise ValueError(f"no hand of {TRIES} is misread as seldom as it should be")
