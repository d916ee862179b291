"""Chooses the parameters of the personal memory: `python -m benchmarks.personal --tune`.

Wanted are the fewest errors after one and after three corrections of a character, among the
parameters that keep the promises: a corrected drawing is right at once, and what was not corrected
stays as it was. Look-alikes (0 and o) count as one there: who draws them alike and corrects one has
taught the other, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Final

import numpy as np

from benchmarks.correcting import SETUPS, Outputs, Person, Setup, after_corrections
from benchmarks.report import Figure, Report
from benchmarks.writers import redraw
from recognizer.directions import planes
from recognizer.memory import DEFAULTS, Memory, MemoryParameters
from recognizer.predictor import Predictor

SHARPNESS: Final = (15.0, 20.0, 25.0, 30.0, 40.0, 60.0, 80.0, 120.0)
PRIOR: Final = (0.08, 0.12, 0.18, 0.25, 0.35, 0.5)
VOTES: Final = (1, 3, 5)
LEAST_VOTE: Final = 0.02
TUNE_LOST: Final = 0.05  # points: a quarter of the goal, since other people will be less lucky
TUNE_AGAIN: Final = 0.98  # of the corrected drawings, drawn nearly the same, must be read right
TUNE_K: Final = (1, 3)


def tune(
    result: Report, predictor: Predictor, people: Mapping[Setup, Sequence[Person]], seed: int
) -> None:
    """Try all combinations and report the best that keeps the promises."""
    redrawn = {setup: _redrawn(predictor, some, seed) for setup, some in people.items()}
    best: tuple[float, MemoryParameters] | None = None
    for sharpness, prior, votes in product(SHARPNESS, PRIOR, VOTES):
        near = round(1 + float(np.log(LEAST_VOTE)) / sharpness, 3)
        parameters = replace(DEFAULTS, sharpness=sharpness, prior=prior, votes=votes, near=near)
        again = min(_right_again(redrawn[setup], parameters) for setup in SETUPS)
        if again < TUNE_AGAIN:
            continue
        fewer, lost, note = _benefit(people, parameters)
        name = f"sharpness {sharpness:g}, prior {prior:g}, votes {votes}"
        note = f"lost {lost:.2f}, again {again:.3f}; {note}"
        result.add(Figure(name, fewer, "%", note=note), section=f"Fewer errors, k = {TUNE_K}")
        if lost <= TUNE_LOST and (best is None or fewer > best[0]):
            best = fewer, parameters
    chosen = "none keeps the promises" if best is None else str(asdict(best[1]))
    result.about(chosen=chosen)


def _benefit(
    people: Mapping[Setup, Sequence[Person]], parameters: MemoryParameters
) -> tuple[float, float, str]:
    """Return how many per cent fewer errors, the most points lost anywhere, and the details."""
    fewer, lost, notes = [], [], []
    for setup, some in people.items():
        for k in TUNE_K:
            tally = after_corrections(some, k, parameters)
            fewer.append(tally.fewer)
            lost.append(tally.lost_grouped)
            notes.append(f"{setup} k={k} {tally.fewer:.0f} % fewer, lost {tally.lost:.2f}")
        tally = after_corrections(some, max(TUNE_K), parameters, while_drawing=True)
        fewer.append(tally.fewer)
        lost.append(tally.lost_grouped)
        notes.append(f"while drawing {tally.fewer:.0f} %, {tally.lost:.2f}")
    return float(np.mean(fewer)), max(lost), "; ".join(notes)


def _redrawn(
    predictor: Predictor, people: Sequence[Person], seed: int
) -> list[tuple[Person, Outputs]]:
    """Let everybody draw nearly the same again what they are going to correct."""
    found = []
    for person in people:
        which = person.misread(max(TUNE_K))
        if len(which):
            rng = np.random.default_rng([seed, *person.writer.name.encode()])
            rasters = np.stack([planes(redraw(person.writer.inks[i], rng)) for i in which])
            labels = person.outputs.labels[which]
            again = Outputs.of(predictor, rasters, labels, person.outputs.setup)
            found.append((person, again))
    return found


def _right_again(redrawn: Sequence[tuple[Person, Outputs]], parameters: MemoryParameters) -> float:
    """Return how many corrected drawings are right when drawn nearly the same at once."""
    right: list[bool] = []
    for person, again in redrawn:
        memory = Memory(version=1, parameters=parameters)
        for position, index in enumerate(person.misread(max(TUNE_K))):
            memory = person.remember(memory, [index])
            answer = again.answers_with(memory, [position])[0]
            right.append(bool(answer == again.labels[position]))
    return float(np.mean(right)) if right else 1.0
