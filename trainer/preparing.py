"""Builds the base before it is needed: while the first correction still waits for its review.

Building it takes longer than learning does, and whoever approves should not wait for it. Whether it
is due is asked every few seconds, so that takes small queries alone. Knows nothing about runs.
"""

from pathlib import Path

from django.conf import settings

from feedback import lessons
from recognizer import registry
from recognizer.models import ModelVersion


def folder() -> Path:
    """Return where this machine keeps the base."""
    return Path(settings.STATE) / "base"


def mark(state: Path, anchor: str) -> Path:
    """Return the empty file that says that building the base for an anchor was begun.

    Args:
        state: the machine's state directory.
        anchor: SHA-256 of the anchor's card.
    """
    return state / "base" / f"begun-{anchor:.16}"


def due() -> bool:
    """Say whether a run is to be expected, and this machine has not begun to prepare for it.

    Once only: should it kill its process, the run that needs the base is what counts attempts.
    """
    return lessons.waiting_for_review() and not _mark().exists()


def prepare() -> None:
    """Build the base and keep it. Loads torch.

    Raises:
        CheckpointError: the anchor's folder is not whole.
        DataError: a file in the data folder is unusable.
    """
    begun = _mark()
    begun.parent.mkdir(parents=True, exist_ok=True)
    begun.touch()
    from trainer import workshop  # noqa: PLC0415

    try:
        workshop.ground()
    except (SystemExit, KeyboardInterrupt):  # stopped: the next process may begin again
        begun.unlink(missing_ok=True)
        raise


def _mark() -> Path:
    champion = registry.champion().version_id
    own, of_anchor = ModelVersion.objects.values_list("sha256", "parent__sha256").get(pk=champion)
    return mark(Path(settings.STATE), of_anchor or own)
