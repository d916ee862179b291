"""Which versions there are: folders on this machine, and rows. Reads cards; opens no model."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError

from recognizer import registry
from recognizer.checkpoints import CARD, Card, CheckpointError, read_card
from recognizer.models import ModelVersion
from recognizer.serving import PACKAGED_ANCHOR, Counts

_KEPT: Final = 4096  # cards

logger = logging.getLogger(__name__)


def cards() -> dict[int, Card]:
    """Return the readable cards by version number: the packaged anchor, and those made here."""
    found: dict[int, Card] = {}
    made_here = Path(settings.VERSIONS_DIR)
    folders = sorted(made_here.iterdir()) if made_here.is_dir() else []
    whole = [folder for folder in folders if folder.is_dir() and not folder.name.startswith(".")]
    for folder in [*whole, PACKAGED_ANCHOR]:
        try:
            card = _card(folder, _stamp(folder))
        except CheckpointError as error:
            logger.warning("version folder skipped: %s", error)
        else:
            found[card.number] = card
    return found


@lru_cache(maxsize=_KEPT)
def _card(folder: Path, stamp: tuple[int, int]) -> Card:
    """Return a card, read once, without what it was made from.

    That names each of thousands of corrections, and anybody may ask for all versions at any time.
    """
    return read_card(folder).model_copy(update={"data": {}})


def _stamp(folder: Path) -> tuple[int, int]:
    """Return what tells one card from another in the same place: its time and size."""
    try:
        status = (folder / CARD).stat()
    except OSError:
        return 0, 0  # reading it says what is wrong
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True)
class Known:
    """What the database says."""

    champion: int
    live: Mapping[int, Counts]  # by version number, of every registered version


def known() -> Known | None:
    """Return the registered versions; None while the database does not answer."""
    try:
        champion = registry.champion().version_id
        numbers = ModelVersion.objects.values_list("number", flat=True)
        serving = list(registry.live_processes().values_list("version", flat=True))
        return Known(champion, {n: (serving.count(n), len(serving)) for n in numbers})
    except (DatabaseError, registry.Refused):
        logger.warning("versions are listed from their folders: the database does not answer")
        return None
