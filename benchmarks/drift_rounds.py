"""Rounds of learning from one drifter after the other, by three methods; finished rounds are kept.

- naive: yesterday's network is fine-tuned further on today's corrections, nothing is replayed;
- incremental: the same, with the base's exemplars and all earlier corrections replayed;
- anchored: every round begins at the anchor and learns all corrections so far, as is shipped.

Each round leaves its weights and one JSON line, so a run that was stopped goes on where it was.
Knows nothing about what is made of the figures.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from benchmarks.drifters import MEASURED, Drawings, Drifter
from benchmarks.reading import BaseSet, Reader
from recognizer.alphabet import LABELS
from trainer.challenger import hold_out
from trainer.characters import pictures_of
from trainer.export import read_network
from trainer.finetune import Corrections, Exemplars, finetune
from trainer.finetuning import FinetuneConfig
from trainer.network import Network
from trainer.tensor_files import write_tensors

Method = Literal["anchored", "incremental", "naive"]
Source = Literal["real", "synthetic"]

METHODS: Final[tuple[Method, ...]] = ("anchored", "incremental", "naive")
SOURCES: Final[tuple[Source, ...]] = ("real", "synthetic")
CORRECTIONS: Final = 100  # approved, of each person


@dataclass(frozen=True)
class Plan:
    """One run."""

    method: Method
    source: Source  # of what is replayed; naive replays nothing
    seed: int
    config: FinetuneConfig
    anchor: str  # SHA-256 of its weights

    @property
    def key(self) -> str:
        """Name of the run's files: other settings, anchor or number of drawings: another run."""
        settings = json.dumps([asdict(self.config), self.anchor, MEASURED], sort_keys=True)
        digest = hashlib.sha256(settings.encode())
        return f"{self.method}-{self.source}-{self.seed}-{digest.hexdigest()[:8]}"


@dataclass(frozen=True)
class Round:
    """What one round did, and how its network reads."""

    number: int  # from 0
    corrected: list[int]  # positions among the person's drawings
    people: list[float]  # accuracy of everybody learned so far, in their order
    base: dict[str, float]
    seconds: float  # of processor time, of fine-tuning alone
    elapsed: float


@dataclass(frozen=True)
class World:
    """What all methods share."""

    anchor: Network
    base: BaseSet
    people: Sequence[Drifter]
    exemplars: Exemplars


def rounds(plan: Plan, world: World, state: Path, count: int) -> Iterator[Round]:
    """Yield the rounds, those that were finished before at once."""
    lines = state / f"{plan.key}.jsonl"
    found = [Round(**json.loads(line)) for line in _lines(lines)][:count]
    yield from found
    network = world.anchor
    if found:
        network = read_network(_weights(state, plan, len(found) - 1))
    for number in range(len(found), count):
        person = world.people[number]
        corrected = misread(Reader(network), person.drawn)
        learned = [*(each.corrected for each in found), corrected]
        start, cpu = time.perf_counter(), time.process_time()
        network = _learn(plan, world, network, learned)
        seconds, elapsed = time.process_time() - cpu, time.perf_counter() - start
        reader = Reader(network)
        done = Round(
            number=number,
            corrected=corrected,
            people=[accuracy(reader, each.measured) for each in world.people[: number + 1]],
            base=world.base.score(reader).plain(),
            seconds=seconds,
            elapsed=elapsed,
        )
        write_tensors(_weights(state, plan, number), network.state_dict(), asdict(network.config))
        with lines.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(done)) + "\n")
        found.append(done)
        yield done


def misread(reader: Reader, drawn: Drawings) -> list[int]:
    """Return which drawings somebody would correct: the first that are read wrong."""
    wrong = np.flatnonzero(~reader.right(drawn.images, drawn.labels))
    return [int(position) for position in wrong[:CORRECTIONS]]


def accuracy(reader: Reader, drawings: Drawings) -> float:
    """Return the share that is read right, told "digit" or "letter"."""
    return float(reader.right(drawings.images, drawings.labels).mean())


def _learn(plan: Plan, world: World, network: Network, learned: Sequence[list[int]]) -> Network:
    everything = [
        _corrections(person, which) for person, which in zip(world.people, learned, strict=False)
    ]
    if plan.method == "anchored":
        corrections = _join(everything)
        late = hold_out(corrections)  # as a run does: those who judge are learned late
        return finetune(world.anchor, corrections, world.exemplars, plan.config, late=late).network
    exemplars = nothing(world.exemplars)
    if plan.method == "incremental":
        exemplars = _with_earlier(world.exemplars, everything[:-1], network)
    return finetune(network, everything[-1], exemplars, plan.config).network


def nothing(base: Exemplars) -> Exemplars:
    """Return a replay set without anything in it, for a network that sees what `base` shows."""
    logits = np.zeros((0, len(LABELS)), np.float32)
    return Exemplars(base.images[:0], np.zeros(0, np.int64), (), logits)


def _with_earlier(base: Exemplars, earlier: list[Corrections], network: Network) -> Exemplars:
    """Add earlier corrections, held to what yesterday's network says of them."""
    if not earlier:
        return base
    all_earlier = _join(earlier)
    images = all_earlier.images if base.images.ndim > 3 else pictures_of(all_earlier.images)
    return Exemplars(
        np.concatenate([base.images, images]),
        np.concatenate([base.labels, all_earlier.labels]),
        (*base.sources, *("corrections" for _ in range(len(all_earlier)))),
        np.concatenate([base.logits, Reader(network).logits(all_earlier.images)]),
    )


def _corrections(person: Drifter, which: list[int]) -> Corrections:
    drawn = person.drawn
    return Corrections(
        drawn.images[which],
        drawn.labels[which],
        (person.name,) * len(which),
        tuple(drawn.inks[position] for position in which),
    )


def _join(parts: Sequence[Corrections]) -> Corrections:
    return Corrections(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        tuple(name for part in parts for name in part.submitters),
        tuple(ink for part in parts for ink in part.inks),
    )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _weights(state: Path, plan: Plan, number: int) -> Path:
    return state / f"{plan.key}-{number:02d}.safetensors"
