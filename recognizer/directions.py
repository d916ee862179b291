"""Drawing → what the network sees of it: the image, and which way the pen was moving.

A picture of an r may be that of a v; the pen's path is not. Four planes beside the image say where
the pen moved right, left, down and up, as the direction maps of online recognition do (Bai and Huo
2005, "A study on the use of 8-directional features for online handwritten Chinese character
recognition"). An uploaded picture has none: there they are 0, and a network that was trained with
some of them left out reads it as an image.

Knows nothing about networks or where drawings come from.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.rasterizer import PEN, SIDE, Placement, Raster, place, rasterise
from recognizer.strokes import Points

Planes = NDArray[np.uint8]  # (5, 28, 28): the image, then right, left, down, up
Seen = Raster | Planes  # what a network is shown of one drawing

WAYS: Final = ("right", "left", "down", "up")  # of the planes after the image, in their order
PLANES: Final = 1 + len(WAYS)
_OVERSAMPLE: Final = 3
_STEP: Final = 1.5  # frame units between the points that say which way the pen moves
_MOST: Final = 512  # steps, and one for each stroke: a scribble must not hold up everybody else
_SHIFT: Final = 4  # fractional bits of the coordinates given to OpenCV


def planes(strokes: Sequence[Points], pen: float = PEN, raster: Raster | None = None) -> Planes:
    """Draw strokes of shape (n, 2) each; the same input gives the same bytes.

    In the planes of direction a pixel is 255 where the pen moved just that way when it was there
    last, and the cosine's share of it where it moved aslant. A dot has no direction, nor has what
    is too small to be drawn. `raster` is their image, where it was drawn before.
    """
    drawn = np.zeros((PLANES, SIDE, SIDE), np.uint8)
    moved = [points for points in strokes if len(points) > 1]
    placement = place(strokes, pen) if moved else None
    drawn[0] = rasterise(strokes, pen=pen, placement=placement) if raster is None else raster
    if placement and drawn[0].any():
        canvas = np.zeros((SIDE * _OVERSAMPLE, SIDE * _OVERSAMPLE, PLANES - 1), np.uint8)
        _draw(canvas, *_steps(moved, placement), max(1, round(pen * _OVERSAMPLE)))
        small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        drawn[1:] = small.transpose(2, 0, 1)
    return drawn


def undirected(raster: Raster) -> Planes:
    """Return what the network sees of a picture (28, 28), whose directions nobody knows."""
    drawn = np.zeros((PLANES, SIDE, SIDE), np.uint8)
    drawn[0] = raster
    return drawn


def picture_of(seen: Seen) -> Raster:
    """Return the image (28, 28) of what a network is shown."""
    return seen if seen.ndim == 2 else seen[0]


def _steps(strokes: Sequence[Points], placement: Placement) -> tuple[Points, Points]:
    """Return where short steps along the strokes begin and end, in frame units, (s, 2) each.

    They are about `_STEP` long wherever the points were: hands and devices tremble. Of a path so
    long that they would be more than `_MOST` they are longer.
    """
    points = np.concatenate(strokes) * placement.scale + placement.offset
    ends = np.array([*accumulate(len(part) for part in strokes)])
    steps = points[1:] - points[:-1]
    lengths = np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2)
    lengths[ends[:-1] - 1] = 1.0  # any gap will do: nothing is drawn between two strokes
    along = np.concatenate([[0.0], lengths.cumsum()])  # of each point, over all strokes
    starts, stops = along[[0, *ends[:-1]]].tolist(), along[ends - 1].tolist()
    step = max(_STEP, along[-1] / _MOST)
    places = [
        np.linspace(start, stop, int((stop - start) / step) + 2)
        for start, stop in zip(starts, stops, strict=True)
    ]
    x, y = (np.interp(np.concatenate(places), along, points[:, axis]) for axis in (0, 1))
    path = np.stack([x, y], axis=1)
    within = np.ones(len(path) - 1, bool)  # and not from one stroke to the next
    within[np.array([*accumulate(len(part) for part in places[:-1])], int) - 1] = False
    return path[:-1][within], path[1:][within]


def _draw(canvas: NDArray[np.uint8], starts: Points, stops: Points, width: int) -> None:
    """Draw steps in the colours of their directions: four channels for right, left, down, up."""
    steps = stops - starts
    lengths = np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2)
    moved = lengths > 0  # a tap erases nothing
    starts, stops = starts[moved], stops[moved]
    ways = steps[moved] * (255 / lengths[moved])[:, None]
    colours = np.stack([ways[:, 0], -ways[:, 0], ways[:, 1], -ways[:, 1]], axis=1)
    # Sub-pixel centres sit at half-integers of the frame, OpenCV's at integers.
    unit = _OVERSAMPLE * (1 << _SHIFT)
    lines = np.rint(np.concatenate([starts, stops], axis=1) * unit - (1 << _SHIFT) / 2)
    for (x0, y0, x1, y1), colour in zip(
        lines.astype(int).tolist(), np.rint(colours).clip(0).tolist(), strict=True
    ):
        cv2.line(canvas, (x0, y0), (x1, y1), colour, width, cv2.LINE_8, _SHIFT)
