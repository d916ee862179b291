"""Builds the base before it is needed: while the first correction still waits for its review.

Building it takes longer than learning does, and whoever approves should not wait for it. Whether it
is due is found without torch. Knows nothing about runs.
"""

from pathlib import Path

from django.conf import settings

from feedback import lessons
from recognizer import publishing, registry
from recognizer.checkpoints import WEIGHTS, read_card
from recognizer.models import ModelVersion


def folder() -> Path:
    """Return where this machine keeps the base."""
    return Path(settings.STATE) / "base"


def mark(state: Path, anchor: str) -> Path:
    """Return the empty file that says that building the base for an anchor was begun."""
    return state / "base" / f"begun-{anchor:.16}"


def due() -> bool:
    """Say whether a run is to be expected, and this machine has never begun to prepare for it.

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

    workshop.ground()


def _mark() -> Path:
    row = ModelVersion.objects.select_related("parent").get(pk=registry.champion().version_id)
    anchor = row.parent or row
    card = read_card(publishing.fetch(anchor.folder, anchor.sha256))
    return mark(Path(settings.STATE), card.sha256[WEIGHTS])
