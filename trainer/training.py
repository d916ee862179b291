"""The training loop: from scratch to the best weights by validation, resumable to the bit.

Knows networks, batches and files of tensors; nothing about Django, data files or releases.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer.averaging import AveragedNetwork
from trainer.batches import Batch, BatchConfig, BatchMaker, prepared
from trainer.characters import Handwriting
from trainer.network import RELEASED, Network, NetworkConfig
from trainer.objective import ObjectiveConfig, objective
from trainer.shards import Shards
from trainer.teaching import TaughtBatches, Teachers
from trainer.tensor_files import read_tensors, write_tensors

LATEST, BEST = "latest.safetensors", "best.safetensors"


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the outcome besides the data; stored with the weights."""

    seed: int = 1
    epochs: int = 44
    samples_per_epoch: int = 50_000
    lr: float = 4e-3
    weight_decay: float = 0.02
    warm_up: float = 0.05  # share of all steps
    average_decay: float = 0.998
    clip: float = 5.0  # largest gradient norm
    threads: int = 2  # changes the time and nothing else
    shards: int = 2  # parts of a batch that are computed by themselves: see shards.py
    start: str = ""  # SHA-256 of the file whose weights it starts from; empty: from scratch
    teachers: tuple[str, ...] = ()  # SHA-256 of the models that it also follows
    batch: BatchConfig = field(default_factory=BatchConfig)
    network: NetworkConfig = RELEASED
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)

    @property
    def steps_per_epoch(self) -> int:
        """Return how many batches make an epoch."""
        return max(1, round(self.samples_per_epoch / self.batch.size))

    @property
    def steps(self) -> int:
        """Return how many batches make the whole training."""
        return self.epochs * self.steps_per_epoch


@dataclass(frozen=True)
class Progress:
    """Where training stands."""

    step: int
    steps: int
    loss: float  # smoothed
    samples_per_second: float
    validation: dict[str, float] | None = None  # only at the end of an epoch


class ResumeError(ValueError):
    """A checkpoint that belongs to another training; the message says what differs."""


Validate = Callable[[Network], dict[str, float]]  # holds "loss", by which the best is chosen


class Training:
    """One training run: holds all of its state, makes steps, saves and restores itself."""

    def __init__(
        self,
        config: TrainingConfig,
        sets: Sequence[Handwriting],
        validate: Validate,
        folder: Path,
        teachers: Teachers | None = None,
    ) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(config.seed)
        self.config = config
        self.step = 0
        self.best_loss = math.inf
        self.origin: dict[str, Any] | None = None  # what is known of the weights it started from
        self.network = Network(config.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedNetwork(self.network, config.average_decay)
        teachers = teachers or Teachers(())
        if teachers.sha256 != config.teachers:
            raise ValueError("these are not the teachers that the settings name")
        self._batches = TaughtBatches(BatchMaker(sets, config.batch, config.seed), teachers)
        self._validate = validate
        self._folder = folder
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        rest = [p for p in self.network.parameters() if p.ndim <= 1]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": config.weight_decay},
                {"params": rest, "weight_decay": 0.0},
            ],
            lr=config.lr,
        )
        self._loss = 0.0  # smoothed

    def run(
        self, report: Callable[[Progress], None], stop: Callable[[], bool] = lambda: False
    ) -> bool:
        """Train on; save latest and best after each epoch, and latest when asked to stop.

        `stop` is asked between steps, so that what is saved is always the state after a whole
        step. Returns whether the training came to its end.
        """
        started, first, config = time.perf_counter(), self.step, self.config
        with (
            closing(prepared(self._batches, self.step, config.steps)) as batches,
            Shards(self.network, config.shards, config.threads) as shards,
        ):
            for batch in batches:
                self._make_step(batch, shards)
                done = (self.step - first) * self.config.batch.size
                speed = done / (time.perf_counter() - started)
                validation = None
                if self.step % self.config.steps_per_epoch == 0:
                    validation = self._end_epoch()
                report(Progress(self.step, self.config.steps, self._loss, speed, validation))
                if stop():
                    self.save(LATEST)
                    break
        return self.step >= self.config.steps

    def start_from(self, weights: dict[str, Tensor], origin: dict[str, Any]) -> None:
        """Begin with the weights of an earlier training, described by `origin`."""
        self.network.load_state_dict(weights)
        self.origin = origin
        self.average = AveragedNetwork(self.network, self.config.average_decay)

    def save(self, name: str) -> None:
        """Write all state to a file of the run's folder."""
        tensors = _prefixed("network.", self.network.state_dict())
        tensors |= _prefixed("average.", self.average.network.state_dict())
        for index, state in self._optimizer.state_dict()["state"].items():
            tensors |= _prefixed(f"optimizer.{index}.", state)
        facts = {
            "config": asdict(self.config),
            "step": self.step,
            "loss": self._loss,
            "started_from": self.origin,
            "best_loss": self.best_loss if math.isfinite(self.best_loss) else None,
        }
        write_tensors(self._folder / name, tensors, facts)

    def restore(self, path: Path) -> None:
        """Go on where the training that wrote `path` stopped.

        Raises:
            TensorFileError: the file is missing or damaged.
            ResumeError: it was written with other settings.
        """
        tensors, facts = read_tensors(path)
        self._refuse_other_settings(path, facts["config"])
        self.network.load_state_dict(_under("network.", tensors))
        self.average.network.load_state_dict(_under("average.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": state})
        self.step, self._loss = facts["step"], facts["loss"]
        self.origin = facts["started_from"]
        self.best_loss = math.inf if facts["best_loss"] is None else facts["best_loss"]

    def _make_step(self, batch: Batch, shards: Shards) -> None:
        config = self.config
        for group in self._optimizer.param_groups:
            group["lr"] = config.lr * learning_rate_share(self.step / config.steps, config.warm_up)
        value = shards.backward(
            batch,
            lambda logits, labels, taught: objective(logits, labels, config.objective, taught),
            seed=config.seed * 1_000_003 + self.step,  # the same after a resume
        )
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
        self._optimizer.step()
        self.average.follow(self.network, self.step)
        self._loss = value if self.step == 0 else 0.98 * self._loss + 0.02 * value
        self.step += 1

    def _end_epoch(self) -> dict[str, float]:
        validation = self._validate(self.average.network)
        if validation["loss"] < self.best_loss:
            self.best_loss = validation["loss"]
            facts = {
                "config": asdict(self.config),
                "step": self.step,
                "started_from": self.origin,
                "validation": validation,
            }
            write_tensors(self._folder / BEST, self.average.network.state_dict(), facts)
        self.save(LATEST)
        return validation

    def _refuse_other_settings(self, path: Path, stored: dict[str, Any]) -> None:
        # The number of threads may follow the machine.
        ours = _flat(asdict(self.config) | {"threads": 0})
        # A setting that an older file does not know had its default; batches were whole then.
        old = _flat(asdict(replace(TrainingConfig(), batch=BatchConfig(shares={})))) | {"shards": 1}
        theirs = old | _flat(stored) | {"threads": 0}
        differing = sorted(key for key in ours | theirs if ours.get(key) != theirs.get(key))
        if differing:
            pairs = ", ".join(f"{key} was {theirs.get(key)}" for key in differing)
            raise ResumeError(f"{path} was trained with other settings: {pairs}")


def learning_rate_share(progress: float, warm_up: float, decay_from: float = 0.0) -> float:
    """Return the share of the peak learning rate: a linear rise, then half a cosine down to 0.

    Args:
        progress: share of the steps that are done.
        warm_up: share of the steps in which it rises.
        decay_from: share of the steps up to which it then stays at its peak.
    """
    if progress < warm_up:
        return (progress + 1e-3) / (warm_up + 1e-3)
    start = max(warm_up, decay_from)
    return 0.5 * (1 + math.cos(math.pi * (max(progress, start) - start) / (1 - start)))


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = list(value) if isinstance(value, tuple) else value
    return flat
