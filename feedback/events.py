"""The events of the audit: making one, and finding those that say what was decided last.

Decides nothing and saves nothing: who moves a row saves its event in the same transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Max

from feedback.models import EFFECTS, Action, Correction, ReviewEvent
from feedback.moves import MOVES
from recognizer import serving
from recognizer.models import Champion

REASON_LENGTH: Final = 500


def record(
    correction: Correction,
    action: Action,
    actor: User | None = None,
    *,
    before: tuple[str, str] = ("", ""),
    after: tuple[str, str] = ("", ""),
    reason: str = "",
    digest: str = "",
    version: int | None = None,
) -> ReviewEvent:
    """Return an event, not saved yet, of a move from one (status, label) to another.

    `version` is the champion, where that is not the version that this process serves.
    """
    return ReviewEvent(
        correction_id=correction.pk,
        action=action,
        actor=actor,
        actor_name=actor.get_username() if actor else "",
        status_before=before[0],
        label_before=before[1],
        status_after=after[0],
        label_after=after[1],
        reason=reason[:REASON_LENGTH],
        champion_version=champion_version() if version is None else version,
        digest=digest,
    )


def champion_version() -> int | None:
    """Return the version that answers now: this process's, or else the champion."""
    served = serving.served()
    if served is not None:
        return served
    return Champion.objects.values_list("version", flat=True).first()


def latest_decisions(correction_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the event of the latest decision on each item, the one that `undo` takes."""
    latest = (
        ReviewEvent.objects.filter(correction__in=list(correction_ids), action__in=MOVES)
        .values("correction")
        .annotate(latest=Max("pk"))
    )
    return {row["correction"]: row["latest"] for row in latest}


def undoable(correction_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the decision on each item that can be taken back: nobody did anything to it since."""
    latest = latest_events(correction_ids)
    return {pk: event.pk for pk, event in latest.items() if event.action in MOVES}


def latest_events(ids: Sequence[UUID]) -> dict[UUID, ReviewEvent]:
    """Return what people did last to each item, whatever training made of it since."""
    events = ReviewEvent.objects.filter(correction__in=ids).exclude(action__in=EFFECTS)
    events = events.order_by("pk")
    return {event.correction_id: event for event in events}  # the last one stays
