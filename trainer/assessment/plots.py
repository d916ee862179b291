"""Plots as SVG: confusion matrix, reliability diagram, curves, bars.

Colours are classes of the page around them, so one drawing serves light and dark. Every mark that
means a number has it as its title or beside it. Knows nothing about readers or files.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from recognizer.alphabet import LABELS
from trainer.assessment.figures import Counts, Reliability, RiskCoverage
from trainer.assessment.markup import Markup, element, percent

_LEFT: Final = 52.0  # for the texts of the axis
_BELOW: Final = 38.0
_PAD: Final = 12.0
_RIGHT: Final = 22.0  # room for half of the last text of the axis


def matrix(counts: Counts, *, normalised: bool = False, cell: int = 22) -> Markup:
    """Draw a confusion matrix over the labels that occur: rows were written, columns were read.

    The diagonal is grey: what is coloured is an error, by the root of its size, so that single
    ones can be seen.
    """
    shown = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1)).tolist()
    totals = counts.sum(axis=1)
    wrong = counts * (1 - np.eye(len(LABELS), dtype=np.int64))
    shares = counts / np.maximum(totals, 1)[:, None]
    most = float((wrong / np.maximum(totals, 1)[:, None] if normalised else wrong).max()) or 1.0
    margin = 24
    marks = []
    for y, row in enumerate(shown):
        marks.append(_text(margin - 6, margin + y * cell + cell * 0.7, LABELS[row], "down"))
        marks.append(_text(margin + y * cell + cell / 2, margin - 7, LABELS[row], "across"))
        for x, column in enumerate(shown):
            count = int(counts[row, column])
            if not count:
                continue
            value = float(shares[row, column]) if normalised else float(count)
            text = _per_cent(value) if normalised else str(count)
            # Never so dark that the number on it could not be read.
            strength = 0.22 if row == column else 0.12 + 0.58 * math.sqrt(value / most)
            title = (
                f"{LABELS[row]} read as {LABELS[column]}: {count} of {totals[row]}, "
                f"{percent(float(shares[row, column]))}"
            )
            marks.append(
                element(
                    "g",
                    element("title", title),
                    element(
                        "rect",
                        x=margin + x * cell,
                        y=margin + y * cell,
                        width=cell - 1,
                        height=cell - 1,
                        class_="hit" if row == column else "miss",
                        fill_opacity=f"{strength:.2f}",
                    ),
                    _text(
                        margin + x * cell + cell / 2, margin + y * cell + cell * 0.65, text,
                        "across count",
                    ),
                )
            )  # fmt: skip
    side = margin + len(shown) * cell + 6
    what = "shares of each row, in per cent" if normalised else "counts"
    return _svg(side, side, marks, f"Confusion matrix, {what}: rows were written, columns read")


def _per_cent(share: float) -> str:
    """Write a share in a small cell; what is not all must not be rounded to 100."""
    whole = share == 1 or 0.0995 <= share < 0.995
    return f"{share * 100:.{0 if whole else 1}f}"


def reliability(found: Reliability, side: float = 240) -> Markup:
    """Draw how often answers of each confidence were right; the dashed line is honesty."""
    marks = [*_axes(side, side, "said to be sure", "was right"), _ideal(side)]
    most = max(part.samples for part in found.bins)
    for part in found.bins:
        # The area of a dot is its share of the samples; the smallest can still be seen.
        radius = max(2.5, 11 * math.sqrt(part.samples / most))
        marks.append(
            element(
                "circle",
                element(
                    "title",
                    f"{part.samples} answers, on average {percent(part.confidence)} sure: "
                    f"{percent(part.accuracy)} right",
                ),
                cx=f"{_LEFT + part.confidence * side:.1f}",
                cy=f"{_PAD + (1 - part.accuracy) * side:.1f}",
                r=f"{radius:.1f}",
                class_="dot",
                fill_opacity=0.65,
            )
        )
    return _svg(
        _LEFT + side + _RIGHT, side + _PAD + _BELOW, marks, f"Reliability diagram, {found.charset}"
    )


def risk_coverage(found: RiskCoverage, side: float = 240) -> Markup:
    """Draw the error among the answers that are kept, by the share of them."""
    top = _ceiling(max(risk for _, risk in found.curve))
    marks = [*_axes(side, side, "answers kept", "error among them", top)]
    places = [(_LEFT + at * side, _PAD + (1 - risk / top) * side) for at, risk in found.curve]
    marks.append(_line(places, "curve"))
    x = _LEFT + 0.9 * side
    y = _PAD + (1 - found.error_at_90 / top) * side
    marks.append(element("line", x1=x, x2=x, y1=_PAD, y2=_PAD + side, class_="ideal"))
    marks.append(element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=4, class_="dot"))
    return _svg(
        _LEFT + side + _RIGHT, side + _PAD + _BELOW, marks, f"Error by coverage, {found.charset}"
    )


def curve(
    points: Sequence[tuple[str, float]], limits: Sequence[float | None], width: float = 560
) -> Markup:
    """Draw a share over named points (versions), with the line below which the gate refuses."""
    height = 200.0
    values = [value for _, value in points] + [limit for limit in limits if limit is not None]
    low, high = min(values), max(values)
    pad = max((high - low) * 0.15, 0.002)
    low, high = max(0.0, low - pad), min(1.0, high + pad)
    pitch = width / max(1, len(points))

    def place(index: int, value: float) -> tuple[float, float]:
        return _LEFT + (index + 0.5) * pitch, _PAD + (high - value) / (high - low) * height

    marks = _frame(width, height)
    for step in range(5):
        value = low + (high - low) * step / 4
        y = _PAD + (1 - step / 4) * height
        marks.append(_text(_LEFT - 6, y + 4, percent(value, 2), "down quiet"))
    every = max(1, len(points) // 14)
    for index, (name, _) in enumerate(points):
        if index % every == 0:
            marks.append(_text(place(index, low)[0], _PAD + height + 16, name, "across quiet"))
    limited = [place(i, limit) for i, limit in enumerate(limits) if limit is not None]
    if limited:
        ends = [(limited[0][0] - pitch / 2, limited[0][1]), *limited]
        marks.append(_line([*ends, (limited[-1][0] + pitch / 2, limited[-1][1])], "limit"))
    marks.append(_line([place(i, value) for i, (_, value) in enumerate(points)], "curve"))
    for index, (name, value) in enumerate(points):
        x, y = place(index, value)
        marks.append(
            element(
                "circle", element("title", f"{name}: {percent(value, 2)}"),
                cx=f"{x:.1f}", cy=f"{y:.1f}", r=4, class_="dot",
            )
        )  # fmt: skip
    return _svg(_LEFT + width + _RIGHT, height + _PAD + _BELOW, marks, "Accuracy by version")


def change(value: float, most: float, width: float = 160) -> Markup:
    """Draw a gain to the right of a middle line, a loss to its left."""
    length = abs(value) / most * (width / 2 - 2) if most else 0.0
    middle = width / 2
    return _svg(
        width,
        14,
        [
            element(
                "rect",
                x=f"{middle if value >= 0 else middle - length:.1f}", y=2,
                width=f"{length:.1f}", height=10, class_="dot" if value >= 0 else "miss",
            ),
            element("line", x1=middle, x2=middle, y1=0, y2=14, class_="axis"),
        ],
        f"{value * 100:+.1f} points",
    )  # fmt: skip


def _axes(width: float, height: float, across: str, up: str, top: float = 1.0) -> list[Markup]:
    """Return a frame whose axes run from 0 to 1 and from 0 to `top`."""
    marks = _frame(width, height)
    digits = next(d for d in range(4) if abs(round(top * 25, d) - top * 25) < 1e-9)
    for step in range(5):
        share = step / 4
        x, y = _LEFT + share * width, _PAD + (1 - share) * height
        marks.append(_text(x, _PAD + height + 14, percent(share, 0), "across quiet"))
        marks.append(_text(_LEFT - 6, y + 4, percent(share * top, digits), "down quiet"))
        marks.append(element("line", x1=_LEFT, x2=_LEFT + width, y1=y, y2=y, class_="axis"))
    marks.append(_text(_LEFT + width / 2, _PAD + height + 30, across, "across"))
    middle = _PAD + height / 2
    marks.append(
        element("text", up, x=11, y=middle, class_="across", transform=f"rotate(-90 11 {middle})")
    )
    return marks


def _frame(width: float, height: float) -> list[Markup]:
    return [
        element("rect", x=_LEFT, y=_PAD, width=width, height=height, fill="none", class_="axis")
    ]


def _ideal(side: float) -> Markup:
    return element("line", x1=_LEFT, y1=_PAD + side, x2=_LEFT + side, y2=_PAD, class_="ideal")


def _line(places: Sequence[tuple[float, float]], kind: str) -> Markup:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return element("polyline", points=points, fill="none", class_=kind)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", class_=kind)


def _ceiling(value: float) -> float:
    """Return a round number above a share, for the top of an axis."""
    for top in (0.002, 0.004, 0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8):
        if value <= top:
            return top
    return 1.0


def _svg(width: float, height: float, marks: Sequence[Markup], title: str) -> Markup:
    return element(
        "svg",
        *marks,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        aria_label=title,
    )
