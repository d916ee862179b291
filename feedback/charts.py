"""Geometry of the charts about corrections: numbers in, places of marks out.

Templates turn the places into SVG with classes and presentation attributes, so the pages need no
script and no inline style. Knows nothing about Django or where the numbers come from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recognizer.alphabet import LABELS


@dataclass(frozen=True)
class Mark:
    """One rectangle of a chart; `kind` becomes its class, `title` its words."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True)
class Tick:
    """A text at a place on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Columns:
    """Stacked columns: one for each name, in `width` by `height` above the axis."""

    width: float
    height: float
    marks: list[Mark]
    across: list[Tick]
    up: list[Tick]


@dataclass(frozen=True)
class Cell:
    """One square of a matrix."""

    x: int
    y: int
    count: int
    strength: float  # 0 … 1: how dark
    across: str
    down: str
    agrees: bool


@dataclass(frozen=True)
class Matrix:
    """Counts of pairs over the labels that occur, in squares of `cell`."""

    cell: int
    across: list[Tick]
    down: list[Tick]
    cells: list[Cell]
    size: tuple[int, int]


def columns(
    names: Sequence[str],
    parts: Sequence[tuple[str, Mapping[str, int]]],
    *,
    width: float = 720,
    height: float = 160,
    every: int = 1,
    cut: int = 0,
) -> Columns:
    """Stack the `parts` (kind, count by name), first at the bottom, over each name.

    `every` is how many columns share one text below the axis, `cut` how many characters of the
    name are left out of it.
    """
    totals = [sum(counts.get(name, 0) for _, counts in parts) for name in names]
    top, step = scale(max(totals, default=0))
    pitch = width / max(len(names), 1)
    gap = min(4.0, pitch * 0.25)
    marks = []
    for index, name in enumerate(names):
        level = 0
        for kind, counts in parts:
            count = counts.get(name, 0)
            if not count:
                continue
            level += count
            marks.append(
                Mark(
                    x=round(index * pitch + gap / 2, 2),
                    y=round(height * (1 - level / top), 2),
                    width=round(pitch - gap, 2),
                    height=round(height * count / top, 2),
                    kind=kind,
                    title=f"{name}: {count} {kind}",
                )
            )
    across = [
        Tick(round((index + 0.5) * pitch, 2), name[cut:])
        for index, name in enumerate(names)
        if (len(names) - 1 - index) % every == 0
    ]
    up = [
        Tick(round(height * (1 - value / top), 2), str(value)) for value in range(0, top + 1, step)
    ]
    return Columns(width, height, marks, across, up)


def matrix(counts: Mapping[tuple[str, str], int], cell: int = 16) -> Matrix:
    """Lay out counts by (across, down); darkness grows with the root, so that few are seen.

    Agreement usually outnumbers all else, so it does not take part in the scale.
    """
    across = sorted({pair[0] for pair in counts}, key=_place)
    down = sorted({pair[1] for pair in counts}, key=_place)
    most = max((n for (a, d), n in counts.items() if a != d), default=1)
    cells = [
        Cell(
            x=across.index(a) * cell,
            y=down.index(d) * cell,
            count=count,
            strength=round(0.15 + 0.85 * math.sqrt(min(count / most, 1.0)), 3),
            across=a,
            down=d,
            agrees=a == d,
        )
        for (a, d), count in sorted(counts.items())
        if count
    ]
    return Matrix(
        cell=cell,
        across=[Tick((i + 0.5) * cell, label) for i, label in enumerate(across)],
        down=[Tick((i + 0.5) * cell, label) for i, label in enumerate(down)],
        cells=cells,
        size=(len(across) * cell, len(down) * cell),
    )


def scale(most: int) -> tuple[int, int]:
    """Return the top of an axis that holds `most`, and the step between its at most six texts."""
    step = 1
    while step * 5 < most:
        # 1, 2, 5, 10, 20, 50 …
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return max(1, math.ceil(most / step)) * step, step


def _place(label: str) -> tuple[bool, int, str]:
    return (label not in LABELS, LABELS.index(label) if label in LABELS else 0, label)
