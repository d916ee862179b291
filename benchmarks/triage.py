"""Whether the risk order brings wrong labels to the top of the review queue.

Real drawings by writers that the model never saw make a queue; a share of them, chosen by the
seed, gets a wrong label. The queue is put in order exactly as corrections are, with the anchor
that comes with the code or the version that DIGITSITE_MODEL names, and the first fifth of it is
searched for the wrong ones.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks import handwriting, machine, report
from benchmarks.handwriting import Character
from benchmarks.limits import load_predictor
from benchmarks.report import Figure, Report
from feedback import triage
from recognizer.alphabet import LABELS, Charset, indices
from recognizer.predictor import Predictor

FIRST: Final = 0.2  # of the queue is read
GOAL: Final = 80.0  # per cent of the wrong labels are in it
APPROVED: Final = 500  # drawings with approved labels, where there are any
NOBODY: Final = triage.mistrust(0, 0)  # every submitter is new
UNSURE: Final = 0.9  # confidence below which a drawing is hard
KNOWN_RULE: Final = (0.02, 0.8)  # label under the one, another over the other: surely wrong

Mistake = Literal["any other label", "the likeliest other label"]
MISTAKES: Final[tuple[Mistake, ...]] = (
    "any other label",
    "the likeliest other label",
)


@dataclass(frozen=True)
class Drawing:
    """One drawing, as the anchor sees it."""

    label: str  # the true one
    charset: Charset
    probabilities: tuple[float, ...]
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """What one queue showed."""

    wrong: float  # share of the wrong labels that are in the first fifth
    rule_wrong: float  # share of the wrong labels that the known rule names
    rule_right: float  # share of the right labels that it names
    value_wrong: float  # share of wrong labels in the first fifth by value
    value_missed: float  # share of the anchor's mistakes, rightly labelled, in it


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.triage", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--share", type=float, default=0.1, help="wrong labels (%(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="queues of each kind (%(default)s)")
    report.add_options(parser)
    options = parser.parse_args()
    characters = handwriting.chosen(options)
    predictor = load_predictor()
    result = Report("Risk and value order of the review queue")
    result.about(
        model=f"version {predictor.version} ({predictor.card.sha256['model.onnx'][:12]})",
        data=handwriting.describe(characters, options.seed),
        queue=f"{options.share:.0%} wrong labels; {options.rounds} rounds, seeds from "
        f"{options.seed}; {FIRST:.0%} of it is read; {APPROVED} of the drawings are approved and "
        "not in it, where that is said",
        **machine.describe(),
    )
    hints: dict[str, Charset | None] = {
        "with the right character set": None,
        "with all 36 labels": "all",
    }
    for title, charset in hints.items():
        drawings = [_seen(predictor, character, charset) for character in characters]
        for mistake in MISTAKES:
            figures = _figures(drawings, mistake, options)
            result.add(*figures, section=f"{title}: {mistake} is planted")
    result.add(_cost(drawings), section="Cost")
    result.show(as_json=options.json)


def _figures(
    drawings: Sequence[Drawing], mistake: Mistake, options: argparse.Namespace
) -> Iterator[Figure]:
    def rounds(queue: Sequence[Drawing], approved: int) -> list[Found]:
        seeds = range(options.seed, options.seed + options.rounds)
        return [_try(queue, approved, mistake, options.share, seed) for seed in seeds]

    hard = [drawing for drawing in drawings if _is_hard(drawing)]
    goal = GOAL if mistake == MISTAKES[0] else None
    fresh, helped, worst = rounds(drawings, 0), rounds(drawings, APPROVED), rounds(hard, 0)
    for name, found, least in (
        ("wrong labels in the first fifth", fresh, goal),
        (f"the same, beside {APPROVED} approved", helped, goal),
        (f"the same, among {len(hard)} hard drawings only", worst, None),
    ):
        shares = [100 * one.wrong for one in found]
        lowest = f"lowest {min(shares):.1f}"
        yield Figure(name, float(np.mean(shares)), "%", at_least=least, note=lowest)
    for name, values in (
        ("wrong labels that the known rule names", [one.rule_wrong for one in fresh]),
        ("right labels that it names", [one.rule_right for one in fresh]),
        ("wrong labels in the first fifth by value", [one.value_wrong for one in fresh]),
        ("the model's mistakes in it", [one.value_missed for one in fresh]),
    ):
        yield Figure(name, 100 * float(np.mean(values)), "%")


def _seen(predictor: Predictor, character: Character, charset: Charset | None) -> Drawing:
    raster = predictor.draw([points[:, :2] for points in character.strokes])
    charset = charset or character.hint
    prediction = predictor.predict_raster(raster, charset)
    features = predictor.features(raster).astype(np.float16).astype(np.float32)  # as stored
    return Drawing(character.label, charset, prediction.probabilities, features)


def _is_hard(drawing: Drawing) -> bool:
    confidence = max(drawing.probabilities)
    return confidence < UNSURE or _best(drawing) != drawing.label


def _best(drawing: Drawing) -> str:
    return LABELS[int(np.argmax(drawing.probabilities))]


def _try(
    drawings: Sequence[Drawing], approved: int, mistake: Mistake, share: float, seed: int
) -> Found:
    """Plant wrong labels in a shuffled queue, order it and read its first fifth."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(drawings))
    known = [drawings[k] for k in order[:approved]]
    queue = [drawings[k] for k in order[approved:]]
    wrong = np.arange(len(queue)) < round(share * len(queue))
    labels = [
        _mislabelled(drawing, mistake, rng) if planted else drawing.label
        for drawing, planted in zip(queue, wrong, strict=True)
    ]
    return _read(queue, labels, wrong, known)


def _mislabelled(drawing: Drawing, mistake: Mistake, rng: Generator) -> str:
    others = [LABELS[k] for k in indices(drawing.charset) if LABELS[k] != drawing.label]
    if mistake == "any other label":
        return str(rng.choice(others))
    return max(others, key=lambda label: drawing.probabilities[LABELS.index(label)])


def _read(
    queue: Sequence[Drawing],
    labels: Sequence[str],
    wrong: NDArray[np.bool_],
    known: Sequence[Drawing],
) -> Found:
    features = np.array([drawing.features for drawing in known], np.float32)
    names = [drawing.label for drawing in known]
    mine = np.array(
        [d.probabilities[LABELS.index(label)] for d, label in zip(queue, labels, strict=True)]
    )
    risks = np.array(
        [
            triage.risk(
                triage.doubt(drawing.probabilities, label, drawing.features, features, names),
                NOBODY,
            )
            for drawing, label in zip(queue, labels, strict=True)
        ]
    )
    values = np.array([triage.value(p, risk) for p, risk in zip(mine, risks, strict=True)])
    other = np.array([max(drawing.probabilities) for drawing in queue])
    named = (mine < KNOWN_RULE[0]) & (other > KNOWN_RULE[1])
    missed = np.array([_best(drawing) != drawing.label for drawing in queue]) & ~wrong
    by_risk, by_value = _first(risks), _first(values)
    return Found(
        wrong=float(by_risk[wrong].mean()),
        rule_wrong=float(named[wrong].mean()),
        rule_right=float(named[~wrong].mean()),
        value_wrong=float(by_value[wrong].mean()),
        value_missed=float(by_value[missed].mean()) if missed.any() else float("nan"),
    )


def _first(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which are in the first fifth."""
    # The planted ones come first in a queue; where scores are equal, here they come last.
    order = np.lexsort((-np.arange(len(scores)), -scores))
    first = np.zeros(len(scores), bool)
    first[order[: round(FIRST * len(scores))]] = True
    return first


def _cost(drawings: Sequence[Drawing]) -> Figure:
    known = np.array([drawing.features for drawing in drawings[:512]], np.float32)
    labels = [drawing.label for drawing in drawings[:512]]
    started = time.process_time()
    for drawing in drawings[:300]:
        triage.doubt(drawing.probabilities, drawing.label, drawing.features, known, labels)
    spent = (time.process_time() - started) / min(300, len(drawings))
    return Figure("one score beside 512 approved drawings", spent * 1000, "ms")


if __name__ == "__main__":
    main()
