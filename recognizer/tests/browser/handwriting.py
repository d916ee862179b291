"""A small set of characters drawn by formula, each time a little different: no real data needed.

Characters are made of arcs and lines around the middle of the canvas; a seed gives slant, size,
place and tremble.
"""

import itertools
import math
import random
from collections.abc import Sequence

from recognizer.tests.browser.board import Point

Stroke = list[Point]


def arc(  # noqa: PLR0917 - six numbers of one kind, in the usual order
    x: float, y: float, rx: float, ry: float, start: float, end: float
) -> Stroke:
    """Return points on an ellipse, from one angle to another in degrees, 0 right and 90 down."""
    steps = max(4, round(abs(end - start) / 22))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def line(*corners: Point) -> Stroke:
    """Return points on straight lines through corners."""
    points = [corners[0]]
    for (x1, y1), (x2, y2) in itertools.pairwise(corners):
        steps = max(2, round(math.hypot(x2 - x1, y2 - y1) / 0.15))
        points += [
            (x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps)
            for step in range(1, steps + 1)
        ]
    return points


# In units of half a character's height, y down.
SHAPES: dict[str, list[Stroke]] = {
    "0": [arc(0, 0, 0.62, 1, -80, 285)],
    "1": [line((-0.35, -0.6), (0.05, -1), (0.05, 1))],
    "2": [arc(0, -0.45, 0.55, 0.55, -170, 30) + line((0.4, -0.1), (-0.6, 1), (0.65, 1))],
    "3": [arc(0, -0.5, 0.55, 0.5, -150, 80) + arc(0, 0.5, 0.65, 0.5, -80, 150)],
    "4": [line((0.1, -1), (-0.6, 0.3), (0.65, 0.3)), line((0.3, -0.35), (0.3, 1))],
    "5": [
        line((-0.4, -1), (-0.45, -0.1)) + arc(0, 0.4, 0.6, 0.58, -130, 140),
        line((-0.4, -1), (0.55, -1)),
    ],
    "6": [line((0.35, -1), (-0.2, -0.4), (-0.5, 0.3)) + arc(0, 0.45, 0.5, 0.52, 180, -180)],
    "7": [line((-0.6, -0.95), (0.6, -1), (-0.1, 1))],
    "8": [arc(0, -0.5, 0.5, 0.48, 60, -270) + arc(0, 0.5, 0.6, 0.52, -90, 270)],
    "9": [arc(0, -0.45, 0.5, 0.5, -20, -380) + line((0.5, -0.5), (0.45, 0.3), (0.2, 1))],
    "c": [arc(0.1, 0, 0.7, 0.75, -50, -310)],
    "h": [
        line((-0.45, -1.2), (-0.45, 0.8))
        + arc(0, 0.2, 0.45, 0.5, -180, 0)
        + line((0.45, 0.2), (0.45, 0.8))
    ],
    "m": [
        line((-0.9, -0.5), (-0.9, 0.7))
        + arc(-0.45, 0.1, 0.45, 0.5, -180, 0)
        + line((0, 0.1), (0, 0.7))
        + arc(0.45, 0.1, 0.45, 0.5, -180, 0)
        + line((0.9, 0.1), (0.9, 0.7))
    ],
    "v": [line((-0.6, -0.7), (0, 0.7), (0.6, -0.7))],
    "w": [line((-0.9, -0.6), (-0.45, 0.6), (0, -0.4), (0.45, 0.6), (0.9, -0.6))],
    "e": [line((-0.5, 0), (0.5, 0)) + arc(0, 0, 0.55, 0.65, 0, -310)],
}
DIGITS: Sequence[str] = "0123456789"
LETTERS: Sequence[str] = "".join(label for label in SHAPES if label.isalpha())


def written(label: str, seed: int) -> list[Stroke]:
    """Return one person's way to write a label, in canvas units."""
    hand = random.Random(f"{label} {seed}")
    size = hand.uniform(200, 320)
    slant = hand.uniform(-0.18, 0.12)
    stretch = hand.uniform(0.85, 1.15)
    x0, y0 = hand.uniform(430, 570), hand.uniform(450, 550)
    return [
        [
            (
                x0 + size * (stretch * x - slant * y) + hand.gauss(0, 2),
                y0 + size * y + hand.gauss(0, 2),
            )
            for x, y in stroke
        ]
        for stroke in SHAPES[label]
    ]
