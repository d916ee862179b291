"""What a pen left behind: strokes and drawings, bounds-checked, in the units of whoever drew them.

Strokes are the truth that everything else is computed from. This module knows nothing about
pixels, networks, sockets or Django.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (n, 2): x, y with y growing down
Ink = tuple[Points, ...]  # one array a stroke, in drawing order
Sample = Sequence[float]  # x, y or x, y, t with t in milliseconds

MAX_COORDINATE = 1e6


class DrawingError(ValueError):
    """A change that a drawing refuses; `code` is the wire code of the reason."""

    code: ClassVar[Literal["field", "gap", "limit"]] = "field"


class GapError(DrawingError):
    """Points that do not follow on from what is known: something between was lost."""

    code = "gap"


class LimitError(DrawingError):
    """More strokes or points than a drawing may hold."""

    code = "limit"


@dataclass(frozen=True)
class Limits:
    """How large a drawing may grow."""

    strokes: int = 500
    points: int = 5000


class Stroke:
    """The points from one pen-down to its pen-up, kept flat so that appending is cheap."""

    __slots__ = ("_times", "_xy")

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._xy = array("d")
        self._times = array("d")  # NaN where the client gave no time
        self.extend(samples)

    def __len__(self) -> int:
        return len(self._times)

    def extend(self, samples: Iterable[Sample]) -> None:
        """Append samples that are already checked."""
        for sample in samples:
            self._xy.extend(sample[:2])
            self._times.append(sample[2] if len(sample) > 2 else math.nan)

    def points(self) -> Points:
        """Return a copy of the points as an array of shape (n, 2)."""
        return np.array(self._xy).reshape(-1, 2)

    def samples(self) -> list[list[float]]:
        """Return the points as they came: [x, y] or [x, y, t]."""
        pairs = zip(self._xy[::2], self._xy[1::2], self._times, strict=True)
        return [[x, y] if math.isnan(t) else [x, y, t] for x, y, t in pairs]


class Drawing:
    """All strokes on one canvas. Every change is checked first and happens whole or not at all.

    A stroke without points, as of a pen that has only just come down, keeps its number and can be
    undone, but it is no ink: nobody else sees it.
    """

    __slots__ = ("_limits", "_points", "_strokes")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._strokes: list[Stroke] = []
        self._points = 0

    @classmethod
    def of(cls, strokes: Sequence[Sequence[Sample]], limits: Limits | None = None) -> "Drawing":
        """Build a drawing from nested lists.

        Raises:
            LimitError: too many strokes or points.
            DrawingError: a coordinate is not finite or out of range.
        """
        drawing = cls(limits)
        drawing.replace(strokes)
        return drawing

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return self._points > 0

    def __iter__(self) -> Iterator[Stroke]:
        return (stroke for stroke in self._strokes if len(stroke))

    @property
    def point_count(self) -> int:
        """The number of points in all strokes."""
        return self._points

    def append(self, stroke: int, start: int, samples: Sequence[Sample]) -> None:
        """Append `samples` to stroke number `stroke`, the first of them at point index `start`.

        What is already known is ignored, so sending the same points twice is harmless.

        Raises:
            GapError: the stroke or the point before the first sample is not known.
            LimitError: the drawing would outgrow its limits.
            DrawingError: a coordinate is not finite or out of range.
        """
        if stroke > len(self._strokes):
            raise GapError(f"stroke {stroke} came before stroke {len(self._strokes)}")
        known = len(self._strokes[stroke]) if stroke < len(self._strokes) else 0
        if start > known:
            raise GapError(f"stroke {stroke} has {known} points, yet these start at {start}")
        fresh = samples[known - start :]
        check_samples(fresh)
        self._check_size(max(len(self._strokes), stroke + 1), self._points + len(fresh))
        if stroke == len(self._strokes):
            self._strokes.append(Stroke())
        self._strokes[stroke].extend(fresh)
        self._points += len(fresh)

    def replace(self, strokes: Sequence[Sequence[Sample]]) -> None:
        """Put `strokes` in the place of the whole drawing (see `of` for what it refuses)."""
        points = sum(len(samples) for samples in strokes)
        self._check_size(len(strokes), points)
        for samples in strokes:
            check_samples(samples)
        self._strokes = [Stroke(samples) for samples in strokes]
        self._points = points

    def undo(self) -> None:
        """Remove the last stroke, if there is one."""
        if self._strokes:
            self._points -= len(self._strokes.pop())

    def clear(self) -> None:
        """Remove every stroke."""
        self._strokes = []
        self._points = 0

    def ink(self) -> Ink:
        """Return a snapshot for the rasteriser: one (n, 2) array a stroke."""
        return tuple(stroke.points() for stroke in self)

    def samples(self) -> list[list[list[float]]]:
        """Return the drawing as nested lists, the form in which it travels and is stored."""
        return [stroke.samples() for stroke in self]

    def _check_size(self, strokes: int, points: int) -> None:
        if strokes > self._limits.strokes:
            raise LimitError(f"a drawing holds at most {self._limits.strokes} strokes")
        if points > self._limits.points:
            raise LimitError(f"a drawing holds at most {self._limits.points} points")


def check_samples(samples: Sequence[Sample]) -> None:
    """Refuse samples that are not two or three finite numbers in range.

    Raises:
        DrawingError: naming the first offending value.
    """
    for sample in samples:
        if not 2 <= len(sample) <= 3:
            raise DrawingError("a point is [x, y] or [x, y, t]")
        for value in sample[:2]:
            if not abs(value) <= MAX_COORDINATE:  # also false for NaN
                raise DrawingError(f"coordinates are finite and within ±{MAX_COORDINATE:.0f}")
        if len(sample) == 3 and not math.isfinite(sample[2]):
            raise DrawingError("times are finite milliseconds")
