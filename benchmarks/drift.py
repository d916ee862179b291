"""What learning from corrections costs the base and brings the people: drifting writers in a row.

Every round somebody new writes in a way that the network reads badly, and 100 of the drawings that
it misread are approved and learned. Measured after every round: the base (what was set aside when
the anchor was trained) and everybody learned so far, on drawings that were never corrected.
Finished rounds are kept in the folder that --state names, so a run can be stopped and goes on.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import drift_rounds, handwriting, machine, report
from benchmarks.drift_rounds import METHODS, SOURCES, Method, Plan, Round, Source, World
from benchmarks.drifters import drifters
from benchmarks.forgetting import (
    backward_transfer,
    errors_spared,
    forgetting,
    forgetting_by_chance,
    largest_loss,
    worst_drop,
)
from benchmarks.reading import BaseScore, BaseSet, Reader
from benchmarks.report import Figure, Report
from recognizer.checkpoints import digest
from trainer import base
from trainer.datasets import DataError
from trainer.export import read_network
from trainer.finetune import Exemplars
from trainer.finetuning import FinetuneConfig
from trainer.network import Network

WEIGHTS: Final = handwriting.ROOT / "recognizer" / "weights" / "anchor" / "weights.safetensors"
DROP: Final = 0.1  # points of the base, at any round
FORGOTTEN: Final = 0.5  # points
SPARED: Final = 50.0  # per cent of the people's errors


@dataclass(frozen=True)
class Run:
    """All rounds of one method with one seed, and how it was before."""

    rounds: Sequence[Round]
    base: BaseScore
    people: Sequence[float]


def main() -> None:
    """Run what was asked for and print."""
    options = _options()
    try:
        runs, anchor = _runs(options)
    except (DataError, handwriting.DataError) as error:
        handwriting.stop(str(error))
    result = Report("Learning from one drifting writer after the other")
    result.about(
        people=f"half {options.half!r} of the people, {options.rounds} in a row, up to "
        f"{drift_rounds.CORRECTIONS} corrected drawings of each",
        base=f"MNIST {anchor.mnist:.2f} %, held-out strokes {anchor.strokes:.2f} % with the hint, "
        f"{anchor.joint:.2f} % without, all before the first round",
        seeds=", ".join(map(str, options.seeds)),
        config=str(FinetuneConfig()),
        **machine.describe(),
    )
    for (method, source), some in runs.items():
        result.add(*figures(some), section=f"{method}, {source} base exemplars")
    result.show(as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    default = Path(os.environ.get("DIGITSITE_DATA_DIR") or handwriting.ROOT / "data")
    parser.add_argument(
        "--data-dir", type=Path, default=default, help="has MNIST and strokes (%(default)s)"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for finished rounds")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--exemplars", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=20, help="people (%(default)s)")
    parser.add_argument(
        "--half", choices=("tune", "report"), default="report", help="of the people (%(default)s)"
    )
    report.add_options(parser)
    return parser.parse_args()


def _runs(
    options: argparse.Namespace,
) -> tuple[dict[tuple[Method, Source], list[Run]], BaseScore]:
    anchor, reader = read_network(WEIGHTS), Reader(read_network(WEIGHTS))
    held_out = BaseSet.read(options.data_dir)
    before = held_out.score(reader)
    found: dict[tuple[Method, Source], list[Run]] = {}
    for seed in options.seeds:
        report.progress(f"seed {seed}: {options.rounds} people")
        people = drifters(options.data_dir, seed, options.half, options.rounds, reader.right)
        accuracies = [drift_rounds.accuracy(reader, person.measured) for person in people]
        for method in options.methods:
            # Naive replays nothing, so there is only one of it.
            for source in options.exemplars[: 1 if method == "naive" else None]:
                world = World(anchor, held_out, people, _exemplars(source, anchor, options))
                plan = Plan(method, source, seed, FinetuneConfig(), digest(WEIGHTS))
                state = options.state / options.half
                state.mkdir(parents=True, exist_ok=True)
                rounds = []
                for done in drift_rounds.rounds(plan, world, state, options.rounds):
                    rounds.append(done)
                    report.progress(f"{plan.key} {_line(done, before, accuracies)}")
                found.setdefault((method, source), []).append(Run(rounds, before, accuracies))
    return found, before


def _exemplars(source: Source, anchor: Network, options: argparse.Namespace) -> Exemplars:
    """Return what the base replays; where there is no data folder it is synthetic."""
    root = options.data_dir if source == "real" else options.state / "no data"
    return base.prepare(anchor, digest(WEIGHTS), root, options.state / source).exemplars


def _line(done: Round, before: BaseScore, people: Sequence[float]) -> str:
    spared = errors_spared(people[: len(done.people)], done.people)
    return (
        f"round {done.number + 1}: {len(done.corrected)} corrected, "
        f"MNIST {done.base['mnist'] - before.mnist:+.2f}, "
        f"strokes {done.base['strokes'] - before.strokes:+.2f}, "
        f"joint {done.base['joint'] - before.joint:+.2f}, errors spared {spared:.0%}, "
        f"{done.seconds:.0f} s of processor time, {done.elapsed:.0f} s by the clock"
    )


def figures(runs: Sequence[Run]) -> list[Figure]:
    """Return what runs of several seeds come to: the mean, the worst where that counts."""
    histories = [[done.people for done in run.rounds] for run in runs]
    before = [run.people[: len(run.rounds)] for run in runs]
    after = [history[-1] for history in histories]
    spared = [100 * errors_spared(*pair) for pair in zip(before, after, strict=True)]
    return [
        *_drops(runs),
        _figure("forgetting", [100 * forgetting(each) for each in histories], at_most=FORGOTTEN),
        _figure(
            "the same, were the order of rounds chance",
            [100 * forgetting_by_chance(each) for each in histories],
        ),
        _figure("backward transfer", [100 * backward_transfer(each) for each in histories]),
        _figure("people's errors before", [_errors(each) for each in before], "%"),
        _figure("people's errors after the last round", [_errors(each) for each in after], "%"),
        _figure("people's errors spared", spared, "%", at_least=SPARED),
        Figure(
            "served worst case: a person loses",
            max(100 * largest_loss(*pair) for pair in zip(before, histories, strict=True)),
            "points",
            note="of anybody at any round, against the anchor",
        ),
        _figure(
            "corrected drawings", [_sum(run, lambda each: len(each.corrected)) for run in runs], ""
        ),
        _figure(
            "fine-tuning, processor time a round",
            [_sum(run, lambda each: each.seconds) / len(run.rounds) for run in runs],
            "s",
            note=f"longest {max(each.seconds for run in runs for each in run.rounds):.0f} s",
        ),
    ]


def _drops(runs: Sequence[Run]) -> list[Figure]:
    """Return how far the base falls at the worst round, and where it ends."""
    titles = {
        "mnist": "MNIST, told digit: served worst case loses",
        "strokes": "strokes with the hint: served worst case loses",
        "joint": "strokes, 36 labels: served worst case loses",
    }
    found = []
    for name, title in titles.items():
        drops = [
            worst_drop(getattr(run.base, name), [each.base[name] for each in run.rounds])
            for run in runs
        ]
        ends = [getattr(run.base, name) - run.rounds[-1].base[name] for run in runs]
        found.append(
            Figure(
                title,
                round(max(drops), 6),  # 5 of 5,000 images are 0.1 points, not a little more
                "points",
                at_most=None if name == "joint" else DROP,
                note=f"after the last round {np.mean(ends):+.2f}",
            )
        )
    flips = [each.base["flips"] for run in runs for each in run.rounds]
    found.append(Figure("base, right before and wrong at the worst round", max(flips), "%"))
    return found


def _figure(
    name: str,
    values: Sequence[float],
    unit: str = "points",
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    note: str = "",
) -> Figure:
    """Return the mean over the seeds, with the single values beside it."""
    if len(values) > 1:
        each = ", ".join(report.number(value) for value in values)
        note = f"{each}; {note}" if note else each
    return Figure(name, float(np.mean(values)), unit, at_least, at_most, note)


def _errors(accuracies: Sequence[float]) -> float:
    return 100 * (1 - float(np.mean(accuracies)))


def _sum(run: Run, value: Callable[[Round], float]) -> float:
    return sum(value(each) for each in run.rounds)


if __name__ == "__main__":
    main()
