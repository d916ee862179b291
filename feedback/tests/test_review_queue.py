"""What waits for a moderator, in which order."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback import leases
from feedback.models import Correction, Device, Verdict
from feedback.submissions import Shown
from feedback.tests.making import correction, moderator, person
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


def _scored(seed: int, **scores: float) -> str:
    item = correction(seed, person=person())
    Correction.objects.filter(pk=item.pk).update(**scores)
    return str(item.pk)


def test_the_doubtful_come_first(reviewer: Reviewer) -> None:
    sure, doubtful = _scored(1, risk=0.1), _scored(2, risk=0.9)
    assert reviewer.queue() == [doubtful, sure]
    assert reviewer.queue(order="nonsense") == [doubtful, sure]


def test_the_instructive_come_first_when_asked_for(reviewer: Reviewer) -> None:
    dull, instructive = _scored(1, value=0.1), _scored(2, value=0.8)
    assert reviewer.queue(order="value") == [instructive, dull]


def test_the_newest_come_first_when_asked_for(reviewer: Reviewer) -> None:
    old, new = _scored(1), _scored(2)
    Correction.objects.filter(pk=old).update(created=timezone.now() - timedelta(days=1))
    assert reviewer.queue(order="newest") == [new, old]


def test_what_expires_next_comes_first_when_asked_for(reviewer: Reviewer) -> None:
    new, old = _scored(1), _scored(2)
    Correction.objects.filter(pk=old).update(created=timezone.now() - timedelta(days=1))
    assert reviewer.queue(order="oldest") == [old, new]
    assert 'href="?order=oldest"' in reviewer.text("review/")


def test_what_is_decided_does_not_wait(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("approve", item)
    assert reviewer.queue() == []


def test_copies_wait_as_one_item(reviewer: Reviewer) -> None:
    item = correction()
    correction(person=person())
    assert reviewer.queue() == [str(item.pk)]


def test_what_another_moderator_reads_is_left_out(reviewer: Reviewer) -> None:
    item = correction()
    leases.take([item.pk], moderator("other"))
    assert reviewer.queue() == []
    Correction.objects.filter(pk=item.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert reviewer.queue() == [str(item.pk)]


@pytest.mark.parametrize(
    "query",
    [
        {"label": "4"},
        {"submitted": "4"},
        {"predicted": "9"},
        {"predicted": "none"},
        {"device": "pen"},
        {"version": "2"},
        {"charset": "digits"},
        {"band": "low"},
        {"disagreement": "nobody"},
        {"submitter": "anonymous:b"},
    ],
    ids=str,
)
def test_it_is_narrowed(reviewer: Reviewer, query: dict[str, str]) -> None:
    correction(1, label="7")
    unsure = query.get("predicted") == "none"
    shown = Shown(
        label=None if unsure else "9" if "predicted" in query else "3",
        confidence=0.3,
        version=2,
    )
    wanted = correction(
        2,
        person=person("anonymous:b"),
        label="3" if "disagreement" in query else "4",
        verdict=Verdict.CONFIRMED,
        shown=shown,
        charset="digits",
        device=Device.PEN,
    )
    assert reviewer.queue(**query) == [str(wanted.pk)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("label", "99"),
        ("submitted", "?"),
        ("predicted", "'"),
        ("device", "x"),
        ("version", "\uff11"),
        ("version", "9" * 30),
        ("band", "?"),
        ("disagreement", "?"),
        ("charset", "?"),
        ("submitter", "\0"),
    ],
)
def test_nonsense_finds_nothing(reviewer: Reviewer, name: str, value: str) -> None:
    correction()
    assert reviewer.queue(**{name: value}) == []
    assert reviewer.get("review/", **{name: value}).status_code == 200


@pytest.mark.parametrize("limit", ["", "0", "-1", "301", "x", "1e3", "\uff19", "9" * 50])
def test_it_lists_no_more_than_it_may(reviewer: Reviewer, limit: str) -> None:
    response = reviewer.get("review/queue/", limit=limit)
    assert response.status_code == 400


def test_the_number_of_queries_does_not_grow(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for seed in range(12):
        correction(seed, person=person())
    with django_assert_max_num_queries(9):
        reviewer.text("review/")
    with django_assert_max_num_queries(6):
        assert len(reviewer.queue()) == 12


def test_the_list_of_what_waits_reads_no_pictures(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    correction()
    with django_assert_max_num_queries(9) as captured:
        reviewer.text("review/")
    assert not [q["sql"] for q in captured.captured_queries if '"features"' in q["sql"]]
    assert not [q["sql"] for q in captured.captured_queries if '"pixels"' in q["sql"]]
