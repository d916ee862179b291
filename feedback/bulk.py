"""Deciding many items at once from the changelist: every picture is shown before anything is done.

The decisions themselves are those of `decisions.py`, one event a row.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User

from feedback import decisions, evidence, review
from feedback.models import Action, CorrectionQuerySet, Status
from feedback.moves import Conflict, Outcome

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
        return decisions.MOVES[self.action][0]


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


def confirmation(bulk: Bulk, selected: CorrectionQuerySet) -> dict[str, Any]:
    """Return what the page shows before anything is done: items, label pairs, who is left out."""
    rows = list(
        selected.order_by("label", "predicted", "created").values_list(
            "pk", "label", "predicted", "confidence", "status", "duplicates"
        )
    )
    fit = [row for row in rows if row[4] == bulk.start]
    pairs = Counter((predicted or "not sure", label) for _, label, predicted, *_ in fit)
    return {
        "bulk": bulk,
        "items": [
            {
                "label": label,
                "predicted": predicted,
                "url": evidence.thumbnail(pk, evidence.THUMBNAIL),
                "alt": evidence.alternative(pk, label, predicted),
            }
            for pk, label, predicted, *_ in fit
        ],
        "ids": ",".join(str(row[0]) for row in fit),
        # What disagrees first: that is what a careful look is for.
        "pairs": sorted(
            ((predicted, label, n) for (predicted, label), n in pairs.items()),
            key=lambda pair: (pair[0] == pair[1], -pair[2], pair),
        ),
        "copies": sum(row[5] for row in fit),
        "left_out": sorted(Counter(row[4] for row in rows if row[4] != bulk.start).items()),
    }


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
        copies = f", with {_count(outcome.copies, 'duplicate')}" if outcome.copies else ""
        reason = f" as {bulk.reason}" if bulk.reason else ""
        yield True, f"{_count(len(outcome.decided), 'correction')} {bulk.done}{reason}{copies}."
    for why, count in Counter(map(_why, outcome.conflicts)).items():
        yield False, f"{_count(count, 'correction')} left alone: {why}."


def _why(conflict: Conflict) -> str:
    if conflict.waits:
        return "the same drawing is approved as another symbol"
    if not conflict.status:
        return "not there any more"
    return f"already {conflict.status}" + (f" by {conflict.by}" if conflict.by else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
