"""Whether more workers learn more: one challenger against what two and four come to.

Each worker builds one challenger, for the same time; then `trainer/choosing.py` takes their mean,
moved on, or one of them, as in a run. The gain is measured on drawings by the same people that
nobody sent. People are those of `crowd.py`.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import torch

from benchmarks import machine, report
from benchmarks.crowd import Crowd, corrections, synthetic_drawings
from benchmarks.reading import Reader
from benchmarks.report import Figure, ratio
from recognizer.checkpoints import WEIGHTS, read_card
from recognizer.publishing import PACKAGED_ANCHOR
from trainer.base import Base, prepare
from trainer.challenger import Challenger, Standing, hold_out, make
from trainer.characters import Images, Labels
from trainer.choosing import best
from trainer.export import network_of, read_network, weights_of
from trainer.finetune import Corrections
from trainer.finetuning import FinetuneConfig, variations
from trainer.gate import GateConfig
from trainer.network import Network

COUNTS: Final = (1, 2, 4)
MOST: Final = max(COUNTS)
ASKED: Final = 6000  # drawings that measure the gain
SCALE: Final = 0.25  # of the base


@dataclass(frozen=True)
class Built:
    """What one worker hands over."""

    network: bytes
    early: bytes | None
    wall: float
    cpu: float


@dataclass(frozen=True)
class Outcome:
    """What so many workers came to in one round."""

    count: int
    gain: float  # points, on drawings that nobody sent
    passed: bool
    chosen: str


@dataclass(frozen=True)
class Ground:
    """What all rounds share."""

    anchor: Network
    base: Base
    config: FinetuneConfig

    @classmethod
    def read(cls, steps: int) -> "Ground":
        """Load the packaged anchor and make a synthetic base."""
        torch.set_num_threads(1)
        anchor = read_network(PACKAGED_ANCHOR / WEIGHTS)
        digest = read_card(PACKAGED_ANCHOR).sha256[WEIGHTS]
        cache = Path(tempfile.gettempdir()) / f"digitsite-fanout-{os.getuid()}"
        base = prepare(anchor, digest, cache / "no data", cache, SCALE)
        config = FinetuneConfig()
        return cls(anchor, base, replace(config, steps=steps) if steps else config)


def build(sent: Corrections, index: int, steps: int) -> Built:
    """Build one challenger; runs in a process of its own."""
    there = Ground.read(steps)
    wall, cpu = time.perf_counter(), time.process_time()
    made = make(there.anchor, sent, there.base, variations(there.config, MOST)[index])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    early = weights_of(made.early) if made.early is not None else None
    return Built(weights_of(made.network), early, wall, cpu)


def outcomes(
    there: Ground, sent: Corrections, built: Sequence[Built], asked: tuple[Images, Labels]
) -> list[Outcome]:
    """Let the gate choose for each number of workers as in a run; measure what it chose."""
    card = read_card(PACKAGED_ANCHOR)
    standing = Standing(there.anchor, there.anchor, dict(card.temperature), there.base)
    challengers = {f"challenger {index}": _challenger(one, sent) for index, one in enumerate(built)}
    before = Reader(there.anchor).right(*asked).mean()
    found = []
    for count in COUNTS:
        some = dict(islice(challengers.items(), count))
        name, chosen, judged = best(some, standing, sent, GateConfig())
        gain = float(Reader(chosen.network).right(*asked).mean() - before) * 100
        found.append(Outcome(count, gain, judged.report.passed, name))
    return found


def _challenger(built: Built, sent: Corrections) -> Challenger:
    network = network_of(built.network)
    early = network_of(built.early) if built.early else None
    return Challenger(network, early, hold_out(sent))


def figures(found: Sequence[Outcome]) -> list[Figure]:
    """Return what each number of workers gained, over all rounds."""
    gains = {
        count: [one.gain for one in found if one.count == count]
        for count in sorted({one.count for one in found})
    }
    alone = float(np.mean(gains[1]))
    shown = []
    for count, values in gains.items():
        those = [one for one in found if one.count == count]
        chosen = ", ".join(one.chosen for one in those)
        note = f"{sum(one.passed for one in those)} of {len(those)} pass; {chosen}"
        goal = None if count == 1 else alone
        name = f"{count} workers, gain" if count > 1 else "1 worker, gain"
        shown.append(Figure(name, float(np.mean(values)), "points", at_least=goal, note=note))
        if count > 1:
            better = [b - a for a, b in zip(gains[1], values, strict=True)]
            spread = ", ".join(f"{value:+.2f}" for value in better)
            shown.append(
                Figure("  more than 1 worker", float(np.mean(better)), "points", note=spread)
            )
    return shown


def main() -> None:
    """Measure round by round and print."""
    options = _parser().parse_args()
    there = Ground.read(options.steps)
    read = Reader(there.anchor).logits
    found: list[Outcome] = []
    built: list[Built] = []
    elapsed = 0.0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.at_once, mp_context=context) as pool:
        for number in range(options.rounds):
            report.progress(f"round {number + 1} of {options.rounds} …")
            crowd = Crowd(synthetic_drawings(), read, options.seed + number)
            sent = corrections(crowd.send(options.sent))
            asked = _asked(crowd)
            begin = time.perf_counter()
            jobs = [pool.submit(build, sent, index, options.steps) for index in range(MOST)]
            made = [job.result() for job in jobs]
            elapsed += time.perf_counter() - begin
            built += made
            found += outcomes(there, sent, made, asked)
    result = report.Report("Fan-out: one challenger for each worker, the same time for each")
    result.about(
        data=f"{options.rounds} rounds of {options.sent} corrections by made-up people, {ASKED} "
        f"drawings that nobody sent; seed {options.seed}",
        **machine.describe(),
    )
    result.add(*figures(found), section="On drawings that nobody sent")
    wall, cpu = (sum(getattr(one, name) for one in built) for name in ("wall", "cpu"))
    result.add(
        Figure("CPU time a challenger", cpu / len(built), "s"),
        Figure("time a challenger", wall / len(built), "s", note=f"{options.at_once} at once"),
        Figure("workers that really ran side by side", ratio(cpu, elapsed), note="CPU by time"),
        section="Time",
    )
    result.show(as_json=options.json)


def _asked(crowd: Crowd) -> tuple[Images, Labels]:
    images, labels = [], []
    for name in crowd.names:
        wanted = crowd.any_labels(ASKED // len(crowd.names), crowd.rng)
        images.append(crowd.draw(name, wanted)[1])
        labels.append(wanted)
    return np.concatenate(images), np.concatenate(labels)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="each with other people (%(default)s)"
    )
    parser.add_argument("--sent", type=int, default=1000, help="corrections a round (%(default)s)")
    parser.add_argument("--steps", type=int, default=0, help="of a challenger; 0: as in a run")
    parser.add_argument(
        "--at-once", type=int, default=os.cpu_count() or 1, help="builders (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the people (%(default)s)")
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
