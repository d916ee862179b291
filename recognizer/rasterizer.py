"""Drawing → 28x28 image. The only place in the project that draws ink.

Live prediction, training, thumbnails and export all call `rasterise`, so what the network sees
is what it was trained on. The geometry follows MNIST (LeCun et al. 1998): the ink's bounding box
fits a square of 20 in a frame of 28, its centre of mass in the middle of pixel (14, 14). It is
done on vectors, before any pixel exists, so tiny or off-centre drawings lose nothing. Knows
nothing about networks, Django or where drawings come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.strokes import Points

Raster = NDArray[np.uint8]  # (side, side): 0 paper … 255 ink

SIDE = 28
CENTRE = 14.5  # where the centre of mass goes: the middle of pixel 14, as in MNIST
BOX = 20.0  # the ink's longer side, in frame units of 1/28
PEN = 2.4  # width of the pen, in frame units
_OVERSAMPLE = 8  # sub-pixels along each axis; their mean is the anti-aliasing
_SHIFT = 4  # fractional bits of the fixed-point coordinates given to OpenCV


@dataclass(frozen=True)
class Placement:
    """Where normalisation puts ink: frame = points * scale + offset (frame units, y down)."""

    scale: float
    offset: NDArray[np.float64]  # (2,)


def is_degenerate(strokes: Sequence[Points]) -> bool:
    """Tell whether there is no extent to normalise: no ink at all, or a single dot."""
    filled = [points for points in strokes if len(points)]
    if not filled:
        return True
    first = filled[0][0]
    # Two points settle it for nearly every drawing.
    differs = filled[-1][-1].tolist() != first.tolist()
    return not differs and all((points == first).all() for points in filled)


def place(strokes: Sequence[Points], pen: float = PEN) -> Placement:
    """Compute the placement that puts the ink's box into 20 of 28, centre of mass centred.

    The centre of mass is that of the swept pen: each segment weighs its length, each stroke's
    ends add half a round cap each. Degenerate ink keeps scale 1 and goes to the centre.

    Args:
        strokes: at least one point in all; each of shape (n, 2).
        pen: width of the pen in frame units.
    """
    filled = [points for points in strokes if len(points)]
    points = np.concatenate(filled)  # (p, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float(max(high - low))
    scale = (BOX - pen) / extent if extent > 0 else 1.0

    ends = np.array([*accumulate(len(part) for part in filled)]) - 1
    starts = np.array([0, *(ends[:-1] + 1)])
    steps = points[1:] - points[:-1]  # (p - 1, 2)
    weights = np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2) * scale
    weights[ends[:-1]] = 0.0  # from one stroke's end to the next one's start no ink flows
    cap = np.pi * pen / 8
    tips = (points[starts] + points[ends]).sum(axis=0)
    mass = weights.sum() + 2 * cap * len(filled)
    centre = (weights @ (points[:-1] + steps / 2) + cap * tips) / mass

    offset = CENTRE - centre * scale
    margin = pen / 2  # ink stays inside the frame even where mass and box disagree
    offset = np.clip(offset, margin - low * scale, SIDE - margin - high * scale)
    return Placement(scale, offset)


def rasterise(
    strokes: Sequence[Points],
    side: int = SIDE,
    pen: float = PEN,
    placement: Placement | None = None,
) -> Raster:
    """Draw strokes as the network sees them, anti-aliased; the same input gives the same bytes.

    Args:
        strokes: arrays of shape (n, 2), any units; a stroke of one point is a dot.
        side: pixels along each side (28 for the network, more for thumbnails).
        pen: width of the pen in 1/28 of the side.
        placement: what `place` says of these strokes, where it was asked before.

    Returns:
        uint8 array of shape (side, side), 0 where there is no ink.
    """
    canvas = np.zeros((side * _OVERSAMPLE, side * _OVERSAMPLE), np.uint8)
    if any(len(points) for points in strokes):
        placement = placement or place(strokes, pen)
        unit = side * _OVERSAMPLE / SIDE
        factor = placement.scale * unit * (1 << _SHIFT)
        # Sub-pixel centres sit at half-integers of the frame, OpenCV's at integers.
        offset = (placement.offset * unit - 0.5) * (1 << _SHIFT)
        lines = [np.rint(p * factor + offset).astype(np.int32) for p in strokes if len(p)]
        # OpenCV draws nothing for a line of one point: a dot goes from its point to the same.
        lines = [line if len(line) > 1 else np.repeat(line, 2, axis=0) for line in lines]
        cv2.polylines(canvas, lines, False, 255, max(1, round(pen * unit)), cv2.LINE_8, _SHIFT)
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
