"""A tiny anchor, corrections and a base for it, made from seeds."""

from functools import cache

import numpy as np
import torch

from recognizer.rasterizer import rasterise
from trainer import synthesis
from trainer.base import Base, Judged, marked_by
from trainer.characters import ImageSet
from trainer.finetune import OUTLIER, Corrections, Exemplars
from trainer.finetuning import FinetuneConfig
from trainer.network import Network, NetworkConfig
from trainer.validation import logits_of

TINY = FinetuneConfig(new=6, replay=8, steps=6, frozen=1)


def tiny_network(seed: int = 1) -> Network:
    torch.manual_seed(seed)
    return Network(NetworkConfig(widths=(4, 8))).eval()


@cache
def written(seed: int, writers: int) -> ImageSet:
    return synthesis.exemplars(seed, writers, 1)


def corrections(count: int = 12, submitters: int = 4, seed: int = 5) -> Corrections:
    """Return drawings, every third without strokes; submitters take turns."""
    rng = np.random.default_rng(seed)
    style = synthesis.writer_style(seed)
    labels = rng.permutation(36)[np.arange(count) % 36]
    inks = [tuple(synthesis.draw("0123456789abc"[k % 13], style, rng)) for k in labels]
    return Corrections(
        np.stack([rasterise(ink) for ink in inks]),
        labels.astype(np.int64),
        tuple(f"person {index % submitters}" for index in range(count)),
        tuple(None if index % 3 == 2 else ink for index, ink in enumerate(inks)),
    )


def exemplars(anchor: Network, seed: int = 7) -> Exemplars:
    part = written(seed, 1)
    scribbles = np.random.default_rng(seed).integers(0, 255, (5, 28, 28), np.uint8)
    images = np.concatenate([part.images, scribbles])
    labels = np.concatenate([part.labels, np.full(5, OUTLIER)])
    sources = ("written",) * len(part) + ("outliers",) * 5
    return Exemplars(images, labels, sources, logits_of(anchor, images))


def tiny_base(anchor: Network) -> Base:
    gate = judged(anchor, written(8, 2))
    return Base(
        exemplars(anchor),
        gate,
        judged(anchor, written(9, 1)),
        np.random.default_rng(3).integers(0, 255, (20, 28, 28), np.uint8),
        ("synthesis",),
        "0" * 64,
        marked_by(anchor, gate),
    )


def judged(anchor: Network, part: ImageSet) -> Judged:
    groups = tuple(f"{part.name}/{kind}" for kind in part.kinds)
    return Judged(part.images, part.labels, logits_of(anchor, part.images), groups)


def same(first: Network, second: Network) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def in_order(sent: Corrections) -> Corrections:
    """Return corrections in an order that is theirs, however they came."""
    return sent.take(np.array(sorted(range(len(sent)), key=lambda k: sent.images[k].tobytes())))
