"""The audit is append-only, and states cannot move past it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError

from feedback.decisions import decide
from feedback.models import Correction, ReviewEvent, StateChange, Status
from feedback.tests.making import correction, moderator
from recognizer.append_only import AppendOnly

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "tamper",
    [
        lambda event: event.save(),
        lambda event: event.save(update_fields=["reason"]),
        lambda event: event.delete(),
        lambda _: ReviewEvent.objects.update(reason="x"),
        lambda event: ReviewEvent.objects.filter(pk=event.pk).update(reason="x"),
        lambda event: ReviewEvent.objects.filter(pk=event.pk).delete(),
        lambda _: ReviewEvent.objects.all().delete(),
        lambda event: ReviewEvent.objects.bulk_update([event], ["reason"]),
        lambda event: event.correction.events.update(reason="x"),
        lambda event: event.correction.events.all().delete(),
    ],
)
def test_an_event_is_neither_changed_nor_deleted(tamper: Callable[[ReviewEvent], object]) -> None:
    event = correction().events.get()
    event.reason = "x"
    with pytest.raises(AppendOnly):
        tamper(event)
    assert ReviewEvent.objects.get().reason == ""


@pytest.mark.parametrize(
    "tamper",
    [
        lambda row: row.save(),
        lambda row: row.save(update_fields=["status"]),
        lambda row: row.delete(),
        lambda _: Correction.objects.update(status="approved"),
        lambda row: Correction.objects.filter(pk=row.pk).update(label="1"),
        lambda row: Correction.objects.bulk_update([row], ["status"]),
        lambda _: Correction.objects.all().delete(),
    ],
)
def test_a_state_does_not_move_without_an_event(tamper: Callable[[Correction], object]) -> None:
    row = correction()
    row.status = Status.APPROVED
    with pytest.raises(StateChange), transaction.atomic():
        tamper(row)
    assert Correction.objects.get().status == Status.PENDING


def test_a_submission_is_the_first_event() -> None:
    event = correction().events.get()
    assert (event.action, event.actor, event.actor_name) == ("submit", None, "")
    assert (event.status_before, event.status_after, event.label_after) == ("", "pending", "7")


def test_who_decided_is_not_deleted_and_keeps_the_name_of_then() -> None:
    row, mo = correction(), moderator()
    decide([row.pk], "approve", mo)
    with pytest.raises(ProtectedError):
        mo.delete()
    User.objects.filter(pk=mo.pk).update(username="other")
    assert row.events.latest("pk").actor_name == "mo"


def test_a_failure_half_way_leaves_neither_state_nor_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    row = correction()
    monkeypatch.setattr("feedback.scoring.follow_records", fail)
    with pytest.raises(RuntimeError):
        decide([row.pk], "approve", moderator())
    assert Correction.objects.get().status == Status.PENDING
    assert ReviewEvent.objects.count() == 1
