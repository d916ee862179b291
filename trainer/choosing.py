"""Which of several challengers goes forward: their mean, moved on, or who passes the gate.

Pure but for timing the models. Knows nothing about rows, settings or files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer import gate
from trainer.calibration import Calibration
from trainer.challenger import (
    Challenger,
    Standing,
    averaged,
    calibrated,
    evidence,
    moved_on,
    shortening,
)
from trainer.evidence import Evidence, Facts
from trainer.export import parity, turn_by_turn
from trainer.finetune import Corrections
from trainer.network import Network
from trainer.onnx_graph import build as build_graph

MEAN: Final = "their mean"  # of several challengers, as a name beside theirs
PARITY_IMAGES: Final = 200
_MEGABYTE: Final = 1e6
_ROUNDS: Final = 3  # of timing, each with sessions of its own: where they lie in memory matters
_PASSES: Final = 100


@dataclass(frozen=True)
class Judgement:
    """What the gate has seen of a challenger and says of it; how it was calibrated for that."""

    seen: Evidence
    report: gate.GateReport
    calibration: Calibration


@dataclass(frozen=True)
class News:
    """How what challengers have learned differs from what the champion has learned."""

    fresh: NDArray[np.bool_] | None = None  # (n,) what is new to it; None: everything
    taken_back: int = 0  # what it has learned and they have not


def best(
    built: Mapping[str, Challenger],
    standing: Standing,
    corrections: Corrections,
    limits: gate.GateConfig,
    *,
    news: News | None = None,
    alive: Callable[[], None] = lambda: None,
) -> tuple[str, Challenger, Judgement]:
    """Let the gate look at challengers, of several at their mean first; return who passes, by name.

    Their mean has learned more than each (docs/experiments.md, "More workers"), so they are looked
    at one by one only where it is refused. Where nobody passes, it is the best of all.

    Args:
        built: challengers by name.
        standing: what they are compared with.
        corrections: what they have learned, n of them.
        limits: of the gate.
        news: what of that the champion has not learned; None: all of it.
        alive: called after each look.
    """
    news = news or News()
    mean = {MEAN: _mean(list(built.values()), standing.anchor)} if len(built) > 1 else {}
    all_of_them = mean | dict(built)
    judged: dict[str, Judgement] = {}
    for name, challenger in all_of_them.items():
        judged[name] = _judged(challenger, standing, corrections, limits, news)
        alive()
        if judged[name].report.passed:
            return name, challenger, judged[name]
    best_name = max(judged, key=lambda name: _merit(judged[name].seen))
    return best_name, all_of_them[best_name], judged[best_name]


def _judged(
    challenger: Challenger,
    standing: Standing,
    corrections: Corrections,
    limits: gate.GateConfig,
    news: News,
) -> Judgement:
    calibration = calibrated(challenger.network, standing.base, standing.released)
    facts = replace(_facts(challenger.network, standing), taken_back=news.taken_back)
    seen = evidence(
        challenger,
        standing,
        corrections,
        facts,
        temperature=calibration.temperature,
        fresh=news.fresh,
    )
    return Judgement(seen, gate.judge(seen, limits), calibration)


def _mean(challengers: Sequence[Challenger], anchor: Network) -> Challenger:
    """Return the mean of challengers, moved on until it is as far from the anchor as they are."""
    networks = [challenger.network for challenger in challengers]
    early = [challenger.early for challenger in challengers if challenger.early is not None]
    further = shortening(networks, anchor)
    return Challenger(
        moved_on(averaged(networks), anchor, further),
        moved_on(averaged(early), anchor, shortening(early, anchor)) if early else None,
        challengers[0].held_out,
        further,
    )


def _facts(network: Network, standing: Standing) -> Facts:
    model, other = (
        build_graph(each).SerializeToString(deterministic=True)
        for each in (network, standing.champion)
    )
    images = standing.base.gate.images[:PARITY_IMAGES]
    difference = parity(network, model, images)
    ours, theirs = _undisturbed(model, other)
    return Facts(
        problem="" if difference <= 1e-4 else f"the exported model is off by {difference:.2g}",
        megabytes=len(model) / _MEGABYTE,
        champion_megabytes=len(other) / _MEGABYTE,
        milliseconds=ours,
        champion_milliseconds=theirs,
    )


def _undisturbed(model: bytes, other: bytes) -> tuple[float, float]:
    """Return the milliseconds of two models such that other work on the machine cannot decide.

    Their fastest tenth, pass by pass in turn, in the middle round by their ratio. Beside eight busy
    processes on two cores a model was never more than 1.05 times as slow as itself, in 30 tries.
    """
    rounds = [
        np.quantile(turn_by_turn([model, other], _PASSES), 0.1, axis=1).tolist()
        for _ in range(_ROUNDS)
    ]
    ours, theirs = sorted(rounds, key=lambda pair: pair[0] / pair[1])[_ROUNDS // 2]
    return ours, theirs


def _merit(seen: Evidence) -> float:
    """Rank challengers that were refused: by what was learned and what was kept."""
    gained = seen.taught.right(seen.taught.challenger).mean()
    if len(seen.held_out):
        gained = (gained + seen.held_out.right(seen.held_out.challenger).mean()) / 2
    kept = seen.base.right(seen.base.challenger).mean()
    return float(gained + 10 * kept)
