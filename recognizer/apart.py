"""Whether strokes are several characters side by side, judged before any pixel exists.

The network sees everything squeezed into one frame, where "1 7" looks like an n. Knows nothing
about networks.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from recognizer.strokes import Points

# In heights of the whole drawing. None of 9,012 real characters has more than 0.18 of it between
# two parts (docs/experiments.md).
_GAP: Final = 0.25  # empty from top to bottom
_PART: Final = 0.3  # that a stroke of each part measures: else it is dots, or a slip of the pen


def is_several(strokes: Sequence[Points]) -> bool:
    """Tell whether an empty column parts strokes of shape (n, 2) as no character is parted."""
    parts = [points for points in strokes if len(points)]
    if len(parts) < 2:
        return False
    parts.sort(key=lambda part: part[:, 0].min())
    lows = np.array([part.min(axis=0) for part in parts])  # (strokes, 2)
    highs = np.array([part.max(axis=0) for part in parts])
    height = float(highs[:, 1].max() - lows[:, 1].min())
    ends = np.maximum.accumulate(highs[:, 0])  # of all strokes up to each
    extents = (highs - lows).max(axis=1)
    real = (extents > 0) & (extents >= _PART * height)
    gaps = np.flatnonzero(lows[1:, 0] - ends[:-1] > _GAP * height) + 1
    return any(bool(real[:cut].any() and real[cut:].any()) for cut in gaps)
