"""Every decision about a correction: one function for the admin, bulk actions, API and commands.

A decision is a conditional update on the expected state, with one event a row in the same
transaction. Who comes second is told who came first; nothing is overwritten. Copies that were
folded into an item share its fate. Knows nothing about requests or pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from feedback import scoring, trail
from feedback.batches import batches
from feedback.contradictions import without_contradiction
from feedback.events import champion_version, latest_events, record
from feedback.models import EFFECTS, Action, Correction, Learning, ReviewEvent, Status
from feedback.moves import MOVES, Conflict, Decided, Move, Outcome
from recognizer.alphabet import label_of

PERMISSION: Final = "feedback.review_correction"
_NAMED: Final = 5000  # rows that one statement names; databases have a limit


@dataclass(frozen=True)
class _Act:
    """Who does what, and why."""

    action: Action
    actor: User
    reason: str


def decide(
    correction_ids: Iterable[UUID],
    action: Action | str,
    actor: User,
    expected_status: Status | str | None = None,
    *,
    label: str | None = None,
    reason: str = "",
) -> Outcome:
    """Approve, reject, relabel (and approve) or revoke items.

    Args:
        correction_ids: items; each is moved or reported as a conflict.
        action: a key of `MOVES`.
        actor: who decides.
        expected_status: the state in which the actor saw the items; by default the one that the
            action starts from.
        label: the new label, for `relabel` alone.
        reason: kept in the audit.

    Raises:
        PermissionDenied: the actor may not review.
        ValueError: the action, the label or the expected state makes no sense.
    """
    _require_reviewer(actor)
    action = Action(action)
    if action not in MOVES:
        raise ValueError(f"{action} is not a decision")
    start, end = MOVES[action]
    if expected_status is not None and Status(expected_status) != start:
        raise ValueError(f"{action} starts from {start}, not from {expected_status}")
    if (label is not None) != (action == Action.RELABEL):
        raise ValueError("relabel needs a label, and nothing else takes one")
    new_label = None if label is None else label_of(label)

    outcome = Outcome()
    now = timezone.now()
    for batch in batches(dict.fromkeys(correction_ids)):
        with transaction.atomic():
            rows = _lock(batch, approving=end == Status.APPROVED)
            fit = list(_fitting(rows, batch, start, outcome))
            moves = [Move(each, end, new_label or each[0].label, actor, now) for each in fit]
            moves = list(without_contradiction(moves, rows, outcome))
            _carry_out(moves, start, _Act(action, actor, reason), outcome)
    return outcome


def undo(event_ids: Iterable[int], actor: User, reason: str = "") -> Outcome:
    """Take decisions back, named by their events; only the latest decision on an item can be.

    Raises:
        PermissionDenied: the actor may not review.
    """
    _require_reviewer(actor)
    outcome = Outcome()
    act = _Act(Action.UNDO, actor, reason)
    events = ReviewEvent.objects.filter(pk__in=list(event_ids), action__in=MOVES).order_by("-pk")
    for batch in batches(events):
        for start in Status:
            decisions = [event for event in batch if event.status_after == start]
            if decisions:
                with transaction.atomic():
                    _undo(decisions, start, act, outcome)
    return outcome


def _require_reviewer(actor: User) -> None:
    if not actor.has_perm(PERMISSION):
        raise PermissionDenied("reviewing needs the permission to review corrections")


def _fitting(
    rows: Sequence[Correction], ids: Sequence[UUID], start: Status, outcome: Outcome
) -> Iterator[tuple[Correction, ...]]:
    """Yield each item that is in the state `start`, its copies after it; report the others."""
    found = {row.pk: row for row in rows}
    copies: dict[UUID, list[Correction]] = {}
    for row in rows:
        if row.duplicate_of_id is not None:
            copies.setdefault(row.duplicate_of_id, []).append(row)
    stale = [pk for pk in ids if pk in found and found[pk].status != start]
    deciders = latest_events(stale)
    for pk in ids:
        item = found.get(pk)
        if item is None:
            outcome.conflicts.append(Conflict(pk, "there is no such correction"))
        elif item.duplicate_of_id is not None:
            why = f"it is a copy, folded into {item.duplicate_of_id}: decide that one"
            outcome.conflicts.append(Conflict(pk, why, item.status))
        elif item.status != start:
            outcome.conflicts.append(_already(item, deciders.get(pk)))
        else:
            yield (item, *copies.get(pk, ()))


def _lock(ids: Sequence[UUID], *, approving: bool) -> list[Correction]:
    """Lock items with their copies, and where they are approved with all that is the same ink.

    In one statement and in one order, so that two decisions do not wait for each other.
    """
    wanted = Q(pk__in=ids) | Q(duplicate_of__in=ids)
    if approving:
        inks = Correction.objects.filter(wanted).values_list("ink_hash", flat=True)
        wanted |= Q(ink_hash__in=set(inks))
    rows = Correction.objects.select_for_update().filter(wanted).order_by("pk")
    return list(rows.only("id", "status", "label", "ink_hash", "duplicate_of_id", "submitter"))


def _already(row: Correction, event: ReviewEvent | None) -> Conflict:
    by = event.actor_name if event else ""
    why = f"it is already {row.status}" + (f", decided by {by}" if by else "")
    return Conflict(row.pk, why, row.status, by, event.created if event else None)


def _carry_out(moves: Sequence[Move], start: Status, act: _Act, outcome: Outcome) -> None:
    """Move every row and write its event."""
    for (status, label, reviewer, decided), ids in _alike(moves).items():
        for first in range(0, len(ids), _NAMED):
            named = ids[first : first + _NAMED]
            count = Correction.objects.filter(pk__in=named).move(
                start,
                status=status,
                label=label,
                reviewer=reviewer,
                decided=decided,
                leased_by=None,
                leased_until=None,
            )
            if count != len(named):
                # They were locked in this state: this is a fault, so nothing of it happens.
                raise RuntimeError(f"{len(named)} rows were {start} and {count} moved")
            if act.action == Action.RELABEL:
                # Under this label nothing has learned from it; `lessons.follow` knows otherwise.
                Correction.objects.filter(pk__in=named).learn(
                    learning=Learning.NOTHING, live_version=None, live_at=None
                )
    version = champion_version()
    events = [
        record(
            row,
            act.action,
            act.actor,
            version=version,
            before=(row.status, row.label),
            after=(move.status, move.label),
            reason=act.reason,
        )
        for move in moves
        for row in move.rows
    ]
    saved = {event.correction_id: event.pk for event in ReviewEvent.objects.bulk_create(events)}
    trail.tell(act.action, saved)
    for move in moves:
        item = move.rows[0]
        outcome.decided.append(
            Decided(item.pk, saved[item.pk], move.status, move.label, len(move.rows) - 1)
        )
    scoring.follow_records({row.submitter for move in moves for row in move.rows})


def _alike(
    moves: Sequence[Move],
) -> dict[tuple[Status, str, User | None, datetime | None], list[UUID]]:
    """Group rows by what they become: one update each group."""
    groups: dict[tuple[Status, str, User | None, datetime | None], list[UUID]] = {}
    for move in moves:
        ids = groups.setdefault((move.status, move.label, move.reviewer, move.decided), [])
        ids += [row.pk for row in move.rows]
    return groups


def _undo(events: Sequence[ReviewEvent], start: Status, act: _Act, outcome: Outcome) -> None:
    """Take decisions back that led to the state `start`, the latest of each item."""
    decisions = {event.correction_id: event for event in reversed(events)}
    approving = any(event.status_before == Status.APPROVED for event in events)
    rows = _lock(list(decisions), approving=approving)
    fit = list(_fitting(rows, list(decisions), start, outcome))
    latest = latest_events(list(decisions))
    moves = []
    for each in fit:
        event = decisions[each[0].pk]
        if latest[event.correction_id].pk == event.pk:
            moves.append(_back(each, event))
        else:
            outcome.conflicts.append(_already(each[0], latest[event.correction_id]))
    _carry_out(list(without_contradiction(moves, rows, outcome)), start, act, outcome)


def _back(rows: tuple[Correction, ...], event: ReviewEvent) -> Move:
    """Return the move to where an item was before a decision."""
    before = Status(event.status_before)
    if before == Status.PENDING:
        return Move(rows, before, event.label_before, None, None)
    # Somebody had decided before: the item is theirs again.
    earlier = (
        ReviewEvent.objects.filter(
            correction=event.correction_id, pk__lt=event.pk, status_after=before
        )
        .exclude(action__in=EFFECTS)
        .select_related("actor")
        .latest("pk")
    )
    return Move(rows, before, event.label_before, earlier.actor, earlier.created)
