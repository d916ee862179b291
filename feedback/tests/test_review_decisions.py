"""Decisions from the review screen: one request each, none lost, none twice."""

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from feedback import decisions, leases
from feedback.models import Correction, ReviewEvent, Status
from feedback.tests.making import correction, moderator, person
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


def _status(item: Correction) -> str:
    return Correction.objects.get(pk=item.pk).status


@pytest.mark.parametrize(
    ("action", "status"), [("approve", Status.APPROVED), ("reject", Status.REJECTED)]
)
def test_a_decision_is_made(reviewer: Reviewer, action: str, status: Status) -> None:
    item = correction()
    answer = reviewer.decide(action, item).json()
    assert _status(item) == status
    assert [done["id"] for done in answer["decided"]] == [str(item.pk)]
    assert answer["conflicts"] == []
    assert ReviewEvent.objects.get(pk=answer["decided"][0]["event"]).actor == reviewer.user


def test_a_relabel_approves_under_the_new_label(reviewer: Reviewer) -> None:
    item = correction(label="7")
    reviewer.decide("relabel", item, label="1")
    item.refresh_from_db()
    assert (item.status, item.label, item.submitted_label) == (Status.APPROVED, "1", "7")


def test_a_selection_is_decided_at_once(reviewer: Reviewer) -> None:
    items = [correction(seed) for seed in range(3)]
    answer = reviewer.decide("approve", *items).json()
    assert len(answer["decided"]) == 3
    assert answer["waiting"] == 0


def test_who_comes_second_is_told_who_came_first(reviewer: Reviewer) -> None:
    item = correction()
    Reviewer(moderator("ana")).decide("reject", item)
    response = reviewer.decide("approve", item)
    assert response.status_code == 409
    (conflict,) = response.json()["conflicts"]
    assert conflict["message"].endswith("was already decided by ana, just now: rejected.")
    assert _status(item) == Status.REJECTED


def test_who_decides_twice_is_told_that_it_was_them(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("approve", item)
    (conflict,) = reviewer.decide("approve", item).json()["conflicts"]
    assert "decided by you" in conflict["message"]


def test_of_a_selection_the_free_ones_are_decided(reviewer: Reviewer) -> None:
    free, gone = correction(1), correction(2)
    Reviewer(moderator("ana")).decide("reject", gone)
    response = reviewer.decide("approve", free, gone)
    assert response.status_code == 200
    assert len(response.json()["conflicts"]) == 1
    assert _status(free) == Status.APPROVED


def test_undo_takes_a_decision_back(reviewer: Reviewer) -> None:
    item = correction()
    event = reviewer.decide("relabel", item, label="1").json()["decided"][0]["event"]
    answer = reviewer.post("review/undo/", events=str(event)).json()
    item.refresh_from_db()
    assert (item.status, item.label) == (Status.PENDING, "7")
    assert answer["decided"][0]["status"] == "pending"
    assert item.leased_by == reviewer.user  # it is on the screen again


def test_nobody_undoes_what_others_decided(reviewer: Reviewer) -> None:
    item = correction()
    event = Reviewer(moderator("ana")).decide("approve", item).json()["decided"][0]["event"]
    reviewer.post("review/undo/", events=str(event))
    assert _status(item) == Status.APPROVED


def test_undo_does_not_undo_what_came_later(reviewer: Reviewer) -> None:
    item = correction()
    event = reviewer.decide("approve", item).json()["decided"][0]["event"]
    Reviewer(moderator("ana")).confirm("revoke", item)
    response = reviewer.post("review/undo/", events=str(event))
    assert response.status_code == 409
    assert _status(item) == Status.REVOKED


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"action": "approve"},
        {"action": "approve", "ids": "x"},
        {"action": "approve", "ids": "12"},
        {"action": "delete", "ids": "{pk}"},
        {"action": "approve", "ids": "{pk}", "label": "1"},
        {"action": "relabel", "ids": "{pk}"},
        {"action": "relabel", "ids": "{pk}", "label": "99"},
        {"action": "relabel", "ids": "{pk}", "label": "\u0664"},
        {"action": "approve", "ids": "{pk}", "expected": "rejected"},
        {"action": "approve", "ids": "{pk}", "expected": "?"},
        {"action": "approve", "ids": ",".join(["{pk}"] * 501)},
    ],
    ids=lambda form: str(form)[:60],
)
def test_nonsense_changes_nothing(reviewer: Reviewer, form: dict[str, str]) -> None:
    item = correction()
    filled = {name: text.format(pk=item.pk) for name, text in form.items()}
    response = reviewer.post("review/decide/", **filled)
    assert response.status_code == 400
    assert response.json()["message"]
    assert _status(item) == Status.PENDING


@pytest.mark.parametrize(
    "events", ["", "x", "1,x", "-1", "\u0661", "9" * 40, ",".join(["1"] * 501)]
)
def test_undo_refuses_nonsense(reviewer: Reviewer, events: str) -> None:
    assert reviewer.post("review/undo/", events=events).status_code == 400


def test_leases_refuse_nonsense(reviewer: Reviewer) -> None:
    assert reviewer.post("review/leases/", keep="x").status_code == 400


def test_a_decision_lets_the_lease_go(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.card(item.pk)
    reviewer.decide("approve", item)
    assert Correction.objects.get(pk=item.pk).leased_by is None


def test_what_waits_is_counted_as_the_queue_is_narrowed(reviewer: Reviewer) -> None:
    first = correction(1, label="7")
    correction(2, label="7", person=person())
    correction(3, label="4", person=person())
    answer = reviewer.post(
        "review/decide/?label=7", action="approve", ids=str(first.pk), expected="pending"
    )
    assert answer.json()["waiting"] == 1


def test_the_number_of_queries_does_not_grow_with_the_selection(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    few, many = [correction(1)], [correction(seed) for seed in range(2, 14)]
    with django_assert_max_num_queries(100) as one:
        reviewer.decide("approve", *few)
    with django_assert_max_num_queries(100) as dozen:
        reviewer.decide("approve", *many)
    assert len(dozen) <= len(one)


def test_what_cannot_be_stored_is_said(reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch) -> None:
    item = correction()

    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    for name in ("decide", "undo"):
        monkeypatch.setattr(decisions, name, full)
    monkeypatch.setattr(leases, "take", full)
    refused = [
        reviewer.decide("approve", item),
        reviewer.post("review/undo/", events="1"),
        reviewer.post("review/leases/", keep=str(item.pk)),
    ]
    for response in refused:
        assert response.status_code == 507
        assert "try again later" in response.json()["message"]
    assert reviewer.card(item.pk)  # what is stored can still be looked at
