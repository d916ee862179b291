"""Reads Prometheus' text format: counters, gauges, and quantiles from differences of histograms."""

import re
from dataclasses import dataclass
from functools import cached_property

_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Histogram:
    """Cumulative counts at upper edges, the last of which is infinite."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]

    def __sub__(self, earlier: "Histogram") -> "Histogram":
        """Return what was observed since `earlier`."""
        before = earlier.counts or (0.0,) * len(self.counts)
        counts = tuple(now - then for now, then in zip(self.counts, before, strict=True))
        return Histogram(self.edges, counts)

    @property
    def count(self) -> float:
        """How many observations there are."""
        return self.counts[-1] if self.counts else 0.0

    def quantile(self, q: float) -> float:
        """Estimate a quantile as Prometheus' histogram_quantile does: linear within a bucket.

        NaN without observations; the last finite edge when it lies beyond that.
        """
        if not self.count:
            return float("nan")
        rank = q * self.count
        index = next(i for i, count in enumerate(self.counts) if count >= rank and count > 0)
        if index == len(self.edges) - 1:
            return self.edges[index - 1]
        low = self.edges[index - 1] if index else 0.0
        below = self.counts[index - 1] if index else 0.0
        share = (rank - below) / (self.counts[index] - below)
        return low + (self.edges[index] - low) * share

    def at_most(self, q: float) -> float:
        """Return the upper edge of the bucket that holds a quantile: it is certainly not above."""
        rank = q * self.count
        edges = zip(self.edges, self.counts, strict=True)
        return next((edge for edge, count in edges if count >= rank and count > 0), float("nan"))


class Scrape:
    """One answer of /metrics."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _samples(self) -> dict[str, list[tuple[Labels, float]]]:
        samples: dict[str, list[tuple[Labels, float]]] = {}
        for line in self._text.splitlines():
            if match := _LINE.match(line):
                name, labels, value = match.groups()
                found = frozenset(_LABEL.findall(labels or ""))
                samples.setdefault(name, []).append((found, float(value)))
        return samples

    def total(self, name: str, **labels: str) -> float:
        """Sum the samples of `name` that have these labels; 0 when there is none."""
        wanted = set(labels.items())
        return sum(value for found, value in self._samples.get(name, ()) if wanted <= found)

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """Return the samples of `name` by the value of one label."""
        return {dict(found)[label]: value for found, value in self._samples.get(name, ())}

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Return a histogram; an empty one when there is none."""
        wanted = set(labels.items())
        buckets = sorted(
            (float(dict(found)["le"]), value)
            for found, value in self._samples.get(f"{name}_bucket", ())
            if wanted <= found
        )
        return Histogram(tuple(edge for edge, _ in buckets), tuple(count for _, count in buckets))
