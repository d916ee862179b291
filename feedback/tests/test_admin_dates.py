"""The quick date hierarchy says what Django's own would."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from feedback.dates import QuickDates
from feedback.models import Correction, CorrectionQuerySet
from feedback.tests.making import correction

pytestmark = pytest.mark.django_db
MOMENTS = [
    datetime(2025, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC),
]


class _Quick(QuickDates, CorrectionQuerySet):
    pass


@pytest.fixture(autouse=True)
def _rows() -> None:
    for seed, moment in enumerate(MOMENTS):
        item = correction(seed)
        Correction.objects.filter(pk=item.pk).update(created=moment)


@pytest.mark.parametrize("kind", ["year", "month", "day", "hour"])
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_it_says_what_django_says(kind: Any, order: Any) -> None:
    own = list(CorrectionQuerySet(Correction).datetimes("created", kind, order))
    assert list(_Quick(Correction).datetimes("created", kind, order)) == own
    assert len(own) >= 2


def test_in_another_time_zone_it_leaves_it_to_django() -> None:
    with timezone.override("Asia/Tokyo"):
        own = list(CorrectionQuerySet(Correction).datetimes("created", "year"))
        assert list(_Quick(Correction).datetimes("created", "year")) == own
        assert len(own) == 1  # where it is 2026 already


def test_of_nothing_there_is_nothing() -> None:
    assert _Quick(Correction).none().datetimes("created", "month") == []
