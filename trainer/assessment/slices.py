"""The part of an assessment that a version's card keeps: who and what is read well, and badly."""

from dataclasses import asdict
from typing import Any, Final

import numpy as np

from recognizer.alphabet import LABELS
from trainer.assessment.figures import Assessment, Slice

_WORST: Final = 8
_KEPT: Final = ("name", "samples", "hinted", "joint", "top3", "grouped")


def slices(found: Assessment) -> dict[str, Any]:
    """Return plain values: accuracy by device, kind and source, the worst writers and classes.

    A writer or class without a mistake is never among the worst, so a list may be short.
    """
    return {
        "device_kinds": [_kept(part) for part in found.device_kinds],
        "sources": [_kept(part) for part in found.sources],
        "writers": len(found.writers),
        "worst_writers": [_kept(part) for part in found.writers if part.hinted < 1][:_WORST],
        "worst_classes": _worst_classes(found),
    }


def _kept(part: Slice) -> dict[str, Any]:
    whole = asdict(part)
    return {
        name: round(whole[name], 5) if isinstance(whole[name], float) else whole[name]
        for name in _KEPT
    }


def _worst_classes(found: Assessment) -> list[dict[str, Any]]:
    wrong = found.hinted_confusion * (1 - np.eye(len(LABELS), dtype=np.int64))
    ranked = sorted(
        (part for part in found.hinted_classes if part.recall is not None and part.recall < 1),
        key=lambda part: (part.recall or 0.0, part.label),
    )
    return [
        {
            "label": part.label,
            "samples": part.samples,
            "recall": round(part.recall or 0.0, 5),
            "read_as": LABELS[int(wrong[LABELS.index(part.label)].argmax())],
        }
        for part in ranked[:_WORST]
    ]
