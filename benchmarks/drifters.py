"""People whose writing is new to the network, one after the other: drift, made of real drawings.

Each drifter is a real person's ink under one warp, the same for everything that he draws, just
strong enough that the anchor misreads the asked-for share when it is told "digit" or "letter".
The people are those that the anchor learned from, so that the drawings of the writers set aside
stay what they are for: measuring the base. Half of the people serve to choose parameters, the
other half to report. Where a person drew a character more than once, no drawing is both corrected
and measured; where there is one, the drifter repeats it with small variations. Knows nothing
about fine-tuning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.handwriting import STROKE_SETS, DataError
from benchmarks.writers import REPEAT, Half, Warp
from recognizer.strokes import Ink
from trainer.augment import vary_strokes
from trainer.characters import Images, Labels, StrokeSet, draw_all
from trainer.datasets import DataError as SetError
from trainer.datasets import load

ERRORS: Final = 0.15  # what the anchor misreads at least
STRENGTHS: Final = (0.6, 0.9, 1.2, 1.5, 1.9, 2.4, 3.0)  # of a warp: the least that does
SAMPLE: Final = 150  # drawings on which a strength is tried
DRAWN: Final = 1100  # drawings of each person that are corrected, if they are misread
# And those that never are. So many, because forgetting is counted from the best of many rounds:
# among fewer the best is mostly luck.
MEASURED: Final = 2000
_WITH_THE_REST: Final = 200  # of them, from the person's one stream of chance; that was all, once
KINDS: Final = (  # the people in turn
    ("pendigits", ("digit",)),
    ("chars74k", ("digit", "lower")),
    ("omniglot", ("lower",)),
    ("chars74k", ("digit", "upper")),
    ("uji2", ("digit",)),
)

Right = Callable[[Images, Labels], NDArray[np.bool_]]  # which drawings the network reads


@dataclass(frozen=True)
class Drawings:
    """Some of what a person draws."""

    labels: Labels  # (n,)
    inks: tuple[Ink, ...]
    images: Images  # (n, 5, 28, 28)

    def __len__(self) -> int:
        return len(self.labels)

    def __add__(self, other: "Drawings") -> "Drawings":
        return Drawings(
            np.concatenate([self.labels, other.labels]),
            self.inks + other.inks,
            np.concatenate([self.images, other.images]),
        )


@dataclass(frozen=True)
class Drifter:
    """One person."""

    name: str
    drawn: Drawings  # may be corrected
    measured: Drawings


def drifters(root: Path, seed: int, half: Half, count: int, anchor: Right) -> list[Drifter]:
    """Make `count` people; the same arguments give the same people.

    Raises:
        DataError: a stroke set is not there, or is damaged.
    """
    try:
        parts = load(root, STROKE_SETS).train
    except SetError as error:
        raise DataError(f"{error}.") from error
    sets = {part.name: part for part in parts if isinstance(part, StrokeSet)}
    rng = np.random.default_rng([seed, half == "tune"])
    people = {name: rng.permutation(_names(sets[name], half)) for name in sets}
    found = []
    for number in range(count):
        name, kinds = KINDS[number % len(KINDS)]
        turn = people[name][number // len(KINDS) % len(people[name])]
        part = sets[name]
        hand = part.take((part.groups == turn) & np.isin(part.kinds, kinds))
        found.append(_drifter(f"{turn} {kinds[-1]}", hand, rng, anchor))
    return found


def _names(part: StrokeSet, half: Half) -> Sequence[str]:
    names = sorted(set(part.groups.tolist()))
    return names[::2] if half == "tune" else names[1::2]


def _drifter(name: str, hand: StrokeSet, rng: Generator, anchor: Right) -> Drifter:
    seed = int(rng.integers(2**32))
    sample = rng.choice(len(hand), SAMPLE)
    inks = [vary_strokes(hand.inks[index], rng, REPEAT) for index in sample]
    for strength in STRENGTHS:
        warp = Warp.draw(np.random.default_rng(seed), strength)
        images = draw_all(map(warp, inks), directed=True)
        if 1 - anchor(images, hand.labels[sample]).mean() >= ERRORS:
            break
    to_draw, to_measure = _apart(hand, rng)
    drawn = _draw(hand, to_draw, DRAWN, warp, rng)
    first = _draw(hand, to_measure, _WITH_THE_REST, warp, rng)
    more = _draw(hand, to_measure, MEASURED - _WITH_THE_REST, warp, rng.spawn(1)[0])
    return Drifter(f"{name} warp {strength}", drawn, first + more)


def _apart(hand: StrokeSet, rng: Generator) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Split the models of each label, where there are several."""
    first: dict[int, list[int]] = {}
    second: dict[int, list[int]] = {}
    for label in sorted(set(hand.labels.tolist())):
        models = rng.permutation(np.flatnonzero(hand.labels == label)).tolist()
        middle = (len(models) + 1) // 2
        first[label], second[label] = models[:middle], models[middle:] or models
    return first, second


def _draw(
    hand: StrokeSet, models: dict[int, list[int]], count: int, warp: Warp, rng: Generator
) -> Drawings:
    labels = rng.permutation(np.resize(sorted(models), count)).astype(np.int64)
    turns = dict.fromkeys(models, 0)
    inks = []
    for label in labels.tolist():
        of_label = models[label]
        ink = hand.inks[of_label[turns[label] % len(of_label)]]
        turns[label] += 1
        inks.append(warp(vary_strokes(ink, rng, REPEAT)))
    return Drawings(labels, tuple(inks), draw_all(inks, directed=True))
