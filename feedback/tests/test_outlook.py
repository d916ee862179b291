"""What machines are told of corrections: how many, how old, and whether drawings have changed."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import Metric

from feedback import decisions, drift, lessons, outlook
from feedback.models import Action, Correction, Status, Verdict
from feedback.tests.making import correction, moderator, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No alarm has been said so far."""
    monkeypatch.setattr(outlook, "_is_on", False)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty drawings are enough to judge."""
    monkeypatch.setattr(drift, "LATEST", 20)


def values(metrics: tuple[Metric, ...]) -> dict[str, float]:
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def name_drawings(count: int, verdict: Verdict, first: int) -> None:
    """Let somebody else say something about each of so many drawings."""
    for seed in range(first, first + count):
        correction(seed, person=person(), verdict=verdict)


def test_without_corrections_all_is_nought() -> None:
    reading = outlook.read()
    assert values(reading.metrics) == {
        "corrections_stored pending": 0,
        "corrections_stored approved": 0,
        "corrections_stored rejected": 0,
        "corrections_stored revoked": 0,
        "corrections_oldest_waiting_seconds": 0,
        "corrections_oldest_unlearned_seconds": 0,
        "drift_alarm": 0,
    }
    assert reading.remarks == {}


def test_corrections_are_counted_by_status() -> None:
    rows = [correction(seed) for seed in range(4)]
    decisions.decide([rows[0].pk], Action.APPROVE, moderator())
    found = values(outlook.read().metrics)
    assert (found["corrections_stored pending"], found["corrections_stored approved"]) == (3, 1)


def test_only_what_waits_grows_old() -> None:
    old, new = correction(1), correction(2)
    Correction.objects.filter(pk=old.pk).update(created=timezone.now() - timedelta(hours=2))
    Correction.objects.filter(pk=new.pk).update(created=timezone.now() - timedelta(hours=1))
    assert 7200 <= values(outlook.read().metrics)["corrections_oldest_waiting_seconds"] < 7300
    decisions.decide([old.pk], Action.REJECT, moderator())
    assert 3600 <= values(outlook.read().metrics)["corrections_oldest_waiting_seconds"] < 3700


def test_what_is_approved_grows_old_until_the_champion_has_learned_it() -> None:
    def age() -> float:
        return values(outlook.read().metrics)["corrections_oldest_unlearned_seconds"]

    rows = [correction(seed) for seed in range(3)]
    decisions.decide([rows[0].pk, rows[1].pk], Action.APPROVE, moderator())
    first = Correction.objects.filter(pk=rows[0].pk)
    first.move(Status.APPROVED, decided=timezone.now() - timedelta(hours=1))
    assert 3600 <= age() < 3700
    lessons.teach(2, [(rows[0].pk, "7")])
    lessons.follow(2)
    assert 0 < age() < 100
    lessons.teach(3, [(row.pk, "7") for row in rows[:2]])
    lessons.follow(3)
    assert age() == 0


@pytest.mark.usefixtures("small")
def test_the_alarm_is_logged_once_and_remarked_as_long_as_it_lasts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    name_drawings(20, Verdict.CONFIRMED, 0)
    name_drawings(20, Verdict.CORRECTED, 20)
    with caplog.at_level(logging.INFO, "feedback.outlook"):
        first, second = outlook.read(), outlook.read()
    assert values(first.metrics)["drift_alarm"] == 1
    assert values(first.metrics)["drift_error_rate"] == 1
    assert values(first.metrics)["drift_usual_rate"] == 0
    assert "100% of the latest" in first.remarks["drift"]
    assert second.remarks == first.remarks
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    name_drawings(20, Verdict.CONFIRMED, 40)
    with caplog.at_level(logging.INFO, "feedback.outlook"):
        assert outlook.read().remarks == {}
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.usefixtures("small")
def test_drawings_that_are_read_as_before_raise_no_alarm() -> None:
    name_drawings(50, Verdict.CORRECTED, 0)
    found = values(outlook.read().metrics)
    assert (found["drift_alarm"], found["drift_error_rate"]) == (0, 1)


@pytest.mark.usefixtures("small")
def test_what_people_s_own_memories_answered_is_no_sign_of_drift() -> None:
    name_drawings(20, Verdict.CONFIRMED, 0)
    name_drawings(20, Verdict.CORRECTED, 20)
    Correction.objects.filter(verdict=Verdict.CORRECTED).update(personal=True)
    found = values(outlook.read().metrics)
    assert (found["drift_alarm"], found["drift_error_rate"]) == (0, 0)


def test_it_takes_four_queries(django_assert_num_queries: object) -> None:
    correction()
    with django_assert_num_queries(4):  # type: ignore[operator]
        outlook.read()
