"""The network's shapes, size and independence of the batch."""

import torch

from trainer.network import Network, NetworkConfig


def test_it_gives_logits_and_features() -> None:
    network = Network().eval()
    logits, features = network(torch.rand(3, 1, 28, 28))
    assert logits.shape == (3, 36)
    assert features.shape == (3, NetworkConfig().features)


def test_its_weights_fit_into_two_megabytes() -> None:
    assert Network().parameter_count() * 4 <= 2_000_000


def test_an_image_is_read_alike_alone_and_in_company() -> None:
    network = Network().eval()
    images = torch.rand(4, 1, 28, 28)
    together, _ = network(images)
    alone, _ = network(images[:1])
    assert torch.allclose(together[:1], alone, atol=1e-5)
