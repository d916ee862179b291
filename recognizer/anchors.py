"""The anchor that comes with the code, and what an update that brings another one does.

The old anchor is what all that was learned stands on, so a copy of each anchor is kept beside the
versions. A new one becomes a version of its own. It answers at once where nothing has been learned
yet and nobody chose the old one; otherwise somebody promotes it, and the next run learns everything
again on top of it.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from recognizer import publishing, registry
from recognizer.checkpoints import CARD, MODEL, WEIGHTS
from recognizer.models import Champion, ModelVersion, PromotionKind

_PACKAGED: Final = "packaged"  # in the manifest of an anchor: the digest of the card in the code


def keep() -> None:
    """Keep a copy of the packaged anchor: the next update takes the original away.

    Raises:
        As `publishing.keep_anchor`.
    """
    publishing.keep_anchor()


def adopt() -> ModelVersion | None:
    """Make a packaged anchor known that is not; return its version if it is new.

    Raises:
        CheckpointError: the packaged anchor is not whole.
        OSError: its copy cannot be written.
    """
    if not Champion.objects.exists():  # the migrations make the first one
        return None
    packaged = publishing.PACKAGED_ANCHOR
    digest = _digest(packaged / CARD)
    anchors = list(ModelVersion.objects.filter(parent=None).order_by("number"))
    if any(digest in (row.sha256, row.manifest.get(_PACKAGED)) for row in anchors):
        return None
    number = registry.reserve_number()
    card = json.loads((packaged / CARD).read_bytes()) | {"number": number}
    files = {name: (packaged / name).read_bytes() for name in (MODEL, WEIGHTS)}
    files[CARD] = (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode()
    folder = publishing.publish(files, number)
    row = registry.register(
        number,
        folder,
        publishing.sha256_of(files[CARD]),
        card["data"] | {_PACKAGED: digest},
        card["metrics"],
    )
    champion = registry.champion()
    line = champion.promotion
    # Whoever went back to an anchor, or chose one, wants that one.
    chosen = line.kind == PromotionKind.ROLLBACK or line.actor_id is not None
    if champion.version.parent_id is None and not chosen:
        registry.promote(
            number, reason="the anchor that comes with this update", expected=champion.version_id
        )
    return row


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
