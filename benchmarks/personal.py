"""What a personal memory is worth to the person who corrects, and what it costs.

People correct up to k drawings of each character that is misread, then their other drawings are
counted again. Figures are those of the people in the half "report"; `--tune` looks for parameters
on the half "tune" and prints a line for `recognizer.memory.MemoryParameters`.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import handwriting, machine, report
from benchmarks.correcting import SETUPS, Outputs, Person, Setup, Tally, after_corrections
from benchmarks.limits import load_predictor
from benchmarks.memory_tuning import tune
from benchmarks.writers import Half, Labels, Rasters, redraw, writers
from recognizer.alphabet import LABELS
from recognizer.memory import DEFAULTS, Memory
from recognizer.predictor import Predictor
from trainer.outliers import HELD_OUT, TRAINED, sample_outliers

CORRECTIONS: Final = (1, 3, 5)
GOAL_K: Final = 3
GOAL_FEWER: Final = 25.0  # per cent
GOAL_LOST: Final = 0.2  # points
STREAK: Final = 20  # corrections by one person
GOAL_STREAK: Final = 19
SCRIBBLES: Final = 300

People = dict[Setup, list[Person]]


def main() -> None:
    """Measure, or tune, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.personal", description=__doc__)
    default = Path(os.environ.get("DIGITSITE_DATA_DIR") or handwriting.ROOT / "data")
    parser.add_argument(
        "--data-dir", type=Path, default=default, help="has strokes/*.jsonl.gz (%(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="which people are made and how they repeat (%(default)s)",
    )
    report.add_options(parser)
    parser.add_argument("--tune", action="store_true", help="choose parameters instead")
    options = parser.parse_args()
    predictor = load_predictor()
    half: Half = "tune" if options.tune else "report"
    try:
        people = {setup: gather(predictor, options, setup, half) for setup in SETUPS}
    except handwriting.DataError as error:
        handwriting.stop(str(error))
    result = report.Report("Personal memory")
    result.about(
        model=f"version {predictor.version} ({predictor.card.sha256['model.onnx'][:12]})",
        people=describe(people, half),
        seed=str(options.seed),
        **machine.describe(),
    )
    if options.tune:
        tune(result, predictor, people, options.seed)
    else:
        result.about(parameters=str(DEFAULTS))
        for setup, title in SETUPS.items():
            result.add(*benefit(people[setup]), section=title)
        result.add(
            *streaks(predictor, people["joint"], options.seed),
            section=f"{STREAK} corrections by one person, all 36 characters",
        )
        result.add(*cost(predictor, people["joint"][-1], options.seed), section="Cost")
    result.show(as_json=options.json)


def gather(
    predictor: Predictor, options: argparse.Namespace, setup: Setup, half: Half
) -> list[Person]:
    """Make one half of the people, and let the network read what they drew."""

    def error_rate(rasters: Rasters, labels: Labels) -> float:
        return Outputs.of(predictor, rasters, labels, setup).error_rate

    people: list[Person] = []
    for writer in writers(options.data_dir, options.seed, half, error_rate):
        outputs = Outputs.of(predictor, writer.rasters(), writer.labels, setup)
        people.append(Person(writer, outputs))
        if not options.json:
            print(f"\r{setup}: {len(people)} people", end="", file=sys.stderr, flush=True)
    if not options.json:
        print(file=sys.stderr)
    return people


def describe(people: People, half: Half) -> str:
    """Say who was measured."""
    parts = []
    for setup, some in people.items():
        groups = [person.writer.group for person in some]
        counts = ", ".join(f"{groups.count(group)} {group}" for group in sorted(set(groups)))
        parts.append(f"{setup}: {counts}")
    return f"half {half!r} of the held-out writers; {'; '.join(parts)}"


def benefit(people: Sequence[Person]) -> list[report.Figure]:
    """Return errors before and after, by k, and what is lost elsewhere."""
    tallies = {k: after_corrections(people, k, DEFAULTS) for k in CORRECTIONS}
    first = tallies[CORRECTIONS[0]]
    figures = [
        report.Figure("other drawings", first.drawings, note=f"of {first.people} people"),
        report.Figure("errors before", 100 * first.errors_before / first.drawings, "%"),
    ]
    for k, tally in tallies.items():
        figures += _after(f"k = {k}: ", tally, goal=k == GOAL_K)
    drawing = after_corrections(people, GOAL_K, DEFAULTS, while_drawing=True)
    figures += _after(f"k = {GOAL_K}, corrected while drawing: ", drawing, goal=True)
    for group in sorted({person.writer.group for person in people}):
        some = [person for person in people if person.writer.group == group]
        tally = after_corrections(some, GOAL_K, DEFAULTS)
        note = f"{tally.errors_before} → {tally.errors_after} of {tally.drawings}"
        figures.append(
            report.Figure(f"k = {GOAL_K}, {group}: fewer errors", tally.fewer, "%", note=note)
        )
    return figures


def _after(prefix: str, tally: Tally, *, goal: bool) -> list[report.Figure]:
    note = f"{tally.errors_before} → {tally.errors_after}, {tally.corrections} corrections"
    return [
        report.Figure(
            f"{prefix}fewer errors",
            tally.fewer,
            "%",
            at_least=GOAL_FEWER if goal else None,
            note=note,
        ),
        report.Figure(
            f"{prefix}lost elsewhere",
            tally.lost,
            "points",
            at_most=GOAL_LOST if goal else None,
            note=f"{tally.elsewhere} drawings of characters not corrected",
        ),
        report.Figure(f"{prefix}the same, look-alikes as one", tally.lost_grouped, "points"),
        report.Figure(
            f"{prefix}not sure",
            100 * tally.unsure_after / tally.drawings,
            "%",
            note=f"{tally.unsure_before} → {tally.unsure_after} of {tally.drawings}",
        ),
    ]


@dataclass(frozen=True)
class Streak:
    """How many of one person's corrections are right."""

    same: int  # the same drawing, at once
    again: int  # nearly the same drawing, at once
    end: int  # the same drawing, after the last correction


def streaks(predictor: Predictor, people: Sequence[Person], seed: int) -> list[report.Figure]:
    """Let everybody who has enough to correct make STREAK corrections in a row."""
    found = [streak for person in people if (streak := _streak(predictor, person, seed))]
    figures = [report.Figure("people with as many corrections", len(found))]
    for name, title in (
        ("same", "same drawing, right at once"),
        ("again", "nearly the same drawing, right at once"),
        ("end", "same drawing, after all corrections"),
    ):
        counts = [getattr(streak, name) for streak in found]
        figures.append(
            report.Figure(
                title,
                float(np.mean(counts)) if counts else np.nan,
                f"of {STREAK}",
                at_least=None if name == "end" else GOAL_STREAK,
                note=f"worst person {min(counts)}" if counts else "",
            )
        )
    return figures


def _streak(predictor: Predictor, person: Person, seed: int) -> Streak | None:
    """Correct what is misread, abstentions included, as the page would show it."""
    rng = np.random.default_rng([seed, *person.writer.name.encode()])
    memory = Memory(predictor.version)
    corrected: list[int] = []
    again = same = 0

    def right(index: int, *, redrawn: bool = False) -> bool:
        ink = person.writer.inks[index]
        answer = predictor.predict(redraw(ink, rng) if redrawn else ink, memory=memory)
        return answer.label == LABELS[person.outputs.labels[index]]

    for index in np.flatnonzero(person.early).tolist():
        if len(corrected) == STREAK:
            break
        if not right(index):
            features = predictor.features(predictor.draw(person.writer.inks[index]))
            label = int(person.outputs.labels[index])
            memory = memory.remember(features, label, was_correction=True)
            corrected.append(index)
            same += right(index)
            again += right(index, redrawn=True)
    if len(corrected) < STREAK:
        return None
    return Streak(same, again, sum(right(index) for index in corrected))


def cost(predictor: Predictor, person: Person, seed: int) -> list[report.Figure]:
    """Time an answer with and without a full memory, and count scribbles taken for characters."""
    full = Memory.of(
        predictor.version,
        zip(person.outputs.features, person.outputs.labels, person.early, strict=True),
    )
    rasters = person.writer.rasters()[:300]
    alone = _microseconds(predictor, rasters, None)
    remembering = _microseconds(predictor, rasters, full)
    inks = person.writer.inks
    scribbles = sample_outliers(seed, SCRIBBLES, inks, [*TRAINED.values(), *HELD_OUT.values()])
    taken = {
        memory: sum(predictor.predict(ink, memory=memory).label is not None for ink in scribbles)
        for memory in (None, full)
    }
    return [
        report.Figure("drawings in the memory", len(full)),
        report.Figure("an answer without memory", alone, "µs", note="median, without rasterising"),
        report.Figure("an answer with that memory", remembering, "µs"),
        report.Figure("the memory costs", remembering - alone, "µs"),
        report.Figure("scribbles read as something, without", taken[None], f"of {SCRIBBLES}"),
        report.Figure("scribbles read as something, with", taken[full], f"of {SCRIBBLES}"),
    ]


def _microseconds(predictor: Predictor, rasters: Rasters, memory: Memory | None) -> float:
    times = []
    for _ in range(3):
        for raster in rasters:
            start = time.perf_counter()
            predictor.predict_raster(raster, memory=memory)
            times.append(time.perf_counter() - start)
    return report.median(times) * 1e6


if __name__ == "__main__":
    main()
