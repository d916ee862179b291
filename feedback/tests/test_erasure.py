"""What leaves, leaves whole: no strokes, no pixels; the audit keeps an id and a digest."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from feedback.decisions import decide
from feedback.erasure import expire, withdraw, withdraw_all
from feedback.models import Action, Correction, ReviewEvent
from feedback.submissions import Taken, submit
from feedback.tests.making import correction, moderator, person, submission

pytestmark = pytest.mark.django_db

A, B = person("anonymous:a"), person("anonymous:b")


def everything_stored() -> str:
    """Every value of every column of our tables."""
    with connection.cursor() as cursor:
        tables = [t for t in connection.introspection.table_names(cursor) if "feedback" in t]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own table names
            rows += cursor.fetchall()
    return repr(rows)


def test_a_withdrawn_correction_leaves_no_strokes_and_no_pixels() -> None:
    row = correction(1)
    assert row.strokes is not None
    canary = repr(row.strokes[0][2][0])
    assert canary in everything_stored()
    assert repr(row.pixels) in everything_stored()
    assert withdraw([row.pk], A.keys) == 1
    left = everything_stored()
    assert canary not in left
    assert repr(row.pixels) not in left
    assert "anonymous:a" not in left
    event = ReviewEvent.objects.get(action=Action.WITHDRAW)
    assert (event.correction_id, event.digest) == (row.pk, row.ink_hash)
    assert event.status_before == "pending"


def test_only_its_owner_withdraws_a_correction() -> None:
    row = correction(1)
    assert withdraw([row.pk], B.keys) == 0
    assert Correction.objects.get() == row


def test_everything_of_one_person_is_withdrawn_and_nothing_of_others() -> None:
    for seed in range(3):
        correction(seed, person=A)
    kept = correction(9, person=B)
    assert withdraw_all(A.keys) == 3
    assert Correction.objects.get() == kept


def test_an_approved_correction_is_withdrawn_too() -> None:
    row = correction(1)
    decide([row.pk], "approve", moderator())
    assert withdraw_all(A.keys) == 1
    assert row.pk in ReviewEvent.objects.values_list("correction", flat=True)


def test_an_erased_correction_does_not_come_back_under_its_id() -> None:
    row = correction(1)
    withdraw([row.pk], A.keys)
    with pytest.raises(Taken):
        submit(submission(id=row.pk))
    assert not Correction.objects.exists()


def test_the_oldest_copy_takes_the_place_of_an_item_that_leaves() -> None:
    item = correction(person=A)
    first, second = correction(person=B), correction(person=person())
    assert withdraw_all(A.keys) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.duplicate_of, first.duplicates) == (None, 1)
    assert second.duplicate_of == first
    assert not Correction.objects.filter(pk=item.pk).exists()


def test_a_copy_that_leaves_is_no_longer_counted() -> None:
    item, _ = correction(person=A), correction(person=B)
    correction(person=A)
    withdraw_all(B.keys)
    item.refresh_from_db()
    assert item.duplicates == 1


def test_an_item_leaves_together_with_its_own_copies() -> None:
    for _ in range(3):
        correction(person=A)
    kept = correction(person=B)
    assert withdraw_all(A.keys) == 3
    kept.refresh_from_db()
    assert (kept.duplicate_of, kept.duplicates) == (None, 0)


def test_unreviewed_corrections_expire_and_reviewed_ones_stay() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    old, edge, reviewed = correction(1), correction(2), correction(3)
    decide([reviewed.pk], "reject", moderator())
    Correction.objects.exclude(pk=edge.pk).update(created=now - timedelta(days=90, seconds=1))
    Correction.objects.filter(pk=edge.pk).update(created=now - timedelta(days=90))
    assert expire(now) == 1
    assert set(Correction.objects.all()) == {edge, reviewed}
    event = ReviewEvent.objects.get(action=Action.EXPIRE)
    assert (event.correction_id, event.actor) == (old.pk, None)


def test_retention_follows_the_clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    correction(1)
    assert expire() == 0
    later = timezone.now() + timedelta(days=8)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert expire() == 1
