"""Corrections that leave: withdrawn by their owner, or never reviewed in time.

Strokes, pixels and features go with the row. What stays is an event with the id and a digest, so
that it can be shown that something was erased, and an id cannot come back. Knows nothing about
requests.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from feedback import events, trail
from feedback.models import Action, Correction, CorrectionQuerySet, ReviewEvent, Status

_BATCH: Final = 200
_LOG_PATIENCE: Final = 250  # ms
_COLUMNS: Final = ("id", "status", "label", "ink_hash", "duplicate_of_id")


def withdraw(correction_ids: Iterable[UUID], keys: Iterable[str]) -> int:
    """Erase corrections of the person with these keys; ids of others are left alone."""
    theirs = Correction.objects.visible_to(keys).filter(pk__in=list(correction_ids))
    return _erase(theirs, Action.WITHDRAW)


def withdraw_all(keys: Iterable[str]) -> int:
    """Erase everything that the person with these keys has submitted."""
    return _erase(Correction.objects.visible_to(keys), Action.WITHDRAW)


def expire(now: datetime | None = None) -> int:
    """Erase what nobody has reviewed within `RETENTION_DAYS`."""
    oldest = (now or timezone.now()) - timedelta(days=settings.RETENTION_DAYS)
    unreviewed = Correction.objects.filter(status=Status.PENDING, created__lt=oldest)
    return _erase(unreviewed, Action.EXPIRE)


def _erase(corrections: CorrectionQuerySet, action: Action) -> int:
    # Copies before their items, so that an item whose copies leave too has nobody to hand over to.
    copies_first = corrections.order_by(F("duplicate_of").asc(nulls_last=True), "created", "pk")
    ids = list(copies_first.values_list("pk", flat=True))
    count = 0
    for start in range(0, len(ids), _BATCH):
        with transaction.atomic():
            leaving = corrections.filter(pk__in=ids[start : start + _BATCH]).order_by("pk")
            count += _erase_batch(list(leaving.select_for_update().only(*_COLUMNS)), action)
    if count:
        _cut_log()
    return count


def _cut_log() -> None:
    """Take what was erased out of SQLite's log too, unless somebody is in the middle of reading."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone() or (0,)
        cursor.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")


def _erase_batch(rows: Sequence[Correction], action: Action) -> int:
    ids = {row.pk for row in rows}
    for row in rows:
        if row.duplicate_of_id is None:
            _hand_over(row.pk, ids)
    ReviewEvent.objects.bulk_create(
        events.record(row, action, before=(row.status, row.label), digest=row.ink_hash)
        for row in rows
    )
    Correction.objects.filter(pk__in=ids).erase()
    trail.tell(action, ids)
    for item in {row.duplicate_of_id for row in rows if row.duplicate_of_id} - ids:
        left = Correction.objects.filter(duplicate_of=item).count()
        Correction.objects.filter(pk=item).update(duplicates=left)
    return len(rows)


def _hand_over(item: UUID, leaving: Collection[UUID]) -> None:
    """Keep the copies of an item together without it: the oldest takes its place."""
    copies = Correction.objects.filter(duplicate_of=item).order_by("created", "pk")
    heirs = [pk for pk in copies.values_list("pk", flat=True) if pk not in leaving]
    if heirs:
        first, *others = heirs
        Correction.objects.filter(pk__in=others).update(duplicate_of=first)
        Correction.objects.filter(pk=first).update(duplicate_of=None, duplicates=len(others))
