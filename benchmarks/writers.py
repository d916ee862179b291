"""People to learn from: the held-out writers of the stroke files, and pseudo-writers made of them.

Of the real people only those of pendigits (and, with two drawings of each digit, of uji2) drew a
character more than once, so that some drawings can be corrected and others measured. So more
people are made of the held-out drawings: a pseudo-writer is real ink under one fixed warp (affine
and smooth), the same for everything that "this person" draws, just strong enough that the network
misreads the asked-for share. Where there is one drawing of a character, the pseudo-writer repeats
it with small variations.

No drawing is in both halves: each half has its own real writers. Knows nothing about memories.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.handwriting import STROKE_SETS, DataError
from recognizer.directions import planes
from recognizer.strokes import Ink
from trainer.augment import StrokeVariation, vary_strokes
from trainer.characters import StrokeSet
from trainer.stroke_files import StrokeFileError, read_strokes

Half = Literal["tune", "report"]
Group = Literal["real digits", "warped digits", "warped characters"]
Labels = NDArray[np.intp]
Rasters = NDArray[np.uint8]
ErrorRate = Callable[[Rasters, Labels], float]  # of the network, on drawings of shape (n, 28, 28)

ERRORS: Final = (0.05, 0.15)  # how much of a pseudo-writer the network misreads
STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)  # of a warp: the least that does
SAMPLE: Final = 200  # drawings on which a strength is tried
WARPS: Final = {"warped digits": 4, "warped characters": 2}  # per real writer
REPEATS: Final = 40  # of each character, where there is one drawing of it

# How two drawings of one character by one hand differ: scaled so that the median cosine of their
# features is that of the real writers of pendigits and uji2 (0.97 to 0.98).
REPEAT: Final = StrokeVariation(
    rotation=5.0, shear=0.1, aspect=0.13, bend=0.05, wave=0.023, apart=0.033, stroke_scale=0.065,
    tremor=0.01, unfinished=0.03, coarse=0.0, sparse=0.0,
)  # fmt: skip

AGAIN: Final = StrokeVariation(
    rotation=1.5, shear=0.03, aspect=0.04, bend=0.015, wave=0.007, apart=0.01, stroke_scale=0.02,
    tremor=0.004, unfinished=0.0, coarse=0.0, sparse=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class Writer:
    """One person's drawings, in the order in which they were drawn."""

    name: str
    group: Group
    labels: Labels  # (n,) indices into LABELS
    inks: tuple[Ink, ...]

    def rasters(self) -> Rasters:
        """Return what a network sees, (n, 5, 28, 28)."""
        return np.stack([planes(ink) for ink in self.inks])


@dataclass(frozen=True)
class Warp:
    """What makes a hand this hand: one displacement for every drawing, in units of its size."""

    matrix: NDArray[np.float64]  # (2, 2)
    bend: NDArray[np.float64]  # (2, 2)
    waves: NDArray[np.float64]  # (2, w)
    phases: NDArray[np.float64]  # (w,)
    heights: NDArray[np.float64]  # (w, 2)

    @classmethod
    def draw(cls, rng: Generator, strength: float, waves: int = 3) -> "Warp":
        """Draw a hand; `strength` scales every deviation, the same seed keeps their directions."""
        turn, slant, aspect = rng.normal(size=3) * strength
        angle = np.deg2rad(9 * turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        stretch = np.exp(0.1 * aspect)
        directions = rng.uniform(0, 2 * np.pi, waves)
        cycles = rng.uniform(0.4, 1.3, waves) * 2 * np.pi
        return cls(
            matrix=rotation @ [[stretch, 0.3 * slant], [0.0, 1 / stretch]],
            bend=rng.normal(0, 0.15, (2, 2)) * strength,
            waves=np.stack([np.cos(directions), np.sin(directions)]) * cycles,
            phases=rng.uniform(0, 2 * np.pi, waves),
            heights=rng.normal(0, 0.035, (waves, 2)) * strength,
        )

    def __call__(self, ink: Ink) -> Ink:
        """Return the same character as this hand draws it."""
        points = np.concatenate(ink)
        low, high = points.min(axis=0), points.max(axis=0)
        size = float((high - low).max()) or 1.0
        unit = (points - (low + high) / 2) / size  # within ±0.5
        unit = unit + unit**2 @ self.bend.T
        unit = unit + np.sin(unit @ self.waves + self.phases) @ self.heights
        ends = np.cumsum([len(part) for part in ink])[:-1]
        return tuple(np.split(unit @ self.matrix.T, ends))


def writers(root: Path, seed: int, half: Half, error_rate: ErrorRate) -> Iterator[Writer]:
    """Yield everybody of one half, real and made; the same arguments give the same people.

    Raises:
        DataError: there is no stroke file below `root`, or one is damaged.
    """
    everybody = {name: _by_writer(root, name, half) for name in STROKE_SETS}
    if not any(everybody.values()):
        raise DataError(
            f"There are no stroke files below {root}: name the folder that has "
            f"{STROKE_SETS['pendigits'][0]} and the like with --data-dir or DIGITSITE_DATA_DIR."
        )
    yield from map(_real_digits, everybody["uji2"])
    for person in everybody["pendigits"]:
        real = _real_digits(person)
        yield real
        for number in range(WARPS["warped digits"]):
            rng = np.random.default_rng([seed, number, *real.name.encode()])
            yield from _warped(real, number, "warped digits", rng, error_rate)
    for source in _characters(everybody):
        for number in range(WARPS["warped characters"]):
            rng = np.random.default_rng([seed, number, *source.name.encode()])
            repeated = _repeated(source, rng)
            yield from _warped(repeated, number, "warped characters", rng, error_rate)


def _by_writer(root: Path, name: str, half: Half) -> list[StrokeSet]:
    """Read one half of the writers set aside, one set each, in the order of their names."""
    path, count = STROKE_SETS[name]
    if not (root / path).exists():
        return []
    try:
        drawings = read_strokes(root / path, name)
    except StrokeFileError as error:
        raise DataError(f"{error}.") from error
    last = sorted(set(drawings.groups))[-count:]
    chosen = last[: count // 2] if half == "tune" else last[count // 2 :]
    return [drawings.take(drawings.groups == writer) for writer in chosen]


def _real_digits(person: StrokeSet) -> Writer:
    return Writer(person.groups[0], "real digits", person.labels, person.inks)


def _characters(everybody: dict[str, list[StrokeSet]]) -> Iterator[Writer]:
    """Yield hands that know all 36 labels, one case each."""
    for person in everybody["chars74k"]:
        for case in ("lower", "upper"):
            hand = person.take(np.isin(person.kinds, ["digit", case]))
            name = f"{person.groups[0]} {case}"
            yield Writer(name, "warped characters", hand.labels, hand.inks)
    # Omniglot has no digits: somebody from uji2 lends theirs.
    for letters, digits in zip(everybody["omniglot"], everybody["uji2"], strict=False):
        yield Writer(
            f"{letters.groups[0]} {digits.groups[0]}",
            "warped characters",
            np.concatenate([digits.labels, letters.labels]),
            digits.inks + letters.inks,
        )


def redraw(ink: Ink, rng: Generator) -> Ink:
    """Draw nearly the same once more, as somebody does who tries the same character again."""
    return vary_strokes(ink, rng, AGAIN)


def _repeated(source: Writer, rng: Generator) -> Writer:
    """Draw every character REPEATS times, from the drawings that there are of it in turn."""
    labels, inks = [], []
    for label in sorted(set(source.labels.tolist())):
        models = [source.inks[index] for index in np.flatnonzero(source.labels == label)]
        for number in range(REPEATS):
            labels.append(label)
            inks.append(vary_strokes(models[number % len(models)], rng, REPEAT))
    order = rng.permutation(len(labels))
    return Writer(
        source.name,
        source.group,
        np.array(labels, np.intp)[order],
        tuple(inks[index] for index in order),
    )


def _warped(
    source: Writer, number: int, group: Group, rng: Generator, error_rate: ErrorRate
) -> Iterator[Writer]:
    """Yield the source under its next warp, if some strength gives the asked-for errors."""
    seed = int(rng.integers(2**32))
    sample = rng.permutation(len(source.inks))[:SAMPLE]
    for strength in STRENGTHS:
        warp = Warp.draw(np.random.default_rng(seed), strength)
        rasters = np.stack([planes(warp(source.inks[index])) for index in sample])
        errors = error_rate(rasters, source.labels[sample])
        if errors >= ERRORS[0]:
            if errors <= ERRORS[1]:
                inks = tuple(warp(ink) for ink in source.inks)
                name = f"{source.name} warp {number} strength {strength}"
                yield Writer(name, group, source.labels, inks)
            return
