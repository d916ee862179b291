"""Asks the served version: its own predictor, its own preprocessing, its own thresholds.

What is measured is what people meet: the ONNX network on one drawing at a time, and drawings that
the predictor does not show to the network (a blank, a dot) get no answer here either. Knows nothing
about rows, splits' names or figures.
"""

from collections.abc import Sequence

import numpy as np

from recognizer.alphabet import LABELS
from recognizer.predictor import Predictor
from recognizer.rasterizer import is_degenerate
from recognizer.strokes import Ink
from trainer.assessment.answers import Answered, Scribbled
from trainer.characters import Handwriting, Images, StrokeSet, pictures_of
from trainer.evaluation import Logits
from trainer.outliers import HELD_OUT, TRAINED, Family, sample_outliers
from trainer.release import REPORTED_SCRIBBLES, REPORTED_SEED


def answer(predictor: Predictor, parts: Sequence[Handwriting]) -> Answered:
    """Let a version read sets of handwriting, in their order."""
    images = np.concatenate([part.seen(directed=predictor.directed) for part in parts])
    shown = np.concatenate([_shown(part, predictor) for part in parts])
    return Answered.of(parts, logits_of(predictor, images, shown), pictures_of(images))


def scribble(predictor: Predictor, inks: Sequence[Ink]) -> Scribbled:
    """Let a version read scribbles: those that the card's figures are about.

    Args:
        predictor: the version.
        inks: real characters, which some scribbles are made of; without any, those are left out.
    """
    logits, families, trained = [], [], []
    for known, seen in ((TRAINED, True), (HELD_OUT, False)):
        chosen = usable(known, inks)
        drawn = sample_outliers(REPORTED_SEED, REPORTED_SCRIBBLES, inks, list(chosen.values()))
        shown = np.array([not is_degenerate(ink) for ink in drawn])
        logits.append(logits_of(predictor, np.stack([predictor.draw(ink) for ink in drawn]), shown))
        families += [list(chosen)[index % len(chosen)] for index in range(len(drawn))]
        trained += [seen] * len(drawn)
    return Scribbled(np.concatenate(logits), np.array(families), np.array(trained))


def usable(families: dict[str, Family], inks: Sequence[Ink]) -> dict[str, Family]:
    """Return the families that can be drawn: without real strokes there is nothing to spoil."""
    spoiling = set() if inks else {"row_of_characters", "struck_out"}
    return {name: family for name, family in families.items() if name not in spoiling}


def logits_of(predictor: Predictor, images: Images, shown: np.ndarray) -> Logits:
    """Return logits (n, 36): zeros, which say nothing, for what is not shown to the network."""
    logits = np.zeros((len(images), len(LABELS)), np.float32)
    for position in np.flatnonzero(shown & pictures_of(images).any(axis=(1, 2))).tolist():
        logits[position] = predictor.logits(images[position])
    return logits


def _shown(part: Handwriting, predictor: Predictor) -> np.ndarray:
    if isinstance(part, StrokeSet):
        return np.array([not is_degenerate(ink) for ink in part.inks], bool)
    return np.ones(len(part), bool)
