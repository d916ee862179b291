"""Taking decisions back from the admin's pages, long after the screen that made them was closed.

Decisions are named by their events, as they were shown: what somebody decided since is left alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from feedback import bulk, decisions, review
from feedback.events import undoable
from feedback.models import CorrectionQuerySet
from feedback.moves import Outcome

NAME: Final = "undo"  # in the menu's value
TITLE: Final = "Undo the latest decision"


def confirmation(selected: CorrectionQuerySet) -> dict[str, Any]:
    """Return what the page shows before anything is taken back."""
    rows = bulk.rows_of(selected)
    events = undoable([row.pk for row in rows])
    return {
        "action": TITLE,
        "button": f"Undo {len(events)}",
        "does": "will be as before the latest decision",
        "rule": "Only the latest decision on an item can be taken back",
        "url": address(),
        "fields": [("events", _joined(events.values()))],
        **bulk.sheet([row for row in rows if row.pk in events]),
        "left_out": bulk.by_status(row for row in rows if row.pk not in events),
    }


def asked_for(form: Mapping[str, str]) -> list[int]:
    """Read the decisions that a page wants undone.

    Raises:
        ValueError: something that no page of ours asks for.
    """
    return review.events_of(form.get("events", ""))


def carry_out(events: Iterable[int], actor: User, reason: str) -> Outcome:
    """Take decisions back, whoever made them: who may decide may also undo."""
    return decisions.undo(events, actor, reason.strip())


def report(outcome: Outcome) -> Iterable[tuple[bool, str]]:
    """Say what happened, as (went well, sentence)."""
    for status, count in sorted(Counter(item.status for item in outcome.decided).items()):
        verb = "is" if count == 1 else "are"
        yield True, f"{bulk.count_of(count, 'correction')} {verb} {status} again."
    yield from bulk.report_conflicts(outcome)


def offer(request: HttpRequest, sentence: str, outcome: Outcome, back: str) -> SafeString:
    """Return the sentence about a decision with a button behind it that takes it back."""
    return format_html(
        '{} <form method="post" action="{}" class="undo-offer">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="events" value="{}">'
        '<input type="hidden" name="back" value="{}">'
        '<button type="submit">Undo</button></form>',
        sentence,
        address(),
        get_token(request),
        _joined(item.event for item in outcome.decided),
        back,
    )


def address() -> str:
    """Return where decisions are taken back."""
    return reverse("admin:feedback_correction_take_back")


def _joined(events: Iterable[int]) -> str:
    return ",".join(map(str, events))
