"""Pictures of a correction: PNG thumbnails, and its strokes as vectors that can be replayed.

Everything is drawn or placed by the one rasteriser. Knows nothing about Django.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recognizer.rasterizer import Raster, place
from recognizer.strokes import Points, Sample

Moments = NDArray[np.float64]  # (n,), ms

LONGEST_PAUSE = 250.0  # ms between strokes in a replay: nobody wants to wait with the writer
LONGEST_REPLAY = 4000.0  # ms
SPEED = 0.05  # frame units a millisecond where the client gave no times: a second for a character


@dataclass(frozen=True)
class Trace:
    """One stroke, ready for an SVG polyline in the frame of the rasteriser (28 by 28)."""

    points: str  # "x,y x,y …"
    times: str  # ms since the start of the replay, one for each point


def png(raster: Raster) -> bytes:
    """Return a PNG of black ink on a transparent ground; the page decides what lies under it."""
    ink = Image.fromarray(raster)
    picture = Image.merge("LA", (Image.new("L", ink.size, 0), ink))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def traces(strokes: Sequence[Sequence[Sample]]) -> list[Trace]:
    """Place strokes as the rasteriser does and give each point its moment in a replay."""
    filled = [stroke for stroke in strokes if stroke]
    if not filled:
        return []
    arrays = [np.array([sample[:2] for sample in stroke], np.float64) for stroke in filled]
    placement = place(arrays)
    placed = [points * placement.scale + placement.offset for points in arrays]  # (n, 2) each
    moments = _moments(filled, placed)
    return [
        Trace(
            " ".join(f"{x:.2f},{y:.2f}" for x, y in _drawable(points)),
            " ".join(str(round(moment)) for moment in _drawable(times)),
        )
        for points, times in zip(placed, moments, strict=True)
    ]


def _drawable(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """SVG draws nothing for a line of one point; it draws a dot for one of no length."""
    return values if len(values) > 1 else np.repeat(values, 2, axis=0)


def _moments(strokes: Sequence[Sequence[Sample]], placed: Sequence[Points]) -> list[Moments]:
    """When each point appears: as it was drawn, with long pauses and long drawings shortened."""
    moments: list[Moments] = []
    end, last = 0.0, math.nan
    for samples, points in zip(strokes, placed, strict=True):
        times, timed = _times(samples, points)
        pause = times[0] - last if timed else math.nan
        pause = min(max(pause, 0.0), LONGEST_PAUSE) if math.isfinite(pause) else LONGEST_PAUSE
        moments.append(times - times[0] + (end + pause if moments else 0.0))
        end, last = float(moments[-1][-1]), float(times[-1]) if timed else math.nan
    return [times * min(1.0, LONGEST_REPLAY / max(end, 1.0)) for times in moments]


def _times(samples: Sequence[Sample], points: Points) -> tuple[Moments, bool]:
    """Return the client's times where it gave them and they never run back, else an even pace."""
    if all(len(sample) > 2 for sample in samples):
        given = np.array([sample[2] for sample in samples], np.float64)
        if (np.diff(given) >= 0).all():
            return given, True
    steps = np.hypot(*np.diff(points, axis=0).T)  # (n - 1,)
    return np.concatenate([[0.0], np.cumsum(steps)]) / SPEED, False
