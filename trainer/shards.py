"""Computes the gradients of one batch in parts, each in a thread of its own (data parallelism).

For images of 28x28, threads within an operation spend more on waiting for each other than they
bring: on two cores, two parts at once make half as many samples again a second as one. How many
parts there are belongs to the outcome, because batch norm sees a part at a time (as it does in
Goyal et al. 2017, "Accurate, large minibatch SGD"); how many run at once does not.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np
import torch
from torch import Tensor

from trainer.batches import Batch
from trainer.network import Network, to_tensor

# Of logits (n + outliers, 36), labels (n,) and what teachers say (n, 36), if there are any.
Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


class Shards:
    """Copies of a network that share its weights, and threads to run them."""

    def __init__(self, network: Network, count: int, threads: int) -> None:
        """Split batches into `count` parts and compute `threads` of them at once.

        Torch is set to one thread for each operation, in the threads that compute.
        """
        self._network = network
        self._copies = [copy.deepcopy(network).train() for _ in range(count)]
        self._chance = [torch.Generator() for _ in self._copies]  # torch's own is shared by threads
        for each, generator in zip(self._copies, self._chance, strict=True):
            each.dropout.generator = generator
            for mine, shared in zip(each.parameters(), network.parameters(), strict=True):
                mine.data = shared.data
        self._pool = ThreadPoolExecutor(
            min(count, threads), "shard", initializer=torch.set_num_threads, initargs=(1,)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def backward(self, batch: Batch, loss: Loss, seed: int) -> float:
        """Leave the gradients of a batch in the network, and move its batch norm; return the loss.

        Args:
            batch: characters, and outliers after them.
            loss: of one part.
            seed: of the dropout.

        Raises:
            ValueError: a part would have no character, or some parts an outlier and others none,
                whose loss would then count for less.
        """
        count, parts = len(batch.labels), len(self._copies)
        if count < parts or 0 < len(batch.images) - count < parts:
            raise ValueError(
                f"a batch of {count} characters and {len(batch.images) - count} outliers cannot be "
                f"computed in {parts} parts: take fewer, or larger batches"
            )
        characters = np.array_split(batch.images[:count], parts)
        outliers = np.array_split(batch.images[count:], parts)
        labels = np.array_split(batch.labels, parts)
        taught = None if batch.taught is None else np.array_split(batch.taught, parts)

        def work(index: int) -> float:
            mine = self._copies[index]
            for buffer, common in zip(mine.buffers(), self._network.buffers(), strict=True):
                buffer.copy_(common)
            self._chance[index].manual_seed(seed * parts + index)
            images = np.concatenate([characters[index], outliers[index]])
            found = loss(
                mine(to_tensor(images))[0],
                torch.from_numpy(labels[index]),
                None if taught is None else torch.from_numpy(taught[index]),
            )
            mine.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            return found.item()

        losses = list(self._pool.map(work, range(parts)))
        weights = [len(part) / count for part in labels]
        self._collect(weights)
        return sum(weight * each for weight, each in zip(weights, losses, strict=True))

    @torch.no_grad()
    def _collect(self, weights: list[float]) -> None:
        gradients = zip(*(each.parameters() for each in self._copies), strict=True)
        for parameter, theirs in zip(self._network.parameters(), gradients, strict=True):
            parameter.grad = sum(w * each.grad for w, each in zip(weights, theirs, strict=True))
        buffers = zip(*(each.buffers() for each in self._copies), strict=True)
        for buffer, theirs in zip(self._network.buffers(), buffers, strict=True):
            if buffer.dtype.is_floating_point:
                buffer.copy_(sum(w * each for w, each in zip(weights, theirs, strict=True)))
            else:
                buffer.copy_(theirs[0])
