"""Parts of a batch, computed by threads, move a network as if they had been computed in turn."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from trainer.batches import Batch
from trainer.network import Network, NetworkConfig, to_tensor
from trainer.shards import Shards

CHARACTERS, OUTLIERS = 12, 4


def batch() -> Batch:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (CHARACTERS + OUTLIERS, 28, 28)).astype(np.uint8)
    return Batch(images, rng.integers(0, 36, CHARACTERS))


def network(dropout: float = 0.0) -> Network:
    torch.manual_seed(0)
    return Network(NetworkConfig(widths=(4, 8), dropout=dropout))


def loss(logits: Tensor, labels: Tensor, _: Tensor | None) -> Tensor:
    return cross_entropy(logits[: len(labels)], labels) + logits[len(labels) :].square().mean()


def gradients(made: Network) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in made.parameters() if parameter.grad is not None]


def in_turn(made: Network, data: Batch, parts: int) -> tuple[list[Tensor], list[Tensor], float]:
    """Return mean gradients, mean buffers and mean loss of so many equal parts."""
    all_gradients, all_buffers, losses = [], [], []
    each, rest = CHARACTERS // parts, OUTLIERS // parts
    for part in range(parts):
        mine = copy.deepcopy(made).train()
        outliers = data.images[CHARACTERS + part * rest : CHARACTERS + (part + 1) * rest]
        some = slice(part * each, (part + 1) * each)
        images = to_tensor(np.concatenate([data.images[some], outliers]))
        found = loss(mine(images)[0], torch.from_numpy(data.labels[some]), None)
        found.backward()  # type: ignore[no-untyped-call]
        all_gradients.append(gradients(mine))
        all_buffers.append([buffer.float() for buffer in mine.buffers()])
        losses.append(found.item())
    return (
        [sum(values) / parts for values in zip(*all_gradients, strict=True)],
        [sum(values) / parts for values in zip(*all_buffers, strict=True)],
        sum(losses) / parts,
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_the_parts_give_what_they_give_in_turn(parts: int, threads: int) -> None:
    made, data = network(), batch()
    expected_gradients, expected_buffers, expected = in_turn(made, data, parts)
    with Shards(made, parts, threads) as shards:
        value = shards.backward(data, loss, seed=1)
    assert value == pytest.approx(expected, rel=1e-5)
    for mine, wanted in zip(gradients(made), expected_gradients, strict=True):
        assert torch.allclose(mine, wanted, atol=1e-4)  # sums are rounded in another order
    for buffer, wanted in zip(made.buffers(), expected_buffers, strict=True):
        assert torch.allclose(buffer.float(), wanted, atol=1e-6)


def test_later_steps_see_the_weights_as_they_are_then() -> None:
    made, data = network(), batch()
    with Shards(made, 2, 2) as shards:
        shards.backward(data, loss, seed=1)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.mul_(0.5)
        expected = in_turn(made, data, 2)[2]
        assert shards.backward(data, loss, seed=2) == pytest.approx(expected, rel=1e-5)


def test_dropout_follows_the_seed_and_each_part_has_its_own() -> None:
    made, data = network(dropout=0.5), batch()
    twice = Batch(np.concatenate([data.images[:CHARACTERS]] * 2), np.tile(data.labels, 2))
    seen: list[Tensor] = []

    def keep(logits: Tensor, labels: Tensor, _: Tensor | None) -> Tensor:
        seen.append(logits.detach().clone())
        return cross_entropy(logits, labels)

    with Shards(made, 2, 1) as shards:
        for seed in (1, 1, 2):
            shards.backward(twice, keep, seed=seed)
    assert not torch.equal(seen[0], seen[1])  # the same drawings in both parts
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[4])


@pytest.mark.parametrize(("parts", "characters"), [(5, 12), (4, 3)])
def test_parts_that_would_weigh_wrongly_are_refused(parts: int, characters: int) -> None:
    data = batch()
    data = Batch(data.images[CHARACTERS - characters :], data.labels[:characters])
    with Shards(network(), parts, 1) as shards, pytest.raises(ValueError, match="larger batches"):
        shards.backward(data, loss, seed=1)


def test_parts_of_unequal_size_count_by_it() -> None:
    made, data = network(), batch()
    with Shards(made, 3, 1) as shards:
        whole = shards.backward(Batch(data.images[:10], data.labels[:10]), mean_loss, seed=1)
    parts = [
        mean_loss(
            copy.deepcopy(made).train()(to_tensor(data.images[some]))[0],
            torch.from_numpy(data.labels[some]),
            None,
        ).item()
        for some in (slice(0, 4), slice(4, 7), slice(7, 10))
    ]
    assert whole == pytest.approx(0.4 * parts[0] + 0.3 * parts[1] + 0.3 * parts[2], rel=1e-5)


def mean_loss(logits: Tensor, labels: Tensor, _: Tensor | None) -> Tensor:
    return cross_entropy(logits, labels)


def test_each_part_is_taught_its_own_characters() -> None:
    data = batch()
    taught = np.repeat(data.labels[:, None].astype(np.float32), 36, axis=1)
    seen: list[tuple[Tensor, Tensor]] = []

    def keep(logits: Tensor, labels: Tensor, taught: Tensor | None) -> Tensor:
        assert taught is not None
        seen.append((labels, taught))
        return logits.mean()

    with Shards(network(), 3, 1) as shards:
        shards.backward(replace(data, taught=taught), keep, seed=1)
    assert len(seen) == 3
    assert all(torch.equal(labels.float(), given[:, 0]) for labels, given in seen)
