"""This process's predictor, behind one name.

`current()` is all that the live path knows; putting another version in place rebinds one name, and
whoever holds the old predictor finishes with it. Asks no database: which version it ought to be is
the business of `watching.py`.
"""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from django.conf import settings

from recognizer import metrics, publishing
from recognizer.checkpoints import CheckpointError, CheckpointMissing
from recognizer.predictor import Predictor

logger = logging.getLogger(__name__)

PACKAGED_ANCHOR = publishing.PACKAGED_ANCHOR
LAST_GOOD: Final = "last_good.json"

Counts = tuple[int, int]  # how many of how many processes serve a version
OnSwap = Callable[[int, Counts], None]

_predictor: Predictor | None = None
_booted = False
_pinned_refusal = ""
_on_swap: list[OnSwap] = []


class Unavailable(Exception):
    """No model version can be served."""


def boot() -> None:
    """Load from the disk: the pinned version or the last good one, else the packaged anchor."""
    global _booted, _pinned_refusal
    _booted = True
    for find in (_pinned if settings.MODEL_DIR else _last_good, _packaged):
        try:
            if (folder := find()) is not None:
                serve(load(folder))
                return
        except CheckpointError as error:
            metrics.MODEL_REJECTED.labels(type(error).__name__).inc()
            logger.error("model version refused: %s", error)
            if find is _pinned:
                _pinned_refusal = without_folders(error)
    logger.critical("no model version can be served: predictions are unavailable")


def load(folder: Path) -> Predictor:
    """Open a version folder, try it and warm it up.

    Raises:
        CheckpointError: a subclass that says what is wrong with it.
    """
    predictor = Predictor.load(folder)
    predictor.rehearse()
    return predictor


def serve(predictor: Predictor | None) -> None:
    """Answer with `predictor` from now on; None makes predictions unavailable."""
    global _predictor, _booted
    _predictor = predictor
    _booted = True
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


def served() -> int | None:
    """Return the version that answers now; boots nothing."""
    return _predictor.version if _predictor else None


def pinned_refusal() -> str:
    """Return why the version that was pinned is not the one that answers; empty where it is."""
    return _pinned_refusal


def without_folders(error: Exception) -> str:
    """Return why a version was refused, for anybody: no places on this machine, no addresses."""
    if not isinstance(error, CheckpointError):  # of a disk or a store, which says what it likes
        return getattr(error, "strerror", None) or type(error).__name__
    says = str(error)
    for folder in (settings.VERSIONS_DIR, PACKAGED_ANCHOR.parent, settings.MODEL_DIR):
        says = says.replace(f"{folder}/", "")
    return says


def on_swap(callback: OnSwap) -> None:
    """Call `callback`, in any thread, when this process has swapped or others have followed."""
    if callback not in _on_swap:
        _on_swap.append(callback)


def tell(version: int, counts: Counts) -> None:
    """Call those who want to know about swaps."""
    for callback in tuple(_on_swap):
        try:
            callback(version, counts)
        except Exception:
            logger.exception("somebody could not be told of version %d", version)


def remember_good(folder: str, sha256: str) -> None:
    """Note a version that serves, for a start without a database."""
    state = Path(settings.STATE)
    try:
        handle, name = mkstemp(prefix=f".{LAST_GOOD}-", dir=state)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump({"folder": folder, "sha256": sha256}, file)
            Path(name).replace(state / LAST_GOOD)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        logger.warning("the last good version could not be noted (%s)", error.strerror)


def _pinned() -> Path | None:
    return Path(settings.MODEL_DIR) if settings.MODEL_DIR else None


def _last_good() -> Path | None:
    try:
        noted = json.loads((Path(settings.STATE) / LAST_GOOD).read_bytes())
        folder, sha256 = str(noted["folder"]), str(noted["sha256"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointMissing(f"{LAST_GOOD} cannot be read ({error})") from error
    try:
        return publishing.fetch(folder, sha256)
    except OSError as error:
        raise CheckpointMissing(f"{folder} cannot be fetched ({error})") from error


def _packaged() -> Path | None:
    return PACKAGED_ANCHOR
