"""One challenger, from corrections to the evidence that the gate judges.

The pieces of a round in their order: who is held out at first → fine-tune → calibrate → measure.
Pure: the same inputs give the same challenger. Knows nothing about rows, files or Celery.
"""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, Charset
from trainer.base import Base, Judged
from trainer.calibration import Calibration, calibrate
from trainer.characters import pictures_of
from trainer.evaluation import Scored, calibration_error, within
from trainer.evidence import Answers, Evidence, Facts, Stamped
from trainer.finetune import Corrections, Report, finetune
from trainer.finetuning import FinetuneConfig
from trainer.marks import stamped
from trainer.network import Network
from trainer.validation import logits_of

HELD_OUT: Final = 0.2  # of the corrections, by submitter
_FEWEST_SUBMITTERS: Final = 3  # to hold one of them out
_FEWEST: Final = 50  # corrections, to hold out drawings where there are too few submitters


@dataclass(frozen=True)
class Challenger:
    """A network that wants to be champion."""

    network: Network
    early: Network | None  # before it learned from those who were held out at first
    held_out: NDArray[np.bool_]  # which corrections those were
    further: float = 1.0  # how much further it was moved than what it was made of: see `moved_on`


def make(
    anchor: Network,
    corrections: Corrections,
    base: Base,
    config: FinetuneConfig,
    report: Report = lambda *_: None,
) -> Challenger:
    """Build a challenger from the anchor.

    Raises:
        As `finetune`.
    """
    held_out = hold_out(corrections)
    made = finetune(anchor, corrections, base.exemplars, config, late=held_out, report=report)
    return Challenger(made.network, made.early, held_out)


def hold_out(corrections: Corrections) -> NDArray[np.bool_]:
    """Choose whose corrections are learned late: whole submitters, by a digest of their key.

    Where nobody is small enough to be left out, it is drawings, and with too few of those nothing.
    """
    pictures = pictures_of(corrections.images)
    by_drawing = [hashlib.sha256(image.tobytes()).hexdigest() for image in pictures]
    chosen = _small(corrections.submitters)
    if len(set(corrections.submitters)) < _FEWEST_SUBMITTERS or not chosen.any():
        chosen = _small(by_drawing if len(corrections) >= _FEWEST else ())
    return chosen if len(chosen) else np.zeros(len(corrections), bool)


def _small(names: Sequence[str]) -> NDArray[np.bool_]:
    """Choose names by their digest, as many as stay within the share."""
    chosen: set[str] = set()
    count = 0
    for name in sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest()):
        size = sum(1 for other in names if other == name)
        if count + size <= HELD_OUT * len(names):
            chosen.add(name)
            count += size
    return np.array([name in chosen for name in names], bool)


@torch.no_grad()
def averaged(networks: Sequence[Network]) -> Network:
    """Return the mean of several networks' weights: they share an anchor, so it lies between.

    Wortsman et al. 2022, "Model soups".
    """
    soup = copy.deepcopy(networks[0])
    others = [dict(network.named_parameters()) for network in networks]
    for name, value in soup.named_parameters():
        value.copy_(torch.stack([other[name].double() for other in others]).mean(dim=0))
    return soup.eval()


def shortening(networks: Sequence[Network], anchor: Network) -> float:
    """Return how many times as far from the anchor several networks are as their mean (1 or more).

    Where they differ by chance their ways cancel out; what they share does not. So as far from the
    anchor as each of them, their mean has learned more (docs/experiments.md, "More workers").
    """
    far = [distance(network, anchor) for network in networks]
    near = distance(averaged(networks), anchor)
    return sum(far) / len(far) / near if near else 1.0


@torch.no_grad()
def moved_on(network: Network, anchor: Network, further: float) -> Network:
    """Return a copy that lies `further` times as far from the anchor, on the same way."""
    moved = copy.deepcopy(network)
    for ours, start in zip(moved.parameters(), anchor.parameters(), strict=True):
        ours.copy_(start.double().lerp(ours.double(), further))
    return moved.eval()


def calibrated(network: Network, base: Base, released: Calibration | None = None) -> Calibration:
    """Fit temperatures and thresholds on the part of the base that is kept for it.

    Where nobody wrote the base, the anchor's own, if given, is kept: it was fitted on people, and
    fine-tuning moves a network less than handwriting that a program draws differs from theirs
    (docs/experiments.md).
    """
    if released is not None and not base.real:
        return released
    kinds: dict[str, Scored] = {}
    part = base.calibration
    logits = logits_of(network, part.images)
    groups = np.array(part.groups)
    for name in sorted(set(part.groups)):
        which = groups == name
        kinds[name] = Scored(logits[which], part.labels[which], groups[which])
    return calibrate(kinds, logits_of(network, base.scribbles))


@dataclass(frozen=True)
class Standing:
    """Whom challengers are compared with, and on what; what those answer is asked once for all."""

    anchor: Network
    champion: Network
    champion_temperature: dict[Charset, float]
    base: Base
    released: Calibration | None = None  # the anchor's own

    @cached_property
    def by_champion(self) -> NDArray[np.float32]:
        """What the champion answers to the gate set, shape (n, 36)."""
        gate = self.base.gate
        return (
            gate.logits if self.champion is self.anchor else logits_of(self.champion, gate.images)
        )


def evidence(
    challenger: Challenger,
    standing: Standing,
    corrections: Corrections,
    facts: Facts,
    *,
    temperature: dict[Charset, float],
    fresh: NDArray[np.bool_] | None = None,
) -> Evidence:
    """Let challenger, champion and anchor answer everything that the gate wants to know.

    Args:
        challenger: who wants to be champion.
        standing: whom it is compared with.
        corrections: what it learned from.
        facts: what is known of it already.
        temperature: with which it would answer.
        fresh: which corrections the champion has not learned from, shape (n,); None: all.
    """
    gate, anchor, champion = standing.base.gate, standing.anchor, standing.champion
    by_challenger = logits_of(challenger.network, gate.images)
    by_champion = standing.by_champion
    held_out = corrections.take(np.flatnonzero(challenger.held_out))
    errors = [
        expected_error(gate, logits, temperature)
        for logits, temperature in (
            (by_challenger, temperature),
            (by_champion, standing.champion_temperature),
        )
    ]
    return Evidence(
        base=Answers(gate.labels, by_challenger, by_champion, gate.logits),
        taught=_answers(corrections, challenger.network, champion, anchor),
        held_out=_answers(held_out, challenger.early or challenger.network, champion, anchor),
        stamped=[
            Stamped(name, labels, logits_of(challenger.network, shown), standing.base.marked[name])
            for name, labels, shown in stamped(gate.images, gate.labels)
        ],
        submitters=corrections.submitters,
        facts=replace(
            facts,
            calibration_error=errors[0],
            champion_calibration_error=errors[1],
            distance=distance(challenger.network, anchor),
        ),
        fresh=fresh,
    )


def expected_error(
    gate: Judged, logits: NDArray[np.float32], temperature: dict[Charset, float]
) -> float:
    """Return the mean of the calibration errors over the character sets."""
    scored = Scored(logits, gate.labels, np.array(gate.groups))
    errors = []
    for charset in CHARSETS:
        part = within(charset, scored)
        if len(part):
            errors.append(calibration_error(part, charset, temperature[charset]))
    return float(np.mean(errors)) if errors else 0.0


@torch.no_grad()
def distance(network: Network, anchor: Network) -> float:
    """Return how far the weights moved, relative to the length of the anchor's."""
    moved = start = 0.0
    for ours, theirs in zip(network.parameters(), anchor.parameters(), strict=True):
        moved += float((ours - theirs).double().square().sum())
        start += float(theirs.double().square().sum())
    return (moved / start) ** 0.5


def _answers(
    corrections: Corrections, challenger: Network, champion: Network, anchor: Network
) -> Answers:
    images = corrections.images
    answers = [logits_of(network, images) for network in (challenger, champion, anchor)]
    return Answers(corrections.labels, *answers)
