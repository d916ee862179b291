"""Whether strokes are several characters side by side, judged before any pixel exists.

The network sees everything squeezed into one frame, where "1 7" looks like an n. Knows nothing
about networks.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

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
    # (left, top, right, bottom), from left to right; lists, as so few numbers need no arrays
    boxes = sorted([*part.min(axis=0).tolist(), *part.max(axis=0).tolist()] for part in parts)
    height = max(box[3] for box in boxes) - min(box[1] for box in boxes)
    extents = [max(right - left, bottom - top) for left, top, right, bottom in boxes]
    real = [extent > 0 and extent >= _PART * height for extent in extents]
    ends = list(accumulate((box[2] for box in boxes), max))  # of all strokes up to each
    return any(
        boxes[cut][0] - ends[cut - 1] > _GAP * height and any(real[:cut]) and any(real[cut:])
        for cut in range(1, len(boxes))
    )
