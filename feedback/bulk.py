"""Deciding many items at once from the changelist: every picture is shown before anything is done.

The decisions themselves are those of `decisions.py`, one event a row.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.contrib.auth.models import User
from django.urls import reverse

from feedback import decisions, evidence, review
from feedback.models import Action, CorrectionQuerySet, Status
from feedback.moves import MOVES, Conflict, Outcome

LIMIT: Final = review.SELECTION


@dataclass(frozen=True)
class Bulk:
    """A decision that can be taken on many items."""

    name: str
    action: Action
    title: str  # in the menu and on the button
    done: str  # "12 corrections …"
    reason: str = ""

    @property
    def start(self) -> Status:
        """The state that an item has to be in."""
        return MOVES[self.action][0]


BULKS: Final[dict[str, Bulk]] = {
    bulk.name: bulk
    for bulk in (
        Bulk("approve", Action.APPROVE, "Approve", "approved"),
        Bulk("reject", Action.REJECT, "Reject", "rejected"),
        Bulk("unreadable", Action.REJECT, "Reject as unreadable", "rejected", "unreadable"),
        Bulk("revoke", Action.REVOKE, "Revoke approval", "revoked"),
        Bulk("relabel", Action.RELABEL, "Relabel and approve", "relabelled and approved"),
    )
}
IN_MENU: Final = ("approve", "reject", "unreadable", "revoke")  # relabelling looks at one item


class Row(NamedTuple):
    """What is shown of an item before it is decided."""

    pk: UUID
    label: str
    predicted: str | None
    personal: bool
    status: str
    duplicates: int


def rows_of(selected: CorrectionQuerySet) -> list[Row]:
    """Return the items of a selection as they are now."""
    ordered = selected.order_by("label", "predicted", "created")
    return [Row(*row) for row in ordered.values_list(*Row._fields)]


def confirmation(bulk: Bulk, selected: CorrectionQuerySet) -> dict[str, Any]:
    """Return what the page shows before anything is done: items, label pairs, who is left out."""
    rows = rows_of(selected)
    fit = [row for row in rows if row.status == bulk.start]
    reason = f" as {bulk.reason}" if bulk.reason else ""
    return {
        "action": bulk.title,
        "button": f"{bulk.title} {len(fit)}",
        "does": f"will be {bulk.done}{reason}",
        "rule": f"This decision starts from {bulk.start}",
        "url": reverse("admin:feedback_correction_bulk"),
        "fields": [("action", bulk.name), ("ids", ",".join(str(row.pk) for row in fit))],
        **sheet(fit),
        "left_out": by_status(row for row in rows if row.status != bulk.start),
    }


def sheet(rows: Sequence[Row]) -> dict[str, Any]:
    """Return every picture and what is to be known of all of them."""
    pairs = Counter((_said(row), row.label) for row in rows)
    return {
        "items": [
            {
                "label": row.label,
                "predicted": row.predicted,
                "url": evidence.thumbnail(row.pk, evidence.THUMBNAIL),
                "alt": evidence.alternative(row.pk, row.label, row.predicted, row.personal),
            }
            for row in rows
        ],
        # What disagrees first: that is what a careful look is for.
        "pairs": sorted(
            ((predicted, label, n) for (predicted, label), n in pairs.items()),
            key=lambda pair: (pair[0] == pair[1], -pair[2], pair),
        ),
        "copies": sum(row.duplicates for row in rows),
    }


def _said(row: Row) -> str:
    said = row.predicted or "not sure"
    return f"{said} (their memory)" if row.personal else said


def by_status(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Count what is left out."""
    return sorted(Counter(row.status for row in rows).items())


def asked_for(form: Mapping[str, str]) -> tuple[Bulk, list[UUID]]:
    """Read what a confirmation page asks for.

    Raises:
        ValueError: something that no page of ours asks for.
    """
    bulk = BULKS.get(form.get("action", ""))
    if bulk is None:
        raise ValueError("there is no such action")
    ids = review.ids_of(form.get("ids", ""))
    if not ids:
        raise ValueError("nothing was selected")
    return bulk, ids


def carry_out(bulk: Bulk, ids: Iterable[UUID], actor: User, label: str | None) -> Outcome:
    """Decide items as the page showed them.

    Raises:
        ValueError: the label is missing, or none was needed.
    """
    return decisions.decide(ids, bulk.action, actor, bulk.start, label=label, reason=bulk.reason)


def report(bulk: Bulk, outcome: Outcome) -> Iterable[tuple[bool, str]]:
    """Say what happened, as (went well, sentence)."""
    if outcome.decided:
        copies = f", with {count_of(outcome.copies, 'duplicate')}" if outcome.copies else ""
        reason = f" as {bulk.reason}" if bulk.reason else ""
        yield True, f"{count_of(len(outcome.decided), 'correction')} {bulk.done}{reason}{copies}."
    yield from report_conflicts(outcome)


def report_conflicts(outcome: Outcome) -> Iterable[tuple[bool, str]]:
    """Say what was left alone, and why."""
    for why, count in Counter(map(_why, outcome.conflicts)).items():
        yield False, f"{count_of(count, 'correction')} left alone: {why}."


def _why(conflict: Conflict) -> str:
    if conflict.contradicted:
        return "the same drawing is claimed as another symbol"
    if not conflict.status:
        return "not there any more"
    return f"already {conflict.status}" + (f" by {conflict.by}" if conflict.by else "")


def count_of(number: int, noun: str) -> str:
    """Return a number with what it counts."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
