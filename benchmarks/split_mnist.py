"""Whether the replay code is right: split MNIST, class-incremental, beside published figures.

Ten digits come in five tasks of two, one after the other and once each, to one head of ten. The
network, the batches, the learning rates and weights are those of Buzzega et al. 2020, "Dark
Experience for General Continual Learning", and of their code (mammoth, `best_args`); nothing is
tuned here. What stays in the buffer is decided by `trainer.replay`. The accuracy is the mean over
the tasks on MNIST's test images after the last task, as there.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from benchmarks import handwriting, machine, report
from benchmarks.report import Figure, Report
from trainer.nist import DownloadError, read_mnist
from trainer.replay import ClassBalancingReservoir, Policy, Reservoir

Method = Literal["ER", "DER++"]
Keeping = Literal["reservoir", "balanced"]

TASKS: Final = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
BATCH: Final = 10
BUFFERS: Final = (200, 500, 5120)
NEAR: Final = 3.0  # points around a published mean; the published deviations are 1.2 to 1.9


@dataclass(frozen=True)
class Setting:
    """Published settings, and the published accuracy in per cent."""

    method: Method
    capacity: int
    lr: float
    replayed: int  # samples drawn from the buffer for each batch
    logits: float  # weight of the distance to the logits that were kept (alpha)
    labels: float  # weight of the cross-entropy on what was kept (beta)
    published: float


SETTINGS: Final = (
    Setting("ER", 200, 0.01, 10, 0.0, 1.0, 80.4),
    Setting("ER", 500, 0.1, 10, 0.0, 1.0, 86.1),
    Setting("ER", 5120, 0.1, 10, 0.0, 1.0, 93.4),
    Setting("DER++", 200, 0.03, 128, 0.2, 1.0, 85.6),
    Setting("DER++", 500, 0.03, 10, 1.0, 0.5, 91.0),
    Setting("DER++", 5120, 0.1, 64, 0.2, 0.5, 95.3),
)
POLICIES: Final[dict[Keeping, Callable[[int, Generator], Policy]]] = {
    "reservoir": Reservoir,
    "balanced": ClassBalancingReservoir,
}


@dataclass(frozen=True)
class Digits:
    """MNIST as the network takes it."""

    images: Tensor  # (n, 784) in 0..1
    labels: Tensor  # (n,)


class Buffer:
    """What a policy keeps of a stream: images, labels and the logits at the time."""

    def __init__(self, capacity: int, policy: Policy, rng: Generator) -> None:
        self._images = torch.zeros(capacity, 784)
        self._labels = torch.zeros(capacity, dtype=torch.long)
        self._logits = torch.zeros(capacity, 10)
        self._policy = policy
        self._rng = rng
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, images: Tensor, labels: Tensor, logits: Tensor) -> None:
        """Offer a batch to the policy."""
        for index, label in enumerate(labels.tolist()):
            slot = self._policy.offer(label)
            if slot is not None:
                self._images[slot] = images[index]
                self._labels[slot] = label
                self._logits[slot] = logits[index]
                self._used = max(self._used, slot + 1)

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return up to `count` different samples: images, labels, logits."""
        size = min(count, self._used)
        which = torch.from_numpy(self._rng.choice(self._used, size, replace=False))
        return self._images[which], self._labels[which], self._logits[which]


def main() -> None:
    """Learn the tasks with every method and buffer, and print."""
    options = _options()
    torch.set_num_threads(1)
    try:
        train, test = (_read(options.data_dir, part) for part in ("train", "test"))
    except DownloadError as error:
        handwriting.stop(str(error))
    result = Report("Split MNIST, class-incremental")
    result.about(
        tasks=f"{len(TASKS)} tasks of two digits, one pass each, batches of {BATCH}",
        keeping=f"trainer.replay, {options.keeping}",
        seeds=", ".join(map(str, range(1, options.seeds + 1))),
        **machine.describe(),
    )
    for setting in SETTINGS:
        name = f"{setting.method}, {setting.capacity} kept"
        found = []
        for seed in range(1, options.seeds + 1):
            report.progress(f"{name}, seed {seed}")
            found.append(100 * accuracy(learn(train, setting, seed, options.keeping), test))
        result.add(_figure(name, found, setting.published))
    result.show(as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.split_mnist", description=__doc__)
    default = Path(os.environ.get("DIGITSITE_DATA_DIR") or handwriting.ROOT / "data")
    parser.add_argument("--data-dir", type=Path, default=default, help="has MNIST (%(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 1 (%(default)s)")
    parser.add_argument(
        "--keeping", choices=tuple(POLICIES), default="reservoir", help="policy (%(default)s)"
    )
    report.add_options(parser)
    return parser.parse_args()


def learn(digits: Digits, setting: Setting, seed: int, keeping: Keeping) -> nn.Module:
    """Learn the tasks in a row; return the network after the last."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = _network()
    optimizer = torch.optim.SGD(network.parameters(), lr=setting.lr)
    buffer = Buffer(setting.capacity, POLICIES[keeping](setting.capacity, rng), rng)
    for task in TASKS:
        where = np.flatnonzero(np.isin(digits.labels.numpy(), task))
        order = torch.from_numpy(rng.permutation(where))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            images, labels = digits.images[batch], digits.labels[batch]
            logits, loss = LOSSES[setting.method](network, images, labels, buffer, setting)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            buffer.add(images, labels, logits.detach())
    return network


def _replay(
    network: nn.Module, images: Tensor, labels: Tensor, buffer: Buffer, setting: Setting
) -> tuple[Tensor, Tensor]:
    """Experience replay: what was kept is learned beside the new, as if it were new."""
    if not len(buffer):
        logits = network(images)
        return logits, cross_entropy(logits, labels)
    old_images, old_labels, _ = buffer.draw(setting.replayed)
    logits = network(torch.cat([images, old_images]))
    return logits[: len(labels)], cross_entropy(logits, torch.cat([labels, old_labels]))


def _dark_replay(
    network: nn.Module, images: Tensor, labels: Tensor, buffer: Buffer, setting: Setting
) -> tuple[Tensor, Tensor]:
    """DER++: hold the network to the logits that were kept, and learn the labels of others."""
    logits = network(images)
    loss = cross_entropy(logits, labels)
    if len(buffer):
        old_images, _, old_logits = buffer.draw(setting.replayed)
        loss = loss + setting.logits * mse_loss(network(old_images), old_logits)
        old_images, old_labels, _ = buffer.draw(setting.replayed)
        loss = loss + setting.labels * cross_entropy(network(old_images), old_labels)
    return logits, loss


Loss = Callable[[nn.Module, Tensor, Tensor, Buffer, Setting], tuple[Tensor, Tensor]]
LOSSES: Final[dict[Method, Loss]] = {"ER": _replay, "DER++": _dark_replay}


@torch.inference_mode()
def accuracy(network: nn.Module, digits: Digits) -> float:
    """Return the mean over the tasks; the network is not told which task an image is from."""
    found = []
    for task in TASKS:
        which = torch.isin(digits.labels, torch.tensor(task))
        guesses = network(digits.images[which]).argmax(dim=1)
        found.append(float((guesses == digits.labels[which]).float().mean()))
    return float(np.mean(found))


def _network() -> nn.Sequential:
    network = nn.Sequential(
        nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)
    )
    for layer in network:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return network


def _read(root: Path, part: Literal["train", "test"]) -> Digits:
    digits = read_mnist(root, part)
    images = torch.from_numpy(digits.images.reshape(len(digits), 784).astype(np.float32) / 255)
    return Digits(images, torch.from_numpy(digits.labels.astype(np.int64)))


def _figure(name: str, found: list[float], published: float) -> Figure:
    mean, deviation = float(np.mean(found)), float(np.std(found))
    return Figure(
        name,
        mean,
        "%",
        at_least=published - NEAR,
        note=f"± {deviation:.1f}; published {published}",
    )


if __name__ == "__main__":
    main()
