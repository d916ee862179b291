"""A pen on the page: a character becomes the frames that the page would send, and when.

Follows static/js: coordinates of the canvas are integers in 0..1000, near samples are thinned out
(strokes.js), points go at most every 40 ms, and at once when the pen lifts (throttle.js, live.js).
Pure: knows nothing about sockets or clocks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.handwriting import Character, TimedPoints
from recognizer.rasterizer import is_degenerate
from recognizer.strokes import Ink

CANVAS: Final = 1000.0  # units along each side
WIDTH: Final = 600.0  # longer side of a character as people draw it on the page
RATE: Final = 120.0  # points a second where the file has no times: a usual pen or screen
LIFT: Final = 0.2  # s between strokes where the file has no times
LONGEST_WAIT: Final = 1.0  # s; who stopped to think for longer is not waited for
INTERVAL: Final = 0.040  # s between frames with points
SPACING: Final = CANVAS / 400  # nearer samples are not sent
TAP: Final = CANVAS / 100  # smaller strokes are dots

Point = list[int]  # x, y
Stroke = list[tuple[float, Point]]  # points that are sent, with the time of each in s


@dataclass(frozen=True)
class Batch:
    """Points of one stroke that go in one frame."""

    at: float  # s after the pen first touched
    stroke: int
    start: int  # index of the first point in its stroke
    points: list[Point]
    newest: float  # when the pen was at the last of the points


@dataclass(frozen=True)
class Replay:
    """A character as frames."""

    character: Character
    batches: tuple[Batch, ...]
    down: tuple[tuple[float, float], ...]  # from pen-down to pen-up, one a stroke, in s

    @property
    def pen_seconds(self) -> float:
        """Time with the pen on the canvas."""
        return sum(end - begin for begin, end in self.down)


def replay(character: Character) -> Replay:
    """Work out what the page would send, and when."""
    placed = on_canvas(character.strokes)
    times = pace(character.strokes)
    strokes = [thin(xy, t) for xy, t in zip(placed, times, strict=True)]
    down = tuple((float(t[0]), float(t[-1])) for t in times)
    return Replay(character, tuple(batches(strokes, down)), down)


def on_canvas(strokes: tuple[TimedPoints, ...]) -> list[np.ndarray]:
    """Scale the longer side to WIDTH and centre the box on the canvas."""
    points = np.concatenate([stroke[:, :2] for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    scale = WIDTH / extent if extent > 0 else 1.0
    return [(stroke[:, :2] - (low + high) / 2) * scale + CANVAS / 2 for stroke in strokes]


def pace(strokes: tuple[TimedPoints, ...]) -> list[np.ndarray]:
    """Return the time of each point in s, from 0: the file's times, or RATE where it has none."""
    times = []
    begin = 0.0
    for index, stroke in enumerate(strokes):
        given = stroke[:, 2] / 1000
        if np.isnan(given).any():
            begin += LIFT if index else 0.0
            times.append(begin + np.arange(len(stroke)) / RATE)
        else:
            last = strokes[index - 1][-1, 2] / 1000 if index else given[0]
            steps = np.diff(given, prepend=last)
            # A few clocks went backwards.
            times.append(begin + np.clip(steps, 0.0, LONGEST_WAIT).cumsum())
        begin = float(times[-1][-1])
    return times


def thin(xy: np.ndarray, times: np.ndarray) -> Stroke:
    """Leave out what the page leaves out (class Stroke of strokes.js), and round."""
    samples = [(float(x), float(y)) for x, y in xy]
    kept: Stroke = [(float(times[0]), _rounded(samples[0]))]
    beyond = (i for i, sample in enumerate(samples) if math.dist(sample, samples[0]) >= TAP)
    left = next(beyond, None)
    if left is None:  # a dot, however the pen trembled
        return kept
    for sample, at in zip(samples[1:], times[1:], strict=True):
        if math.dist(sample, kept[-1][1]) >= SPACING:
            # Until it left the dot, the page did not know that this was more than one.
            kept.append((float(max(at, times[left])), _rounded(sample)))
    end = _rounded(samples[-1])
    if end != kept[-1][1]:  # the last point counts however near it is
        kept.append((float(times[-1]), end))
    return kept


def batches(strokes: list[Stroke], down: tuple[tuple[float, float], ...]) -> Iterator[Batch]:
    """Gather points as the page's throttle does: on both edges, and at once at pen-up."""
    last = -math.inf
    for index, (stroke, (_, up)) in enumerate(zip(strokes, down, strict=True)):
        start = 0
        while start < len(stroke):
            at = min(max(stroke[start][0], last + INTERVAL), max(up, stroke[start][0]))
            end = start
            while end < len(stroke) and stroke[end][0] <= at:
                end += 1
            due = stroke[start:end]
            yield Batch(at, index, start, [point for _, point in due], due[-1][0])
            last, start = at, end
        last = max(last, up)  # pen-up flushes, even when there is nothing left to send


def inks(batches: tuple[Batch, ...]) -> list[Ink]:
    """Return the drawing as it stands after each batch."""
    strokes: list[list[Point]] = []
    drawings = []
    for batch in batches:
        if batch.stroke == len(strokes):
            strokes.append([])
        strokes[batch.stroke].extend(batch.points)
        drawings.append(tuple(np.array(points, np.float64) for points in strokes))
    return drawings


@dataclass(frozen=True)
class Growth:
    """A character as it grows, from the first batch with which there is something to read.

    The answer to less (a single dot) costs neither raster nor model and would flatter a server.
    """

    first: list[list[Point]]  # strokes so far
    rest: tuple[Batch, ...]
    inks: tuple[Ink, ...]  # the drawing at each of the 1 + len(rest) stages


def growth(replayed: Replay) -> Growth | None:
    """Return the stages of a character, or None for one that is only a dot."""
    stages = inks(replayed.batches)
    for index, ink in enumerate(stages):
        if not is_degenerate(ink):
            first = [[[int(x), int(y)] for x, y in points] for points in ink]
            return Growth(first, replayed.batches[index + 1 :], tuple(stages[index:]))
    return None


def _rounded(sample: tuple[float, float]) -> Point:
    # Halves go up, as in Math.round.
    return [math.floor(sample[0] + 0.5), math.floor(sample[1] + 0.5)]
