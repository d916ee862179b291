"""How close a training came to a version that exists: the figures of two cards, side by side.

The same data and settings on the same kind of processor give the same weights; another processor
rounds otherwise, and after thousands of steps that is another network, about as good. Knows cards
alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from recognizer.checkpoints import WEIGHTS, Card

# Title, path in a card's metrics, and whether the figure is a share.
_FIGURES: Final = (
    ("pen digits, digits hint", "validation.strokes_digit.top1_hinted", True),
    ("pen lower case, letters hint", "validation.strokes_lower.top1_hinted", True),
    ("pen upper case, letters hint", "validation.strokes_upper.top1_hinted", True),
    ("pen, all 36", "validation.strokes.top1", True),
    ("pen, all 36, top-3", "validation.strokes.top3", True),
    ("pen, all 36, look-alikes as one", "validation.strokes.grouped", True),
    ("MNIST validation, digits hint", "validation.kinds.mnist/digit.top1_hinted", True),
    ("Kassel's words, letters hint", "validation.kinds.kassel/lower.top1_hinted", True),
    ("scribbles of unseen kinds: not sure", "scribbles.held_out_families.all", True),
    ("forward pass, ms", "forward_ms", False),
)


def closeness(released: Card, rebuilt: Card) -> Iterator[str]:
    """Yield a line for each figure that a card has, or that the weights are the same."""
    if released.sha256.get(WEIGHTS) == rebuilt.sha256.get(WEIGHTS):
        yield "the weights are the released ones, to the byte"
        return
    yield f"{'':36} released   rebuilt  difference"
    for title, path, is_share in _FIGURES:
        before, after = _at(released.metrics, path), _at(rebuilt.metrics, path)
        if before is None and after is None:
            continue
        if before is None or after is None:
            yield f"{title:36} only {'the rebuilt' if before is None else 'the released'} has it"
        elif is_share:
            yield f"{title:36} {before:8.2%}  {after:8.2%}  {100 * (after - before):+.2f} points"
        else:
            yield f"{title:36} {before:8.3f}  {after:8.3f}  {after - before:+.3f}"


def _at(metrics: Any, path: str) -> float | None:
    for key in path.split("."):
        if not isinstance(metrics, Mapping) or key not in metrics:
            return None
        metrics = metrics[key]
    return float(metrics)
