"""Prints what was measured: each figure with its goal and whether it was met, or all as JSON."""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def verdict(self) -> Literal["", "pass", "miss"]:
        """Whether the goal is met; empty where there is none."""
        if self.at_least is None and self.at_most is None:
            return ""
        above = self.at_least is None or self.value >= self.at_least
        below = self.at_most is None or self.value <= self.at_most
        return "pass" if above and below else "miss"  # NaN misses

    def line(self) -> str:
        """Return the figure as a line of the report."""
        goal = ""
        if self.at_least is not None:
            goal = f"goal ≥ {self.at_least:g}"
        elif self.at_most is not None:
            goal = f"goal ≤ {self.at_most:g}"
        value = f"{number(self.value)} {self.unit}".rstrip()
        return f"  {self.name:<44} {value:>14}  {goal:<13} {self.verdict:<5} {self.note}".rstrip()


@dataclass
class Report:
    """A title, what was measured on what, and the figures in their sections."""

    title: str
    head: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[Figure]] = field(default_factory=dict)

    def about(self, **lines: str) -> None:
        """Say what was measured and where."""
        self.head |= {name.replace("_", " "): line for name, line in lines.items()}

    def add(self, *figures: Figure, section: str = "") -> None:
        """Add figures to a section."""
        self.sections.setdefault(section, []).extend(figures)

    def show(self, *, as_json: bool) -> None:
        """Print everything."""
        print(self.as_json() if as_json else self.as_text())

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [self.title, *(f"  {name}: {line}" for name, line in self.head.items())]
        for section, figures in self.sections.items():
            lines += ["", *([section] if section else [])]
            lines += [figure.line() for figure in figures]
        return "\n".join(lines)

    def as_json(self) -> str:
        """Return the report for programs."""
        sections = {
            name: [_plain(figure) for figure in figures] for name, figures in self.sections.items()
        }
        content = {"title": self.title, **self.head, "sections": sections}
        return json.dumps(content, indent=2, ensure_ascii=False)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to print."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def progress(words: str) -> None:
    """Tell who waits what is being measured; not part of the report."""
    print(words, file=sys.stderr, flush=True)


def number(value: float) -> str:
    """Write a number with three significant digits, whole from 1000 on."""
    if math.isnan(value):
        return "-"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".")


def median(values: Iterable[float]) -> float:
    """Return the median; NaN of nothing."""
    found = list(values)
    return statistics.median(found) if found else math.nan


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile; NaN of nothing."""
    return float(np.quantile(values, q)) if len(values) else math.nan


def ratio(part: float, whole: float) -> float:
    """Divide; NaN by nothing."""
    return part / whole if whole else math.nan


def _plain(figure: Figure) -> dict[str, object]:
    plain = {name: value for name, value in asdict(figure).items() if value not in (None, "")}
    if math.isnan(figure.value):
        plain["value"] = None
    return plain | ({"verdict": figure.verdict} if figure.verdict else {})
