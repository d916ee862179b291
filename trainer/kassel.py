"""Letters cut out of handwritten words, 16x8 binary, brought into the network's geometry.

Rob Kassel's OCR set as an .npz file: `images` (n, 16, 8), `labels` (n,), `word_id` (n,). The
letters are drawn up to pen strokes with smooth edges: nearest-neighbour enlargement, a blur as
wide as the steps and a soft threshold leave smooth outlines where the pixels made stairs.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.rasterizer import BOX, CENTRE, SIDE, Raster
from trainer.characters import ImageSet

_STEP = 4  # sub-pixels along each side of a source pixel
_OVERSAMPLE = 2  # sub-pixels along each axis of the frame
_BLUR = 0.55 * _STEP  # smooths the stairs, keeps holes of one pixel open


def read_kassel(path: Path, name: str = "kassel") -> ImageSet:
    """Read the letters; the group of a letter is its word.

    Raises:
        ValueError: the file is damaged or is not this set.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels, words = archive["images"], archive["labels"], archive["word_id"]
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise ValueError(f"{path} is not the Kassel letters: {error}") from error
    filled = images.any(axis=(1, 2))
    rasters = np.stack([enlarge(image) for image in images[filled]])
    return ImageSet(name, labels[filled], words[filled].astype("<U12"), rasters)


def enlarge(image: NDArray[np.uint8]) -> Raster:
    """Return a small binary letter with its box fitted to 20 of 28, centre of mass centred."""
    binary = np.where(image > 0, 255, 0).astype(np.uint8)
    large = np.pad(binary.repeat(_STEP, axis=0).repeat(_STEP, axis=1), 2 * _STEP)
    blurred = cv2.GaussianBlur(large, (0, 0), _BLUR).astype(np.float32)
    ink = np.clip((blurred - 96.0) * 4.0, 0.0, 255.0)  # threshold below half: thin strokes survive
    rows, columns = np.nonzero(ink > 127)
    x, y = columns.min(), rows.min()
    width, height = columns.max() - x + 1, rows.max() - y + 1
    scale = BOX * _OVERSAMPLE / max(width, height)
    weight = ink.sum()
    mass_x = (ink.sum(axis=0) @ np.arange(ink.shape[1])) / weight
    mass_y = (ink.sum(axis=1) @ np.arange(ink.shape[0])) / weight
    side = SIDE * _OVERSAMPLE
    centre = CENTRE * _OVERSAMPLE - 0.5  # sub-pixel centres sit at half-integers of the frame
    matrix = np.array(
        [[scale, 0, centre - mass_x * scale], [0, scale, centre - mass_y * scale]], np.float64
    )
    placed = cv2.warpAffine(ink, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return cv2.resize(placed, (SIDE, SIDE), interpolation=cv2.INTER_AREA).round().astype(np.uint8)
