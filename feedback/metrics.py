"""What is counted of corrections, in Prometheus' terms. Holds no strokes, keys or addresses."""

from prometheus_client import Counter

CORRECTIONS = Counter(
    "corrections_total",
    "Corrections by what became of the request: stored, repeated, or why it was refused",
    ["result"],
)
