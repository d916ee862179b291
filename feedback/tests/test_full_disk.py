"""A full disk: corrections are refused, what was acknowledged stays, and it heals by itself.

SQLite is told that it may not grow, which fails in the same place and in the same way.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from feedback.erasure import withdraw_all
from feedback.models import Correction, ReviewEvent
from feedback.submissions import Unwritable
from feedback.tests.making import correction

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="fills a file of SQLite"),
]


def pragma(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {text}")
        (value,) = cursor.fetchone()
        return int(value)


@contextmanager
def full_disk() -> Iterator[None]:
    before = pragma("max_page_count")
    pragma(f"max_page_count = {pragma('page_count')}")
    try:
        yield
    finally:
        pragma(f"max_page_count = {before}")


def test_what_was_acknowledged_stays_and_the_rest_is_refused_whole() -> None:
    acknowledged = []
    with full_disk():
        for seed in range(100):
            try:
                acknowledged.append(correction(seed).pk)
            except Unwritable:
                break
        else:
            pytest.fail("the disk was never full")
        with pytest.raises(Unwritable):
            correction(200)
        assert set(Correction.objects.values_list("pk", flat=True)) == set(acknowledged)
        assert ReviewEvent.objects.count() == len(acknowledged)
    healed = correction(200).pk
    assert set(Correction.objects.values_list("pk", flat=True)) == {*acknowledged, healed}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchall() == [("ok",)]


def test_a_person_can_still_take_theirs_back() -> None:
    for seed in range(5):
        correction(seed)
    with full_disk():
        assert withdraw_all(["anonymous:a"]) == 5
    assert not Correction.objects.exists()
