"""What versions have learned from: the seam between training and corrections.

Training says which items a run learns from, what it taught a version and which version is champion;
here that becomes what a person is told. Every change of that has its event in the same transaction,
so the watch of `receipts.py` passes it on. Copies share what their item was good for. All of it may
be called again: what is so already is not told twice. Knows nothing about how versions are made.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, UUIDField
from django.db.models.functions import Coalesce
from django.utils import timezone

from feedback import events, processes, trail
from feedback.batches import batches
from feedback.models import (
    EFFECTS,
    Action,
    Correction,
    CorrectionQuerySet,
    Learning,
    Lesson,
    ReceiptStatus,
    ReviewEvent,
    Status,
)

Reach = tuple[int, int]  # how many of how many processes serve it

_MEASURED: Final = 1000  # latest items whose delay counts


class Delays(NamedTuple):
    """Seconds from the approval of an item until every process served what learned from it."""

    number: int  # of items that were measured
    p50: float | None  # None where there is nothing to measure
    p95: float | None


@dataclass(frozen=True)
class Difference:
    """How what is approved differs from what a version has learned."""

    added: int  # approved items that it lacks, or has under another label
    removed: int  # items that it has and that are approved no longer
    oldest: datetime | None  # when the first of these was decided

    def __bool__(self) -> bool:
        return self.added + self.removed > 0


def waiting_for_review() -> bool:
    """Say whether there is an item that somebody may approve."""
    return Correction.objects.pending().exists()


def begin(run: int, ids: Iterable[UUID]) -> int:
    """Say that a run learns from these items; what is live already stays so. Returns how many."""
    waiting = Correction.objects.filter(status=Status.APPROVED, learning=Learning.NOTHING)
    return sum(
        _change(rows, Action.TRAIN, run=run, learning=Learning.TRAINING)
        for rows in _with_copies(waiting, ids)
    )


def end(run: int, ids: Iterable[UUID], why: str = "") -> int:
    """Say that a run made no champion of what it learned: these items wait for the next one."""
    in_training = Correction.objects.filter(learning=Learning.TRAINING)
    return sum(
        _change(rows, Action.WAIT, run=run, why=why, learning=Learning.NOTHING)
        for rows in _with_copies(in_training, ids)
    )


def teach(version: int, rows: Iterable[tuple[UUID, str]]) -> int:
    """Note the items, with their labels, that a version has learned from. Returns how many.

    People are told by `follow`, once the version is champion.
    """
    count = 0
    for batch in batches(rows):
        lessons = [Lesson(version=version, correction=pk, label=label) for pk, label in batch]
        Lesson.objects.bulk_create(lessons, ignore_conflicts=True)
        count += len(batch)
    return count


def learned(version: int) -> set[tuple[UUID, str]]:
    """Return the items, with their labels, that a version has learned from."""
    rows = Lesson.objects.filter(version=version)
    return set(rows.values_list("correction", "label"))


def follow(champion: int) -> int:
    """Let every correction be live that the champion has learned, and no other.

    After a promotion, a rollback, or a decision about something that was learned before. Returns
    how many changed.
    """
    learned = _learned_by(champion)
    unlearned = Correction.objects.filter(~learned, learning=Learning.LIVE)
    # What is live in a version after this one was learned anew, and now is older.
    learning = Correction.objects.filter(learned).exclude(
        learning=Learning.LIVE, live_version__lte=champion
    )
    return _change(
        unlearned,
        Action.UNLEARN,
        champion,
        learning=Learning.NOTHING,
        live_version=None,
        live_at=None,  # should it come back, it is live from another moment on
    ) + _change(learning, Action.LIVE, champion, learning=Learning.LIVE, live_version=champion)


def note_everywhere() -> int:
    """Note for what every live process serves since when that is so; returns for how many.

    The moment is that of the last swap, not that of the look, which may be a whole run later.
    """
    rows = Correction.objects.filter(learning=Learning.LIVE, live_at=None)
    if not rows.exists():
        return 0
    served = set(processes.served())
    if not served:
        return 0
    for version in served:
        if version is None:  # one that answers nobody has learned nothing
            return 0
        rows = rows.filter(_learned_by(version))
    since = processes.latest_swap() or timezone.now()
    # What the champion had learned before it was approved (again) is live from then on.
    decided = rows.aggregate(latest=Max("decided"))["latest"]
    return _change(rows, Action.SPREAD, live_at=max(since, decided) if decided else since)


def unlearned(champion: int) -> Difference:
    """Return what the next version would have to learn and to forget."""
    missing = Correction.objects.approved().filter(~_learned_by(champion))
    added = missing.aggregate(count=Count("pk"), oldest=Min("decided"))
    removed = list(_taken_back(champion).values_list("correction", flat=True))
    moments = [moment for moment in (added["oldest"], _first_taken_back(removed)) if moment]
    return Difference(added["count"], len(removed), min(moments, default=None))


def taken_back(version: int) -> int:
    """Return how many items a version has learned that are approved so no longer, or deleted.

    Unlike in `unlearned`, what is approved under another label counts: what it knows is wrong.
    """
    return _taken_back(version, label=OuterRef("label")).count()


def delays() -> Delays:
    """Return how long the latest items took from their approval to being live everywhere.

    Without what a rollback took out since and brought back: how long that took is no delay.
    """
    events = ReviewEvent.objects.filter(correction=OuterRef("pk"), action=Action.UNLEARN)
    came_back = Exists(events.filter(created__gte=OuterRef("decided")))
    rows = (
        Correction.objects.items()
        .filter(~came_back, live_at__gte=F("decided"))
        .order_by("-live_at")
        .values_list("decided", "live_at")[:_MEASURED]
    )
    seconds = sorted((live - decided).total_seconds() for decided, live in rows if decided and live)
    if not seconds:
        return Delays(0, None, None)
    return Delays(len(seconds), _quantile(seconds, 0.5), _quantile(seconds, 0.95))


def reach(corrections: Iterable[Correction]) -> dict[UUID, Reach]:
    """Return, for those that are live, how many of how many processes have learned from them.

    Two queries, however many they are; one where none is live.
    """
    live = [row for row in corrections if row.standing == ReceiptStatus.LIVE]
    served = processes.served() if live else []
    if not served:
        return {}
    known = set(
        Lesson.objects.filter(
            correction__in={_item(row) for row in live},
            version__in={version for version in served if version is not None},
        ).values_list("correction", "label", "version")
    )
    return {
        row.pk: (
            sum((_item(row), row.label, version) in known for version in served),
            len(served),
        )
        for row in live
    }


def _taken_back(version: int, **as_learned: OuterRef) -> QuerySet[Lesson]:
    approved = Correction.objects.approved().filter(pk=OuterRef("correction"), **as_learned)
    return Lesson.objects.filter(~Exists(approved), version=version)


def _learned_by(version: int) -> Exists:
    """Return the condition that a version has learned a correction, or what it is a copy of."""
    item = Coalesce(OuterRef("duplicate_of"), OuterRef("pk"), output_field=UUIDField())
    return Exists(Lesson.objects.filter(version=version, correction=item, label=OuterRef("label")))


def _item(row: Correction) -> UUID:
    return row.duplicate_of_id or row.pk


def _with_copies(rows: CorrectionQuerySet, ids: Iterable[UUID]) -> Iterator[CorrectionQuerySet]:
    for batch in batches(ids):
        yield rows.filter(Q(pk__in=batch) | Q(duplicate_of__in=batch))


def _change(
    rows: CorrectionQuerySet,
    action: Action,
    version: int | None = None,
    *,
    run: int | None = None,
    why: str = "",
    **changes: Any,
) -> int:
    """Change rows and write their events; who is no longer among `rows` by then is left alone."""
    champion = events.champion_version()
    reason = ": ".join(part for part in (f"run {run}" if run else "", why) if part)
    led_to = {name: number for name, number in (("run", run), ("version", version)) if number}
    count = 0
    for ids in batches(list(rows.values_list("pk", flat=True))):
        with transaction.atomic():
            batch = list(
                rows.filter(pk__in=ids)
                .select_for_update()
                .only("status", "label", "learning", "live_version")
            )
            Correction.objects.filter(pk__in=[row.pk for row in batch]).learn(**changes)
            ReviewEvent.objects.bulk_create(
                [
                    _event(row, action, version or row.live_version or champion, reason, changes)
                    for row in batch
                ]
            )
            trail.tell(action, [row.pk for row in batch], **led_to)
            count += len(batch)
    return count


def _event(
    row: Correction, action: Action, version: int | None, reason: str, changes: dict[str, Any]
) -> ReviewEvent:
    before = (row.standing, row.label)
    for name, value in changes.items():
        setattr(row, name, value)
    return events.record(
        row,
        action,
        before=before,
        after=(row.standing, row.label),
        reason=reason,
        version=version,
    )


def _first_taken_back(removed: Sequence[UUID]) -> datetime | None:
    """Return when the first of these ceased to be approved."""
    moments: list[datetime] = []
    for batch in batches(removed):
        decided = ReviewEvent.objects.filter(correction__in=batch).exclude(action__in=EFFECTS)
        latest = decided.values("correction").annotate(at=Max("created"))
        moments += latest.values_list("at", flat=True)
    return min(moments, default=None)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of them do not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]
