"""Parametric handwriting of our own: exemplars of every label without any data set.

A fresh clone has no handwriting to replay while it fine-tunes, so this writes some: a writer is
drawn from a seed and keeps slant, proportions, roundness, pen and favourite shapes from character
to character; each drawing then differs a little. Lengths are shares of a character's longer side.
The same seed gives the same bytes. Knows shapes and hands; nothing about networks or Django.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from recognizer.alphabet import LABELS
from recognizer.directions import Seen, planes
from recognizer.rasterizer import PEN, rasterise
from trainer.allographs import Allograph, allographs
from trainer.characters import ImageSet, stack_of
from trainer.paths import STEP, Trace, trace

Vectors = NDArray[np.float64]  # (n, 2)

NAME: Final = "synthesis"
_PEN_LIMITS: Final = (1.6, 4.2)
_FICKLE: Final = 0.1  # how often a writer takes any shape instead of a favourite
_WAVES: Final = 2  # plane waves that make up the wobble
_KNOTS: Final = 9  # of the tremor along all of a drawing's strokes
_LONG: Final = 0.25  # strokes shorter than this are dots: they neither overshoot nor fall short


@dataclass(frozen=True)
class WriterStyle:
    """How one person writes; what is a deviation varies from drawing to drawing."""

    slant: float  # shear of x by y; positive leans to the right
    rise: float  # shear of y by x; positive climbs
    rotation: float  # radians
    aspect: float  # log of width over height
    roundness: float  # 0: corners as defined … 1: worn off
    overshoot: float  # how far strokes run on at their ends; below 0 they leave gaps
    apart: float  # deviation of strokes against each other
    wobble: float  # deviation of each smooth wave of displacement
    tremor: float  # deviation of the noise along the pen's path
    looseness: float  # factor on how much drawings differ in slant, aspect and rotation
    pen: float  # width of the pen, in frame units of the rasteriser
    bend: tuple[float, float, float, float]  # quadratic warp that all characters share
    favourites: Mapping[str, tuple[float, ...]]  # label → share of each of its allographs


def writer_style(seed: int | tuple[int, ...]) -> WriterStyle:
    """Draw a writer; the same seed is the same person."""
    rng = np.random.default_rng(seed)
    pen = PEN * float(np.exp(rng.normal(0, 0.2)))
    bend = rng.normal(0, 0.09, 4).tolist()
    return WriterStyle(
        slant=float(np.clip(rng.normal(0.08, 0.16), -0.3, 0.5)),
        rise=float(np.clip(rng.normal(0.02, 0.04), -0.1, 0.1)),
        rotation=float(np.clip(rng.normal(0, 0.07), -0.18, 0.18)),
        aspect=float(np.clip(rng.normal(0, 0.15), -0.35, 0.35)),
        roundness=float(rng.uniform(0, 0.9)),
        overshoot=float(np.clip(rng.normal(0, 0.028), -0.06, 0.06)),
        apart=float(rng.uniform(0.004, 0.034)),
        wobble=float(rng.uniform(0.006, 0.045)),
        tremor=float(rng.uniform(0.004, 0.022)),
        looseness=float(rng.uniform(0.5, 1.5)),
        pen=min(max(pen, _PEN_LIMITS[0]), _PEN_LIMITS[1]),
        bend=(bend[0], bend[1], bend[2], bend[3]),
        favourites={label: _favourites(len(allographs(label)), rng) for label in LABELS},
    )


def _favourites(count: int, rng: Generator) -> tuple[float, ...]:
    """Return shares that favour one or two shapes and exclude none."""
    shares = (1 - _FICKLE) * rng.dirichlet(np.full(count, 0.35)) + _FICKLE / count
    return tuple((shares / shares.sum()).tolist())


def choose(label: str, style: WriterStyle, rng: Generator) -> Allograph:
    """Return the shape that this writer takes this time."""
    shapes = allographs(label)
    at = np.searchsorted(np.cumsum(style.favourites[label]), rng.random())
    return shapes[min(int(at), len(shapes) - 1)]


def draw(label: str, style: WriterStyle, rng: Generator) -> list[Vectors]:
    """Write a label in a shape of the writer's choice: strokes of shape (n, 2), y down."""
    return draw_allograph(choose(label, style, rng), style, rng)


def draw_allograph(allograph: Allograph, style: WriterStyle, rng: Generator) -> list[Vectors]:
    """Write one given shape, about one unit large around the origin."""
    shape = trace(allograph.path)
    points = shape.sharp + style.roundness * (shape.round - shape.sharp)
    points = points + _tremor(len(points), style, rng)
    points = _wobble(_move_apart(points, shape, style, rng), style, rng)
    points = points @ _affine(style, rng).T
    strokes = np.split(points, np.cumsum(shape.lengths)[:-1])
    return [_end(stroke, style, rng) for stroke in strokes]


def _tremor(count: int, style: WriterStyle, rng: Generator) -> Vectors:
    noise = rng.normal(0, style.tremor, (_KNOTS, 2))
    at, knots = np.linspace(0, _KNOTS - 1, count), np.arange(_KNOTS)
    return np.stack([np.interp(at, knots, noise[:, axis]) for axis in (0, 1)], axis=1)


def _move_apart(points: Vectors, shape: Trace, style: WriterStyle, rng: Generator) -> Vectors:
    if len(shape.lengths) == 1:
        return points
    shifts = rng.normal(0, style.apart, (len(shape.lengths), 2))
    return points + np.repeat(shifts, shape.lengths, axis=0)


def _wobble(points: Vectors, style: WriterStyle, rng: Generator) -> Vectors:
    """Warp smoothly: by the writer's own bend, and by waves that are new each time."""
    warped = points + points**2 @ np.array(style.bend).reshape(2, 2).T
    angles = rng.uniform(0, 2 * np.pi, _WAVES)
    cycles = 2 * np.pi * rng.uniform(0.4, 1.3, _WAVES)
    directions = np.stack([np.cos(angles), np.sin(angles)]) * cycles  # (2, waves)
    heights = rng.normal(0, style.wobble, (_WAVES, 2))
    return warped + np.sin(points @ directions + rng.uniform(0, 2 * np.pi, _WAVES)) @ heights


def _affine(style: WriterStyle, rng: Generator) -> NDArray[np.float64]:
    slant, rise, rotation, aspect = rng.normal(
        (style.slant, style.rise, style.rotation, style.aspect),
        np.multiply((0.04, 0.015, 0.03, 0.05), style.looseness),
    )
    turn = np.array(
        [[np.cos(rotation), np.sin(rotation)], [-np.sin(rotation), np.cos(rotation)]]
    )  # positive turns upwards to the right, as `rise` does
    shear = np.array([[1.0, -slant], [-rise, 1.0]])  # y points down
    return turn @ shear @ np.diag(np.exp([aspect / 2, -aspect / 2]))


def _end(stroke: Vectors, style: WriterStyle, rng: Generator) -> Vectors:
    """Let both ends of a stroke run on or fall short."""
    if len(stroke) * STEP < _LONG:
        return stroke
    first, last = rng.normal(style.overshoot, 0.012, 2)
    return _run_on(_run_on(stroke, float(last))[::-1], float(first))[::-1]


def _run_on(stroke: Vectors, distance: float) -> Vectors:
    if distance < 0:
        return stroke[: len(stroke) - round(-distance / STEP)]
    direction = stroke[-1] - stroke[-3]
    length = float(np.hypot(direction[0], direction[1]))
    if length == 0:
        return stroke
    return np.concatenate([stroke, stroke[-1:] + direction * (distance / length)])


def exemplars(seed: int, writers: int, per_label: int, *, directed: bool = False) -> ImageSet:
    """Let `writers` people write every label `per_label` times each.

    Returns:
        writers * 36 * per_label images, writer by writer and label by label; `groups` names the
        writer. A writer writes the same however many others there are. With `directed` each image
        comes with the pen's directions.
    """
    images: list[Seen] = []
    characters: list[str] = []
    groups: list[str] = []
    for writer in range(writers):
        style = writer_style((seed, writer, 0))
        rng = np.random.default_rng((seed, writer, 1))
        for label in LABELS:
            for _ in range(per_label):
                allograph = choose(label, style, rng)
                strokes = draw_allograph(allograph, style, rng)
                draw = planes if directed else rasterise
                images.append(draw(strokes, pen=style.pen))
                characters.append(allograph.character)
                groups.append(f"{NAME}/{writer:05d}")
    drawn = stack_of(images, directed=directed)
    return ImageSet(NAME, np.array(characters, "<U1"), np.array(groups, "<U32"), drawn)
