"""Pen paths written as a line of text, and the points that a pen leaves along them.

Strokes are parted by "|", their points by spaces; a point is "x,y", y down. A stroke that begins
with "~" is a smooth curve through its points, except at corners, marked "!"; any other is a
polyline. Six numbers are an arc of an ellipse: centre, radii, first and last angle in degrees
(0 right, 90 down). Knows nothing about characters, writers or pixels.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]  # (n, 2)

STEP: Final = 0.03  # distance of the points along a path, in units of its longer side
_ROUNDING: Final = 14  # passes of the smoothing that makes a path as round as it gets
_ARC_STEP: Final = 20.0  # degrees between the points that stand for an arc
_FINE: Final = 12  # points between two given ones, before they are evened out


@dataclass(frozen=True, eq=False)
class Trace:
    """A path within one unit around the origin, twice over, point for point."""

    sharp: Vectors  # (p, 2) all strokes end to end, corners as given
    round: Vectors  # (p, 2) the same points with every corner worn off
    lengths: tuple[int, ...]  # points of each stroke


@cache
def trace(path: str) -> Trace:
    """Follow a path with a pen that leaves a point every `STEP`."""
    strokes = [_controls(stroke) for stroke in path.split("|")]
    points = np.concatenate([stroke for stroke, _ in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, extent = (low + high) / 2, float((high - low).max())
    sharp = [_pen((stroke - middle) / extent, corners) for stroke, corners in strokes]
    return Trace(
        np.concatenate(sharp),
        np.concatenate([_rounded(stroke) for stroke in sharp]),
        tuple(len(stroke) for stroke in sharp),
    )


def _controls(stroke: str) -> tuple[Vectors, list[int]]:
    """Return a stroke's points and the positions of its corners, both ends included."""
    text = stroke.strip()
    smooth = text.startswith("~")
    points: list[tuple[float, float]] = []
    corners = [0]
    for token in text.removeprefix("~").split():
        numbers = [float(number) for number in token.removesuffix("!").split(",")]
        points += _arc(numbers) if len(numbers) == 6 else [(numbers[0], numbers[1])]
        if token.endswith("!") or not smooth:
            corners.append(len(points) - 1)
    return np.array(points), sorted({*corners, len(points) - 1})


def _arc(numbers: list[float]) -> list[tuple[float, float]]:
    x, y, width, height, first, last = numbers
    angles = np.deg2rad(np.linspace(first, last, 1 + round(abs(last - first) / _ARC_STEP)))
    return [(x + width * float(np.cos(a)), y + height * float(np.sin(a))) for a in angles]


def _pen(points: Vectors, corners: list[int]) -> Vectors:
    """Return points at even distances, smooth between one corner and the next."""
    parts = [_even(_smooth(points[first : last + 1])) for first, last in pairwise(corners)]
    return np.concatenate([parts[0][:1], *(part[1:] for part in parts)])


def _smooth(points: Vectors) -> Vectors:
    """Return a centripetal Catmull-Rom curve, which does not loop where its points crowd."""
    if len(points) < 3:
        return points
    gaps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))[:, None]  # (n - 1, 1)
    slopes = np.diff(points, axis=0) / gaps
    inner = (slopes[:-1] * gaps[1:] + slopes[1:] * gaps[:-1]) / (gaps[:-1] + gaps[1:])
    first, last = (3 * slopes[0] - inner[0]) / 2, (3 * slopes[-1] - inner[-1]) / 2
    tangents = np.concatenate([[first], inner, [last]])  # the ends are free: no curvature there
    t = (np.arange(1, _FINE + 1) / _FINE)[None, :, None]
    start, end = points[:-1, None], points[1:, None]
    leave, arrive = tangents[:-1, None] * gaps[:, None], tangents[1:, None] * gaps[:, None]
    chord = end - start
    curve = start + t * (
        leave + t * (3 * chord - 2 * leave - arrive + t * (leave + arrive - 2 * chord))
    )
    return np.concatenate([points[:1], curve.reshape(-1, 2)])


def _even(points: Vectors) -> Vectors:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, along[-1], 1 + max(1, round(along[-1] / STEP)))
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _rounded(points: Vectors) -> Vectors:
    for _ in range(_ROUNDING):
        points = points.copy()
        points[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return points
