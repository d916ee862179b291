"""Draws saliency: the 28x28 image with its ink coloured by what it speaks for.

Not by colour alone: ink that speaks for the label is the brighter the more it counts, ink against
it is striped as well as blue, and a frame holds what counts most. Orange and blue are told apart
with every common colour deficiency. The ground is dark, as the network's own image is, so the
picture is the same in a light and in a dark theme. Knows nothing about networks or Django.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.rasterizer import SIDE, Raster
from recognizer.saliency import TELLING, Saliency

CELL: Final = 8  # pixels of the picture for one of the image, along each side

Colours = NDArray[np.float64]  # (…, 3), blue, green, red: OpenCV's order

# From ink that does not matter to ink that matters most, either way.
_STEPS: Final = np.array([-1.0, 0.0, 0.5, 1.0])
_COLOURS: Final = np.array([[255, 140, 60], [112, 104, 100], [40, 130, 240], [150, 240, 255]])
_STRIPED: Final = -0.15  # of the scale, below which ink is striped
_FRAME: Final = (255, 255, 255)
_HALO: Final = (0, 0, 0)


def picture(raster: Raster, saliency: Saliency) -> NDArray[np.uint8]:
    """Return an image (28 * CELL, 28 * CELL, 3), blue-green-red, of an image and its saliency."""
    # Where nothing counts, nothing glows: the scale never reaches below what is worth telling.
    scale = max(float(np.abs(saliency.heat).max()), TELLING)
    strength = saliency.heat / scale  # (28, 28), -1 … 1
    cells = _colours(strength) * (raster / 255.0)[..., None]
    drawn = _enlarged(cells)
    drawn[_enlarged(strength) < _STRIPED] *= _stripes()[_enlarged(strength) < _STRIPED]
    pixels = np.rint(drawn).astype(np.uint8)
    window = saliency.decisive
    if window is not None and window.telling:
        low = (window.left * CELL, window.top * CELL)
        high = tuple(corner + window.side * CELL - 1 for corner in low)
        cv2.rectangle(pixels, low, high, _HALO, 5)
        cv2.rectangle(pixels, low, high, _FRAME, 3)
    return pixels


def png(raster: Raster, saliency: Saliency) -> bytes:
    """Return the picture as a PNG."""
    return cv2.imencode(".png", picture(raster, saliency))[1].tobytes()


def _colours(strength: NDArray[np.float64]) -> Colours:
    channels = [np.interp(strength, _STEPS, _COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1)


def _enlarged(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    return cells.repeat(CELL, axis=0).repeat(CELL, axis=1)


def _stripes() -> NDArray[np.float64]:
    """Return factors (side, side, 1) that darken every other diagonal."""
    across = np.arange(SIDE * CELL)
    diagonal = (across[:, None] + across) // (CELL // 2) % 2
    return np.where(diagonal[..., None] == 0, 1.0, 0.25)
