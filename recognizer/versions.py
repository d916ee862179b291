"""Which version folders are on this machine. Reads cards only; opens no model."""

import logging
from pathlib import Path

from django.conf import settings

from recognizer.checkpoints import Card, CheckpointError, read_card
from recognizer.serving import PACKAGED_ANCHOR

logger = logging.getLogger(__name__)


def cards() -> dict[int, Card]:
    """Return the readable cards by version number: the packaged anchor, and those made here."""
    found: dict[int, Card] = {}
    made_here = Path(settings.VERSIONS_DIR)
    folders = sorted(made_here.iterdir()) if made_here.is_dir() else []
    for folder in [*(f for f in folders if f.is_dir()), PACKAGED_ANCHOR]:
        try:
            card = read_card(folder)
        except CheckpointError as error:
            logger.warning("version folder skipped: %s", error)
        else:
            found[card.number] = card
    return found
