"""This process's predictor, behind one name.

`current()` is all that the live path knows; putting another version in place rebinds one name, and
whoever holds the old predictor finishes with it.
"""

import logging
from pathlib import Path

from django.conf import settings

from recognizer import metrics
from recognizer.checkpoints import CheckpointError
from recognizer.predictor import Predictor

logger = logging.getLogger(__name__)

PACKAGED_ANCHOR = Path(__file__).parent / "weights" / "anchor"

_predictor: Predictor | None = None
_booted = False


class Unavailable(Exception):
    """No model version can be served."""


def boot() -> None:
    """Load the configured version, or the packaged anchor where that one is not whole."""
    global _booted
    _booted = True
    candidates = [Path(settings.MODEL_DIR)]
    if PACKAGED_ANCHOR not in candidates:
        candidates.append(PACKAGED_ANCHOR)
    for folder in candidates:
        try:
            serve(Predictor.load(folder))
        except CheckpointError as error:
            metrics.MODEL_REJECTED.labels(type(error).__name__).inc()
            logger.error("model version refused: %s", error)
        else:
            return
    logger.critical("no model version can be served: predictions are unavailable")


def serve(predictor: Predictor | None) -> None:
    """Answer with `predictor` from now on; None makes predictions unavailable."""
    global _predictor
    _predictor = predictor
    metrics.MODEL_VERSION.set(predictor.version if predictor else 0)
    if predictor:
        logger.info("serving model version %d (%s)", predictor.version, predictor.card.name)


def current() -> Predictor:
    """Return the predictor that answers now.

    Raises:
        Unavailable: there is none; the log says why.
    """
    if not _booted:
        boot()
    if _predictor is None:
        raise Unavailable("no model version can be served at the moment")
    return _predictor
