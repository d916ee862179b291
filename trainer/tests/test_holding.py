"""What keeps a challenger near the anchor: frozen blocks, part of the way, hard exemplars."""

import numpy as np
import torch

from recognizer.alphabet import LABELS
from trainer.base import PER_CLASS, _nearest
from trainer.finetune import Corrections, Exemplars, finetune
from trainer.finetuning import FinetuneConfig
from trainer.network import Network, NetworkConfig


def challenger(**config: float) -> tuple[Network, Network]:
    """Fine-tune a small network for two steps; return it and the network before."""
    torch.manual_seed(1)
    anchor = Network(NetworkConfig(widths=(4, 4, 4))).eval()
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (4, 28, 28), np.uint8)
    logits = np.zeros((4, len(LABELS)), np.float32)
    labels = np.arange(4)
    settings = FinetuneConfig(steps=2, new=2, replay=2, **config)  # type: ignore[arg-type]
    made = finetune(
        anchor,
        Corrections(images, labels, ("a",) * 4, (None,) * 4),
        Exemplars(images, labels, ("b",) * 4, logits),
        settings,
    )
    return made.network, anchor


def moved(network: Network, anchor: Network) -> set[str]:
    others = dict(anchor.named_parameters())
    return {
        name.split(".")[1] if name.startswith("blocks") else "classifier"
        for name, value in network.named_parameters()
        if not torch.equal(value, others[name])
    }


def test_frozen_blocks_stay_and_the_others_learn() -> None:
    assert moved(*challenger(frozen=1, way=1.0)) == {"1", "2", "classifier"}
    assert moved(*challenger(frozen=0, way=1.0)) == {"0", "1", "2", "classifier"}


def test_no_way_is_the_anchor_and_half_of_it_lies_between() -> None:
    assert moved(*challenger(way=0.0)) == set()
    (half, anchor), (whole, _) = challenger(way=0.5), challenger(way=1.0)
    parts = (each.classifier.weight for each in (half, anchor, whole))
    middle, start, end = (part.detach() for part in parts)
    assert torch.allclose(middle, (start + end) / 2, atol=1e-6)


def test_the_nearest_to_a_mistake_are_chosen_label_by_label() -> None:
    count = PER_CLASS + 5
    labels = np.repeat([3, 20], count)
    logits = np.zeros((2 * count, len(LABELS)), np.float32)
    logits[np.arange(2 * count), labels] = np.tile(np.arange(count) / 50, 2)
    chosen = _nearest(logits, labels, PER_CLASS)
    assert sorted(chosen) == [*range(PER_CLASS), *range(count, count + PER_CLASS)]
