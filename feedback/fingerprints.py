"""When two drawings are one drawing: hashes that find copies, and the look that decides.

A difference hash is quick to compare but coarse: of 158,000 pairs of drawings by different people
with the same label, 7 % are within 4 of its 64 bits. So the hash only finds candidates, and the
pictures decide. Pure; knows nothing about rows.
"""

import hashlib
from typing import Any, Final

import cv2
import numpy as np

from recognizer.rasterizer import Raster

NEAR_BITS: Final = 4
# Of the 11,000 pairs within 4 bits only 29 are this alike; a drawing whose points tremble by half
# a percent of its size is this like itself 99 times in 100.
_ALIKE: Final = 0.98  # cosine of the pixels


def ink_hash(raster: Raster) -> str:
    """Return the digest by which exactly equal pictures are found."""
    return hashlib.sha256(raster.tobytes()).hexdigest()


def near_hash(raster: Raster) -> str:
    """Return the 64-bit difference hash as 16 hexadecimal digits.

    One bit for each of 8x8 cells: whether there is more ink to its right.
    """
    small = cv2.resize(raster, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()


def distance(one: str, other: str) -> int:
    """Return in how many bits two difference hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def alike(one: Raster, other: Raster) -> bool:
    """Tell whether two pictures show the same drawing, but for a tremble."""
    a: np.ndarray[Any, np.dtype[np.float64]] = one.ravel().astype(np.float64)
    b: np.ndarray[Any, np.dtype[np.float64]] = other.ravel().astype(np.float64)
    return bool(a @ b >= _ALIKE * np.linalg.norm(a) * np.linalg.norm(b))
