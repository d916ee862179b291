"""What became of an item: what training has made of it, and all that happened to it, in words."""

from datetime import datetime
from typing import Final

from django.utils import timezone

from feedback.models import EFFECTS, Action, Correction, Learning, ReviewEvent, Status
from feedback.wording import clock

_DONE: Final[dict[str, str]] = {
    Action.SUBMIT: "submitted",
    Action.APPROVE: "approved",
    Action.REJECT: "rejected",
    Action.RELABEL: "relabelled and approved",
    Action.REVOKE: "approval revoked",
    Action.UNDO: "decision undone",
    Action.WITHDRAW: "deleted by its owner",
    Action.EXPIRE: "deleted because nobody reviewed it in time",
    Action.TRAIN: "in training",
    Action.WAIT: "waiting for the next training",
    Action.LIVE: "live in version {version}",
    Action.SPREAD: "live everywhere in version {version}",
    Action.UNLEARN: "not in version {version}, the champion",
}


def effect(item: Correction, now: datetime | None = None) -> str:
    """Return what training has made of an item so far; nothing where it has no part in it."""
    approved = item.status == Status.APPROVED
    if item.learning == Learning.LIVE:
        if not approved:
            return f"still in version {item.live_version}, until the next training"
        since = "on its way to every process"
        if item.live_at is not None:
            since = f"live since {clock(item.live_at, now or timezone.now())}"
        return f"in version {item.live_version}, {since}"
    if not approved:
        return ""
    in_training = item.learning == Learning.TRAINING
    return "in training" if in_training else "waiting for the next training"


def effect_explained(item: Correction) -> str:
    """Return `effect`, and why the latest run, if there was one, made no version of the item."""
    said = effect(item)
    if item.status == Status.APPROVED and item.learning == Learning.NOTHING:
        events = ReviewEvent.objects.filter(correction=item.pk, action__in=EFFECTS)
        last = events.order_by("pk").last()
        if last is not None and last.action == Action.WAIT:
            return f"{said} ({last.reason})"
    return said


def timeline(item: Correction) -> list[tuple[datetime, str]]:
    """Return what happened to an item, oldest first, as (when, words)."""
    events = ReviewEvent.objects.filter(correction=item.pk).order_by("pk")
    return [(event.created, _words(event)) for event in events]


def _words(event: ReviewEvent) -> str:
    text = _DONE[event.action].format(version=event.champion_version)
    if event.label_after and event.label_after != event.label_before:
        text += f" as {event.label_after}"
    if event.actor_name:
        text += f" by {event.actor_name}"
    return f"{text}: {event.reason}" if event.reason else text
