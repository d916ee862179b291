"""Characters that nobody wrote: a skeleton for each label, bent and shaken by a seeded generator.

Good enough to fill screens and tables with different drawings; no measure of recognition. Knows
nothing about the database.
"""

import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import LABELS

Strokes = list[list[list[float]]]
Corners = NDArray[np.float64]  # (n, 2)

CANVAS: Final = 1000.0
RATE: Final = 8.0  # ms between points
LIFT: Final = 120.0  # ms between strokes
POINTS: Final = 14  # between two corners of a skeleton

# Corners on a grid of 4 by 6, "xy" each, strokes apart by a bar; curves are rounded between them.
_SKELETONS: Final[dict[str, str]] = {
    "0": "20 00 03 06 26 46 43 40 20",
    "1": "02 20 26",
    "2": "01 10 30 41 42 05 06 46",
    "3": "00 40 22 43 45 26 05",
    "4": "30 04 44|33 36",
    "5": "40 00 02 32 44 36 06",
    "6": "30 02 05 26 45 43 23 04",
    "7": "00 40 16",
    "8": "32 20 01 12 34 35 26 05 14 32",
    "9": "42 20 01 23 42 41 46",
    "a": "42 22 04 26 44 42 46",
    "b": "00 06|03 22 44 26 05",
    "c": "42 22 04 26 45",
    "d": "40 46|43 22 04 26 45",
    "e": "04 44 32 12 04 26 45",
    "f": "40 20 11 16|03 33",
    "g": "42 12 03 14 43 42 45 26 05",
    "h": "00 06|03 22 43 46",
    "i": "22 26|20 20",
    "j": "32 35 26 05|30 30",
    "k": "00 06|42 04 46",
    "l": "10 15 26",
    "m": "02 06|03 12 23 26|23 32 43 46",
    "n": "02 06|03 22 43 46",
    "o": "22 04 26 44 22",
    "p": "02 06|02 32 43 34 04",
    "q": "42 22 03 14 43|42 46",
    "r": "02 06|03 22 42",
    "s": "42 12 03 34 45 06",
    "t": "20 25 46|02 42",
    "u": "02 05 26 44|42 46",
    "v": "02 26 42",
    "w": "02 16 23 36 42",
    "x": "02 46|42 06",
    "y": "02 24|42 06",
    "z": "02 42 06 46",
}


def write(label: str, hand: random.Random) -> Strokes:
    """Return strokes [[x, y, t], …] of a label as `hand` writes it this time."""
    slant, narrow, size = hand.gauss(0, 0.12), hand.uniform(0.7, 1.1), hand.uniform(60, 110)
    shake = hand.uniform(0.02, 0.16)
    left, top = hand.uniform(50, 300), hand.uniform(50, 250)
    strokes, moment = [], 0.0
    for part in _SKELETONS[label].split("|"):
        corners = np.array([[int(xy[0]), int(xy[1])] for xy in part.split()], np.float64)
        corners += [[hand.gauss(0, shake), hand.gauss(0, shake)] for _ in corners]
        points = _rounded(corners)  # (n, 2)
        x = left + size * (points[:, 0] * narrow + slant * (3 - points[:, 1]))
        y = top + size * points[:, 1]
        stroke = []
        for place in zip(x.clip(0, CANVAS), y.clip(0, CANVAS), strict=True):
            stroke.append([round(float(place[0]), 1), round(float(place[1]), 1), round(moment, 1)])
            moment += RATE
        strokes.append(stroke)
        moment += LIFT
    return strokes


def _rounded(corners: Corners) -> Corners:
    """Run a Catmull-Rom curve through the corners."""
    before = np.vstack([corners[:1], corners, corners[-1:]])
    pieces = []
    steps = np.linspace(0, 1, POINTS, endpoint=False)[:, None]
    for a, b, c, d in zip(before, before[1:], before[2:], before[3:], strict=False):
        curve = 2 * b + (c - a) * steps + (2 * a - 5 * b + 4 * c - d) * steps**2
        pieces.append((curve + (3 * b - a - 3 * c + d) * steps**3) / 2)
    return np.vstack([*pieces, corners[-1:]])


assert set(_SKELETONS) == set(LABELS)
