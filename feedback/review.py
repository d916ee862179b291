"""The review screen: a queue of items, one card at a time, decided by POST.

Every view is wrapped by the admin's own checks (`CorrectionAdmin.get_urls`): signed in as staff,
with the permission to review. What a decision means is in `decisions.py`.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from feedback import decisions, effects, evidence, guesses, leases, wording
from feedback.models import Correction, CorrectionQuerySet, ReviewEvent
from feedback.moves import Conflict, Outcome
from feedback.narrowing import NARROWINGS, Unknown, narrow
from feedback.thumbnails import traces
from recognizer import pausing
from recognizer.alphabet import DIGITS, LETTERS
from recognizer.rasterizer import PEN, SIDE

logger = logging.getLogger(__name__)

PAGE: Final = 60  # items that the screen starts with
MOST: Final = 300  # that it may list at once
SELECTION: Final = 500  # that one request may decide
NO_ID: Final = UUID(int=0)  # stands for any item in addresses that the page fills in


@dataclass(frozen=True)
class Order:
    """A way to put the queue in order."""

    name: str
    title: str
    about: str


ORDERS: Final = (
    Order("risk", "Risk", "The label is probably wrong: most doubtful first"),
    Order("value", "Value", "The model learns most: plausible but unexpected first"),
    Order("newest", "Newest", "Latest first"),
    Order("oldest", "Oldest", "What has waited longest first: it expires when nobody reviews it"),
)


class BadRequest(ValueError):
    """A request that no page of ours makes; the message says what is wrong with it."""


def queue(user: User, query: Mapping[str, str]) -> CorrectionQuerySet:
    """Return what waits for this moderator, narrowed and ordered as the address says.

    What another moderator is reading is left out; an unknown value finds nothing.
    """
    try:
        items = narrow(leases.available_to(Correction.objects.pending(), user), query)
    except Unknown:
        return Correction.objects.none()
    match query.get("order"):
        case "value":
            return items.in_value_order()
        case "newest":
            return items.newest_first()
        case "oldest":
            return items.oldest_first()
        case _:
            return items.in_risk_order()


def tiles(items: CorrectionQuerySet, limit: int) -> list[dict[str, Any]]:
    """Return what the strip shows of the first items."""
    rows = items.values_list("pk", "label", "predicted", "personal", "confidence")[:limit]
    return [
        {
            "id": str(pk),
            "short": str(pk)[:8],
            "label": label,
            "predicted": predicted,
            "personal": personal,
            "confidence": wording.percent(confidence),
            "thumbnail": evidence.thumbnail(pk, evidence.THUMBNAIL),
        }
        for pk, label, predicted, personal, confidence in rows
    ]


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page needs besides what every admin page has."""
    query = request.GET
    items = queue(user_of(request), query)
    kept = [(n.name, query[n.name]) for n in NARROWINGS if query.get(n.name)]
    chosen = query.get("order") if query.get("order") in {o.name for o in ORDERS} else "risk"
    return {
        "title": "Review queue",
        "pause": pausing.pause(request.user),
        "waiting": items.count(),
        "items": tiles(items, PAGE),
        "symbols": [DIGITS, LETTERS],
        "narrowed": kept,
        "order_param": query.get("order", ""),
        "orders": [
            {
                "title": order.title,
                "about": order.about,
                "chosen": order.name == chosen,
                "url": "?" + urlencode([*kept, ("order", order.name)]),
            }
            for order in ORDERS
        ],
        "filters": [_filter(query, n.name, n.title, n.choices()) for n in NARROWINGS],
        "urls": {
            "queue": f"{reverse('admin:feedback_correction_queue')}?{query.urlencode()}",
            "card": reverse("admin:feedback_correction_card", args=[NO_ID]),
            "decide": f"{reverse('admin:feedback_correction_decide')}?{query.urlencode()}",
            "undo": f"{reverse('admin:feedback_correction_undo')}?{query.urlencode()}",
            "leases": reverse("admin:feedback_correction_leases"),
        },
        "is_nav_sidebar_enabled": False,  # the drawing wants the room
    }


def _filter(
    query: QueryDict, name: str, title: str, choices: list[tuple[str, str]]
) -> dict[str, Any]:
    chosen = query.get(name, "")
    if chosen and chosen not in {value for value, _ in choices}:
        choices = [*choices, (chosen, chosen)]
    return {"name": name, "title": title, "choices": choices, "chosen": chosen}


@require_safe
def queue_view(request: HttpRequest) -> HttpResponse:
    """Answer with the first items that wait and how many there are."""
    items = queue(user_of(request), request.GET)
    limit = request.GET.get("limit", "")
    if not limit.isascii() or not limit.isdigit() or not 0 < int(limit[:9]) <= MOST:
        return _refusal(f"limit is a number from 1 to {MOST}")
    return JsonResponse({"items": tiles(items, int(limit)), "waiting": items.count()})


@require_POST
def card_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lease an item, if it is free, and answer with its card."""
    user = user_of(request)
    try:
        leases.take([pk], user)
    except OperationalError as error:  # a full disk must not hide what is stored
        logger.warning("no lease on %s: %s", pk, error)
    item = read(pk)
    if item is None:
        return _refusal("It is not there any more: its owner has deleted it.", 404)
    card = {"id": str(pk), "html": render_to_string("feedback/card.html", card_context(item, user))}
    return JsonResponse(card)


def read(pk: UUID) -> Correction | None:
    """Read an item with all that its card needs; None when its owner has deleted it."""
    joined = Correction.objects.select_related("user", "reviewer", "leased_by")
    return joined.filter(pk=pk).first()


def card_context(item: Correction, user: User) -> dict[str, Any]:
    """Return everything that the card of an item shows."""
    found = guesses.guesses(item)
    claims = evidence.other_claims(item)
    return {
        "item": item,
        "short_id": str(item.pk)[:8],
        "traces": traces(item.strokes or []),
        "pen": PEN,
        "confidence": wording.percent(item.confidence),
        "age": wording.ago(item.created),
        "lease": leases.of(item, user),
        "guesses": found,
        "neighbours": evidence.neighbours(item, found),
        "record": evidence.record(item),
        "claims": claims,
        "contradicting": evidence.contradicting(item, claims),
        "effect": effects.effect_explained(item),
        "pause": pausing.pause(user) if item.waits_for_training else None,
        "history": effects.timeline(item),
        "decided_by": item.reviewer.get_username() if item.reviewer else "",
        "decided_ago": wording.ago(item.decided) if item.decided else "",
        "urls": {
            "seen": evidence.thumbnail(item.pk, SIDE),
            "change": reverse("admin:feedback_correction_change", args=[item.pk]),
        },
    }


@require_POST
def decide_view(request: HttpRequest) -> HttpResponse:
    """Carry out one decision on one item or on a selection; 409 where none of them was free."""
    user = user_of(request)
    form = request.POST
    try:
        ids = ids_of(form.get("ids", ""))
        if not ids:
            raise BadRequest("name the items in ids")
        outcome = decisions.decide(
            ids,
            form.get("action", ""),
            user,
            form.get("expected") or None,
            label=form.get("label") or None,
            reason=form.get("reason", ""),
        )
    except ValueError as error:  # BadRequest, or what the decision itself refuses
        return _refusal(str(error))
    except OperationalError as error:
        return _unwritable(error)
    return _answer(request, outcome)


@require_POST
def undo_view(request: HttpRequest) -> HttpResponse:
    """Take decisions back, named by their events."""
    user = user_of(request)
    try:
        events = events_of(request.POST.get("events", ""))
    except ValueError as error:
        return _refusal(str(error))
    mine = ReviewEvent.objects.filter(pk__in=events, actor=user)
    try:
        outcome = decisions.undo(list(mine.values_list("pk", flat=True)), user)
        leases.take([item.id for item in outcome.decided], user)
    except OperationalError as error:
        return _unwritable(error)
    return _answer(request, outcome)


@require_POST
def leases_view(request: HttpRequest) -> HttpResponse:
    """Renew the leases of the items on the screen and let others go."""
    user = user_of(request)
    try:
        keep, let_go = (ids_of(request.POST.get(name, "")) for name in ("keep", "release"))
    except ValueError as error:
        return _refusal(str(error))
    try:
        leases.release(let_go, user)
        leases.take(keep, user)
    except OperationalError as error:
        return _unwritable(error)
    held = Correction.objects.filter(pk__in=keep).select_related("leased_by")
    found = {str(item.pk): leases.of(item, user) for item in held.only("leased_until", "leased_by")}
    return JsonResponse(
        {"leases": {pk: {"text": it.text, "mine": it.mine} for pk, it in found.items()}}
    )


def _answer(request: HttpRequest, outcome: Outcome) -> JsonResponse:
    user = user_of(request)
    answer = {
        "decided": [
            {"id": str(item.id), "event": item.event, "status": item.status, "label": item.label}
            for item in outcome.decided
        ],
        "conflicts": [
            {
                "id": str(conflict.id),
                "message": conflict_text(conflict, user),
                "waits": conflict.waits,
            }
            for conflict in outcome.conflicts
        ],
        "waiting": queue(user, request.GET).count(),
    }
    nothing_done = outcome.conflicts and not outcome.decided
    return JsonResponse(answer, status=409 if nothing_done else 200)


def conflict_text(conflict: Conflict, user: User) -> str:
    """Say who was first, and when."""
    if not conflict.by or not conflict.status:
        return f"{str(conflict.id)[:8]} was not changed: {conflict.why}."
    by = "you" if conflict.by == user.get_username() else conflict.by
    when = f", {wording.ago(conflict.at)}" if conflict.at else ""
    return f"{str(conflict.id)[:8]} was already decided by {by}{when}: {conflict.status}."


def ids_of(text: str) -> list[UUID]:
    """Read ids separated by commas.

    Raises:
        BadRequest: they are too many, or not ids.
    """
    parts = [part for part in text.split(",") if part]
    if len(parts) > SELECTION:
        raise BadRequest(f"at most {SELECTION} items at a time")
    try:
        return [UUID(part) for part in parts]
    except ValueError:
        raise BadRequest("ids are UUIDs") from None


def events_of(text: str) -> list[int]:
    """Read the numbers of events separated by commas.

    Raises:
        BadRequest: they are none, too many, or not numbers.
    """
    numbers = [part for part in text.split(",") if part]
    if not numbers or len(numbers) > SELECTION or not all(_is_number(part) for part in numbers):
        raise BadRequest("name the decisions in events")
    return [int(number) for number in numbers]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _unwritable(error: OperationalError) -> JsonResponse:
    logger.error("a decision could not be stored: %s", error)
    return _refusal("Nothing can be stored at the moment: try again later.", 507)


def _refusal(message: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


def user_of(request: HttpRequest) -> User:
    """Return who asks."""
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    return request.user
