"""Test sets that are looked at once for each version, and the record of every look.

Whoever looks twice begins to choose by what they saw. The lock hangs on the network's digest, so a
copied folder or another number does not open it. What was looked at before a version was published,
as by `train --test`, is on its card under `metrics.test`. Knows nothing about how anything is
measured.
"""

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction

from recognizer import outages
from recognizer.checkpoints import MODEL, Card
from recognizer.models import SplitOpening


class Locked(Exception):
    """A second look; the text says who had the first one, and how to insist."""


def openings(card: Card) -> list[dict[str, Any]]:
    """Return all looks at test sets with a version, the earliest first."""
    rows = SplitOpening.objects.filter(model_sha256=card.sha256[MODEL]).order_by("pk")
    return before_publishing(card) + [
        {
            "split": row.split,
            "when": row.created.isoformat(timespec="seconds"),
            "by": row.by,
            "again": row.again,
            "result": row.result,
        }
        for row in rows
    ]


def before_publishing(card: Card) -> list[dict[str, Any]]:
    """Return the looks that a version's card tells of."""
    return [
        {
            "split": f"{name}-test",
            "when": card.created,
            "by": "training, before it was published",
            "again": False,
            "result": result,
        }
        for name, result in card.metrics.get("test", {}).items()
    ]


def require_closed(card: Card, split: str) -> None:
    """Make sure that a split was not opened with this version.

    Raises:
        Locked: it was, or the record cannot be read.
    """
    before = _of(card, split)
    if before:
        first = before[0]
        raise Locked(
            f"{split} was opened with version {card.number} on {first['when']:.10} by "
            f"{first['by']}{f', {len(before)} times in all' if len(before) > 1 else ''}. Whoever "
            "looks twice begins to choose by what they saw: its result is in the version's model "
            "card. Measure on --split validation, or add --again, which is recorded as well"
        )


def record(
    card: Card,
    split: str,
    split_sha256: str,
    by: str,
    result: Mapping[str, Any],
    *,
    insisted: bool,
) -> None:
    """Keep a look, before anybody sees what came of it.

    Args:
        card: of the version that was asked.
        split: what was looked at, and
        split_sha256: what it consisted of.
        by: who looked.
        result: what was seen.
        insisted: whether a second look was meant to be one.

    Raises:
        Locked: somebody else opened it meanwhile, or the record cannot be kept.
    """
    again = bool(_of(card, split))
    if again and not insisted:
        require_closed(card, split)
    try:
        with transaction.atomic():
            SplitOpening.objects.create(
                split=split,
                split_sha256=split_sha256,
                model_sha256=card.sha256[MODEL],
                version=card.number,
                again=again,
                by=by[:150],
                result=dict(result),
            )
    except IntegrityError as error:
        raise Locked(
            f"{split} was opened with version {card.number} by somebody else meanwhile"
        ) from error


def _of(card: Card, split: str) -> list[dict[str, Any]]:
    try:
        return [each for each in openings(card) if each["split"] == split]
    except DatabaseError as error:
        raise Locked(
            f"{split} is looked at once for each version, and the database that keeps the record "
            f"of it {outages.told(error)} ({outages.reason(error)}): {outages.advice(error)}, or "
            "measure on another split"
        ) from error
