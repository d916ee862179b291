"""The network's shapes, size and independence of the batch."""

import pytest
import torch

from trainer.network import RELEASED, Network, NetworkConfig


def test_it_gives_logits_and_features() -> None:
    network = Network().eval()
    logits, features = network(torch.rand(3, 1, 28, 28))
    assert logits.shape == (3, 36)
    assert features.shape == (3, RELEASED.features)


def test_its_weights_fit_into_two_megabytes() -> None:
    assert Network().parameter_count() * 4 <= 2_000_000


def test_an_image_is_read_alike_alone_and_in_company() -> None:
    network = Network().eval()
    images = torch.rand(4, 1, 28, 28)
    together, _ = network(images)
    alone, _ = network(images[:1])
    assert torch.allclose(together[:1], alone, atol=1e-5)


def test_each_block_has_the_convolutions_that_were_asked_for() -> None:
    network = Network(NetworkConfig(widths=(4, 6, 8), depths=(1, 2, 3), kernel=5))
    kernels = [tuple(value.shape) for name, value in network.named_parameters() if value.ndim == 4]
    assert kernels == [
        (4, 1, 5, 5), (6, 4, 3, 3), (6, 6, 3, 3), (8, 6, 3, 3), (8, 8, 3, 3), (8, 8, 3, 3),
    ]  # fmt: skip


def test_depths_for_other_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Network(NetworkConfig(widths=(4, 6), depths=(1, 2, 3)))
