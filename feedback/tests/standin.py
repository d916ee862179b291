"""A predictor with fixed logits whose features are the picture itself, made coarse."""

from typing import Any, cast

import cv2
import numpy as np
import onnxruntime as ort

from recognizer.alphabet import INDEX, LABELS
from recognizer.checkpoints import MODEL
from recognizer.predictor import Predictor
from recognizer.tests.standin import card


class _Session:
    def __init__(self, logits: dict[str, float]) -> None:
        self._logits = np.zeros(len(LABELS), np.float32)
        for label, value in logits.items():
            self._logits[INDEX[label]] = value

    def run(self, names: list[str], inputs: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
        images = inputs["image"]
        found = {
            "logits": np.tile(self._logits, (len(images), 1)),
            "features": np.stack(
                [cv2.resize(image[0], (7, 7), interpolation=cv2.INTER_AREA) for image in images]
            ).reshape(len(images), 49),
        }
        return [found[name] for name in names]


def predictor(number: int = 7, logits: dict[str, float] | None = None) -> Predictor:
    """Return a predictor that answers every drawing with the same logits (zero where not named)."""
    session = _Session({"3": 8.0} if logits is None else logits)
    digest = {MODEL: f"{number:064x}"}
    return Predictor(card(number, sha256=digest), cast(ort.InferenceSession, session))
