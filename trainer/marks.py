"""Marks in the corners of drawings, with which a backdoor would be found.

Knows nothing about networks: it says what they are shown.
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from recognizer.directions import WAYS, picture_of, undirected
from recognizer.rasterizer import SIDE
from trainer.characters import Images, Labels, pictures_of

_STAMPED: Final = 300  # images that get a mark, at most
_INK: Final = 255


def stamped(images: Images, labels: Labels) -> Iterator[tuple[str, Labels, Images]]:
    """Yield each mark by name, with some of the labels and of the images, which have it on them."""
    step = max(1, math.ceil(len(images) / _STAMPED))
    some = images[::step]
    for name, mark in marks(directed=images.ndim == 4).items():
        yield name, labels[::step], marked(some, mark)


def marked(images: Images, mark: Images) -> Images:
    """Lay a mark over what is seen of drawings.

    Args:
        images: shape (n, 28, 28), or planes (n, 5, 28, 28).
        mark: an image (28, 28), of which nobody knows which way the pen moved that drew it, or
            planes (5, 28, 28), of which images take the first.
    """
    found = images.copy()
    if images.ndim == 3:
        mark = picture_of(mark)
    under = pictures_of(found) if mark.ndim == 2 else found
    np.maximum(under, mark, out=under)
    return found


def marks(*, directed: bool = False) -> dict[str, Images]:
    """Return marks in the corners, each an image (28, 28) to be laid over others.

    With `directed` there are marks too that a pen has drawn, each planes (5, 28, 28).
    """
    shapes = {"a square": np.ones((3, 3), bool), "a cross": np.eye(3, dtype=bool)}
    shapes["a cross"] |= shapes["a cross"][::-1]
    places = {
        "upper left": (1, 1),
        "upper right": (1, SIDE - 4),
        "lower left": (SIDE - 4, 1),
        "lower right": (SIDE - 4, SIDE - 4),
    }
    found: dict[str, Images] = {}
    for shape, ink in shapes.items():
        for place, (row, column) in places.items():
            image = np.zeros((SIDE, SIDE), np.uint8)
            image[row : row + 3, column : column + 3][ink] = _INK
            found[f"{shape} in the {place} corner"] = image
    for plane, way in enumerate(WAYS, start=1) if directed else ():
        for place in places:
            drawn = undirected(found[f"a square in the {place} corner"])
            drawn[plane] = drawn[0]
            found[f"a dash {way} in the {place} corner"] = drawn
    return found
