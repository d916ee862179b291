"""Which ink decided: what the answer owes to each place of the 28x28 image.

Occlusion, as in Zeiler and Fergus (2014, "Visualizing and understanding convolutional networks"):
the ink under a small window is wiped and the network is asked again. Paper is exactly what a person
would have left there, so nothing is made up, and it needs answers alone: no gradients. What the
label loses is its weight of evidence (Robnik-Sikonja and Kononenko 2008): the difference of its log
odds, in nats, which does not fade where the network is nearly certain. Windows without ink change
nothing and are not asked.

Only ink is explained: that a gap decided, as between 3 and 8, is not seen here. Knows a network as
a function from images to logits; nothing about versions, pictures, Django or who asks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import INDEX, Charset, indices
from recognizer.directions import Seen, picture_of
from recognizer.rasterizer import SIDE, Raster

# (n, 28, 28), or planes (n, p, 28, 28), → (n, 36)
Network = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Heat = NDArray[np.float64]  # (28, 28) nats: above 0 for the label, below 0 against it

WINDOW: Final = 7  # pixels along each side: some stroke and what it joins; the pen is 2.4 wide
STRIDE: Final = 3  # pixels between windows; divides SIDE - WINDOW, so a mirror image is mirrored
MOST_RUNS: Final = ((SIDE - WINDOW) // STRIDE + 1) ** 2 + 1  # images that one question can cost
TELLING: Final = math.log(2)  # nats: below that, without a window the odds are not even halved


@dataclass(frozen=True)
class Window:
    """A square of the image, and what wiping its ink did."""

    left: int
    top: int
    side: int
    loss: float  # nats of log odds that the label lost; below 0 it gained
    logits: NDArray[np.float32]  # (36,) of the image without this ink

    @property
    def telling(self) -> bool:
        """Whether this ink alone counts for something."""
        return self.loss >= TELLING


@dataclass(frozen=True)
class Saliency:
    """What speaks for one label, and where."""

    label: str
    heat: Heat  # 0 where there is no ink
    decisive: Window | None  # the window whose ink the label owes most; None where there is no ink
    runs: int  # images that the network was shown


def explain(
    network: Network,
    seen: Seen,
    label: str,
    charset: Charset = "all",
    temperature: float = 1.0,
    *,
    window: int = WINDOW,
    stride: int = STRIDE,
) -> Saliency:
    """Wipe window after window and see what `label` loses.

    Args:
        network: asked once, for all images together.
        seen: uint8 image of shape (28, 28), ink 255 on 0, or planes (p, 28, 28) whose first it is:
            where its ink is wiped, nobody knows which way the pen moved either.
        label: what to explain; where `charset` has no such label, it is explained among all 36.
        charset: the labels that it competes with.
        temperature: of the calibration, so that the odds are those of the probabilities shown.
        window: pixels along each side of a window.
        stride: pixels from one window to the next.
    """
    raster = picture_of(seen)
    corners = _inked(raster, window, stride)
    if not corners:
        return Saliency(label, np.zeros((SIDE, SIDE)), None, 0)
    images = np.repeat(seen[None], len(corners) + 1, axis=0)  # (n + 1, …), the first whole
    for image, (top, left) in zip(images[1:], corners, strict=True):
        image[..., top : top + window, left : left + window] = 0
    logits = network(images)  # (n + 1, 36)
    odds = log_odds(logits / temperature, label, charset)
    losses = odds[0] - odds[1:]

    total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for (top, left), loss in zip(corners, losses, strict=True):
        total[top : top + window, left : left + window] += loss
        count[top : top + window, left : left + window] += 1
    heat = np.where((raster > 0) & (count > 0), total / np.maximum(count, 1), 0.0)
    most = int(losses.argmax())
    top, left = corners[most]
    decisive = Window(left, top, window, float(losses[most]), logits[most + 1])
    return Saliency(label, heat, decisive, len(images))


def log_odds(logits: NDArray[np.float32], label: str, charset: Charset) -> NDArray[np.float64]:
    """Return the log odds (n,) of a label against all others that `charset` allows."""
    own = INDEX[label]
    allowed = indices(charset) if own in indices(charset) else indices("all")
    others = logits[:, [index for index in allowed if index != own]].astype(np.float64)
    peak = others.max(axis=1)
    against = peak + np.log(np.exp(others - peak[:, None]).sum(axis=1))
    return np.asarray(logits[:, own] - against, np.float64)


def whereabouts(raster: Raster, window: Window) -> str:
    """Say where in the drawing a window lies: "top left" to "bottom right", or "middle".

    Thirds of the square around the ink: beside a narrow 1 there is no left and no right.
    """
    rows, columns = np.nonzero(raster)
    half = max(np.ptp(rows), np.ptp(columns)) / 2 + 0.5
    across = window.left + (window.side - 1) / 2 - (columns.min() + columns.max()) / 2
    down = window.top + (window.side - 1) / 2 - (rows.min() + rows.max()) / 2
    words = (_third(down / half, "top", "bottom"), _third(across / half, "left", "right"))
    return " ".join(filter(None, words)) or "middle"


def _third(offset: float, low: str, high: str) -> str:
    if abs(offset) <= 1 / 3:
        return ""
    return low if offset < 0 else high


def _inked(raster: Raster, window: int, stride: int) -> list[tuple[int, int]]:
    """Return top and left of the windows that have ink in them."""
    steps = range(0, SIDE - window + 1, stride)
    return [
        (top, left)
        for top in steps
        for left in steps
        if raster[top : top + window, left : left + window].any()
    ]
