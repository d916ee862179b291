"""From trained weights to a version folder: score, calibrate, measure, write the card.

Everything that is chosen is chosen on validation writers. MNIST's test images are looked at only
when asked for, once per released version, after every choice has been made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.alphabet import CHARSETS, LABELS
from recognizer.strokes import Ink
from trainer.assessment.answers import Answered
from trainer.assessment.figures import assess
from trainer.assessment.slices import slices
from trainer.calibration import Calibration, abstains, calibrate
from trainer.characters import Handwriting, Images, ImageSet, StrokeSet, by_kind, draw_all
from trainer.evaluation import (
    Scored,
    by_writer,
    calibration_error,
    grouped_accuracy,
    join,
    selective_error,
    summarise,
    top_k,
    within,
)
from trainer.export import latency, write_version
from trainer.network import Network
from trainer.onnx_graph import build
from trainer.outliers import HELD_OUT, TRAINED, sample_outliers
from trainer.validation import Validation, hint_of, logits_of

# Seeds of the scribbles; training draws its own from the run's seed and the step.
_FITTED_SEED, REPORTED_SEED = 71_001, 71_002
FITTED_SCRIBBLES, REPORTED_SCRIBBLES = 2000, 500
_PARITY_IMAGES = 256


@dataclass(frozen=True)
class Release:
    """What identifies a version, besides its weights."""

    folder: Path
    number: int
    name: str
    created: date


def release(
    network: Network,
    validation_sets: Sequence[Handwriting],
    test: ImageSet | None,
    data: dict[str, Any],
    what: Release,
) -> dict[str, Any]:
    """Calibrate and measure a network, write its version folder, return its metrics."""
    directed = network.config.directed
    kinds = Validation(validation_sets, directed=directed).score(network)
    # Letters cut out of words are partly unreadable; they are reported, but do not calibrate.
    written_alone = {
        name: part for name, part in kinds.items() if not name.startswith("kassel/")
    } or kinds
    inks = [ink for part in validation_sets if isinstance(part, StrokeSet) for ink in part.inks]
    fitted = logits_of(
        network,
        scribbles(_FITTED_SEED, FITTED_SCRIBBLES, inks, held_out=False, directed=directed),
    )
    calibration = calibrate(written_alone, fitted)

    metrics: dict[str, Any] = {
        "validation": measure(kinds, calibration),
        "scribbles": _measure_scribbles(network, inks, calibration),
        "slices": sliced(validation_sets, written_alone, calibration),
        "forward_ms": round(latency(build(network).SerializeToString(deterministic=True)), 3),
    }
    if test is not None:
        metrics["test"] = _measure_test(network, test, calibration)
    images = np.concatenate([part.seen(directed=directed) for part in validation_sets])
    step = max(1, len(images) // _PARITY_IMAGES)
    card = {
        "schema": 1,
        "number": what.number,
        "name": what.name,
        "created": what.created.isoformat(),
        "labels": list(LABELS),
        "temperature": calibration.temperature,
        "abstain": {"confidence": calibration.confidence, "energy": calibration.energy},
        "data": data,
        "metrics": metrics,
    }
    write_version(what.folder, network, images[::step], card)
    return metrics


def scribbles(
    seed: int, count: int, inks: Sequence[Ink], *, held_out: bool, directed: bool = False
) -> Images:
    """Draw outliers of the families that training saw, or of those it did not."""
    families = list((HELD_OUT if held_out else TRAINED).values())
    if not inks:  # without real strokes there is nothing to spoil
        spoiling = {"row_of_characters", "struck_out"}
        families = [family for family in families if family.__name__ not in spoiling]
    drawn = sample_outliers(seed, count, inks, families)
    return draw_all(drawn, directed=directed)


def measure(kinds: Mapping[str, Scored], calibration: Calibration) -> dict[str, Any]:
    """Return all figures on validation samples."""
    strokes = {name: part for name, part in kinds.items() if name.split("/")[0] not in _IMAGES}
    measured: dict[str, Any] = {
        "kinds": {name: summarise(part, hint_of(name)) for name, part in kinds.items()},
        "strokes": _pooled(strokes, calibration) if strokes else None,
        "all_sources": _pooled(kinds, calibration),
    }
    for kind in ("digit", "lower", "upper"):
        parts = [part for name, part in strokes.items() if name.endswith(f"/{kind}")]
        if parts:
            hint = hint_of(f"strokes/{kind}")
            pooled = join(parts)
            writers = by_writer(pooled, hint)
            measured[f"strokes_{kind}"] = summarise(pooled, hint) | {
                "writers": len(writers),
                "worst_writer": round(min(writers.values()), 4),
            }
    return measured


def sliced(
    sets: Sequence[Handwriting], kinds: Mapping[str, Scored], calibration: Calibration
) -> dict[str, Any]:
    """Return who and what is read worst: the part of a model card that warns.

    Args:
        sets: what was scored.
        kinds: which kinds of them count, and how they were scored.
        calibration: the thresholds.
    """
    parts = {name: part for name, part in by_kind(sets) if name in kinds}
    logits = np.concatenate([kinds[name].logits for name in parts])
    return slices(assess(Answered.of(list(parts.values()), logits), calibration))


_IMAGES = frozenset({"mnist", "emnist-letters", "emnist-byclass", "kassel"})


def _pooled(kinds: Mapping[str, Scored], calibration: Calibration) -> dict[str, Any]:
    scored = join(list(kinds.values()))
    pooled: dict[str, Any] = {
        "samples": len(scored),
        "top1": round(top_k(scored, "all"), 5),
        "top3": round(top_k(scored, "all", 3), 5),
        "grouped": round(grouped_accuracy(scored), 5),
        "ece": {},
        "abstain": {},
        "error_at_90": {},
    }
    for charset in CHARSETS:
        part = within(charset, scored)
        if not len(part):
            continue
        temperature = calibration.temperature[charset]
        pooled["ece"][charset] = round(calibration_error(part, charset, temperature), 5)
        pooled["abstain"][charset] = round(
            float(abstains(part.logits, charset, calibration).mean()), 5
        )
        full, confident = selective_error(part, charset, temperature)
        pooled["error_at_90"][charset] = {"all": round(full, 5), "confident": round(confident, 5)}
    return pooled


def _measure_scribbles(
    network: Network, inks: Sequence[Ink], calibration: Calibration
) -> dict[str, Any]:
    measured: dict[str, Any] = {"samples": REPORTED_SCRIBBLES}
    for title, held_out in (("trained_families", False), ("held_out_families", True)):
        drawn = scribbles(
            REPORTED_SEED,
            REPORTED_SCRIBBLES,
            inks,
            held_out=held_out,
            directed=network.config.directed,
        )
        logits = logits_of(network, drawn)
        measured[title] = {
            charset: round(float(abstains(logits, charset, calibration).mean()), 4)
            for charset in CHARSETS
        }
        families = list(HELD_OUT if held_out else TRAINED)
        if len(inks):
            turned_away = abstains(logits, "all", calibration)
            measured[f"{title}_alone"] = {
                name: round(float(turned_away[index :: len(families)].mean()), 3)
                for index, name in enumerate(families)
            }
    return measured


def _measure_test(network: Network, test: ImageSet, calibration: Calibration) -> dict[str, Any]:
    scored = Scored(logits_of(network, test.images), test.labels, test.groups)
    return {
        test.name: summarise(scored, "digits")
        | {"ece": round(calibration_error(scored, "digits", calibration.temperature["digits"]), 5)}
    }
