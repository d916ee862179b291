"""Decisions move by conditional update, tell who comes second, and can be taken back."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied

from feedback import decisions
from feedback.decisions import decide, undo
from feedback.events import latest_decisions
from feedback.models import Action, Correction, ReviewEvent, Status, Strokes
from feedback.submissions import submit
from feedback.tests.making import (
    SEVEN,
    correction,
    moderator,
    person,
    submission,
    trembled,
    user_with,
)

pytestmark = pytest.mark.django_db


def event_of(row: Correction) -> ReviewEvent:
    return row.events.latest("pk")


@pytest.mark.parametrize(
    ("action", "status"), [("approve", Status.APPROVED), ("reject", Status.REJECTED)]
)
def test_a_waiting_item_is_decided(action: str, status: Status) -> None:
    row, mo = correction(), moderator()
    outcome = decide([row.pk], action, mo, reason="plain to see")
    row.refresh_from_db()
    assert (row.status, row.reviewer) == (status, mo)
    assert row.decided is not None
    assert [item.id for item in outcome.decided] == [row.pk]
    event = event_of(row)
    assert (event.action, event.actor, event.actor_name) == (action, mo, "mo")
    assert (event.status_before, event.status_after) == (Status.PENDING, status)
    assert (event.label_before, event.label_after) == ("7", "7")
    assert (event.reason, event.champion_version) == ("plain to see", 7)


def test_relabelling_approves_with_another_label_and_keeps_the_submitted_one() -> None:
    row = correction()
    decide([row.pk], "relabel", moderator(), label="Z")
    row.refresh_from_db()
    assert (row.status, row.label, row.submitted_label) == (Status.APPROVED, "z", "7")
    assert row.was_relabelled
    event = event_of(row)
    assert (event.label_before, event.label_after) == ("7", "z")


def test_the_second_of_two_deciders_is_told_who_came_first() -> None:
    row, mo, jo = correction(), moderator("mo"), moderator("jo")
    decide([row.pk], "approve", mo)
    outcome = decide([row.pk], "reject", jo)
    assert not outcome.decided
    (conflict,) = outcome.conflicts
    assert (conflict.id, conflict.status, conflict.by) == (row.pk, Status.APPROVED, "mo")
    assert "already approved, decided by mo" in conflict.why
    row.refresh_from_db()
    assert row.status == Status.APPROVED
    assert row.events.count() == 2  # submit, approve


def test_an_approval_is_revoked_and_a_rejection_is_not() -> None:
    good, bad, mo = correction(1), correction(2), moderator()
    decide([good.pk], "approve", mo)
    decide([bad.pk], "reject", mo)
    outcome = decide([good.pk, bad.pk], "revoke", mo)
    assert [item.id for item in outcome.decided] == [good.pk]
    assert [item.id for item in outcome.conflicts] == [bad.pk]


def test_bulk_decisions_write_one_event_a_row() -> None:
    rows, mo = [correction(seed) for seed in range(50)], moderator()
    outcome = decide([row.pk for row in rows], "approve", mo)
    assert len(outcome.decided) == 50
    events = ReviewEvent.objects.filter(action=Action.APPROVE)
    assert set(events.values_list("correction", flat=True)) == {row.pk for row in rows}
    assert events.count() == 50


def test_copies_share_the_fate_of_their_item() -> None:
    row, mo = correction(), moderator()
    copy = submit(submission(trembled(SEVEN), person=person()))[0]
    outcome = decide([row.pk], "relabel", mo, label="1")
    copy.refresh_from_db()
    assert (copy.status, copy.label, copy.submitted_label) == (Status.APPROVED, "1", "7")
    assert event_of(copy).action == Action.RELABEL
    assert outcome.copies == 1
    undo([outcome.decided[0].event], mo)
    copy.refresh_from_db()
    assert (copy.status, copy.label) == (Status.PENDING, "7")


def test_a_copy_is_not_decided_by_itself() -> None:
    row = correction()
    copy = submit(submission(trembled(SEVEN)))[0]
    (conflict,) = decide([copy.pk], "approve", moderator()).conflicts
    assert str(row.pk) in conflict.why


def test_one_drawing_is_not_approved_as_two_symbols() -> None:
    seven, four, mo = correction(), correction(label="4"), moderator()
    decide([seven.pk], "approve", mo)
    (conflict,) = decide([four.pk], "approve", mo).conflicts
    assert conflict.why == f"the same drawing is a 7 in {str(seven.pk)[:8]}, and cannot be both"
    assert conflict.waits
    four.refresh_from_db()
    assert (four.status, four.events.count()) == (Status.PENDING, 1)
    assert decide([four.pk], "relabel", mo, label="2").conflicts
    assert decide([four.pk], "relabel", mo, label="7").decided


def test_a_drawing_is_approved_as_another_symbol_once_the_first_is_revoked() -> None:
    seven, four, mo = correction(), correction(label="4"), moderator()
    decide([seven.pk], "approve", mo)
    (revoked,) = decide([seven.pk], "revoke", mo).decided
    assert decide([four.pk], "approve", mo).decided
    (conflict,) = undo([revoked.event], mo).conflicts
    assert "is a 4" in conflict.why
    assert not conflict.waits
    seven.refresh_from_db()
    assert seven.status == Status.REVOKED


def test_who_approves_one_drawing_as_two_symbols_has_decided_nothing() -> None:
    seven, four, other, mo = correction(), correction(label="4"), correction(5), moderator()
    outcome = decide([four.pk, other.pk, seven.pk], "approve", mo)
    assert [item.id for item in outcome.decided] == [other.pk]
    assert {item.id for item in outcome.conflicts} == {seven.pk, four.pk}
    assert decide([seven.pk, four.pk], "reject", mo).decided


@pytest.mark.parametrize("label", ["i", "l"])
def test_what_everybody_takes_for_either_may_be_approved_as_both(label: str) -> None:
    bar: Strokes = [[[0, 0], [0, 60]]]
    one, other = (submit(submission(bar, label=each))[0] for each in ("1", label))
    assert one.ink_hash == other.ink_hash
    assert len(decide([one.pk, other.pk], "approve", moderator()).decided) == 2


def test_a_copy_of_an_approved_drawing_is_no_second_symbol() -> None:
    first, mo = correction(), moderator()
    decide([first.pk], "approve", mo)
    again = correction(person=person())
    assert decide([again.pk], "approve", mo).decided


def test_a_copy_is_not_approved_as_another_symbol_either() -> None:
    """Its item's drawing is only nearly the same; the copy's own is what somebody else named."""
    item, mo = correction(), moderator()
    copy = submit(submission(trembled(SEVEN), person=person()))[0]
    rival = submit(submission(trembled(SEVEN), label="4"))[0]
    assert (copy.duplicate_of_id, copy.ink_hash) == (item.pk, rival.ink_hash)
    assert copy.ink_hash != item.ink_hash
    decide([item.pk], "approve", mo)
    (conflict,) = decide([rival.pk], "approve", mo).conflicts
    assert str(item.pk)[:8] in conflict.why  # the item that can be decided, not its copy


def test_all_that_is_the_same_ink_is_locked_for_an_approval() -> None:
    """Two moderators who approve it as two symbols at the same moment come one after the other."""
    seven, four = correction(), correction(label="4")
    locked = decisions._lock([seven.pk], approving=True)
    assert {row.pk for row in locked} == {seven.pk, four.pk}
    assert [row.pk for row in decisions._lock([seven.pk], approving=False)] == [seven.pk]


def test_an_unknown_id_is_a_conflict() -> None:
    (conflict,) = decide([uuid.uuid4()], "approve", moderator()).conflicts
    assert "no such" in conflict.why


def test_undo_takes_a_decision_back() -> None:
    row, mo = correction(), moderator()
    (done,) = decide([row.pk], "relabel", mo, label="1").decided
    undo([done.event], mo)
    row.refresh_from_db()
    assert (row.status, row.label) == (Status.PENDING, "7")
    assert (row.reviewer, row.decided) == (None, None)
    event = event_of(row)
    assert (event.action, event.status_after, event.label_after) == ("undo", "pending", "7")


def test_undoing_a_revocation_brings_the_approval_and_its_reviewer_back() -> None:
    row, mo, jo = correction(), moderator("mo"), moderator("jo")
    decide([row.pk], "approve", mo)
    decide([row.pk], "revoke", jo)
    undo(latest_decisions([row.pk]).values(), jo)
    row.refresh_from_db()
    assert (row.status, row.reviewer) == (Status.APPROVED, mo)
    assert row.decided == row.events.get(action="approve").created


def test_only_the_latest_decision_on_an_item_is_undone() -> None:
    row, mo, jo = correction(), moderator("mo"), moderator("jo")
    (first,) = decide([row.pk], "approve", mo).decided
    decide([row.pk], "revoke", jo)
    outcome = undo([first.event], mo)
    assert not outcome.decided
    assert outcome.conflicts[0].by == "jo"
    row.refresh_from_db()
    assert row.status == Status.REVOKED


def test_undoing_twice_changes_nothing_more() -> None:
    row, mo = correction(), moderator()
    (done,) = decide([row.pk], "approve", mo).decided
    assert undo([done.event], mo).decided
    assert not undo([done.event], mo).decided
    assert row.events.count() == 3


def test_undo_of_an_old_decision_with_the_same_outcome_is_refused() -> None:
    row, mo, jo = correction(), moderator("mo"), moderator("jo")
    (first,) = decide([row.pk], "approve", mo).decided
    undo([first.event], mo)
    decide([row.pk], "approve", jo)
    (conflict,) = undo([first.event], mo).conflicts
    assert conflict.by == "jo"


def test_who_may_not_review_decides_nothing() -> None:
    row = correction()
    for user in (user_with("plain"), user_with("exporter", "export_correction", is_staff=True)):
        with pytest.raises(PermissionDenied):
            decide([row.pk], "approve", user)
        with pytest.raises(PermissionDenied):
            undo([1], user)
    row.refresh_from_db()
    assert row.status == Status.PENDING


@pytest.mark.parametrize("label", ["99", "abc", "../x", "10", "", " 4 ", "٤", "\uff14"])
def test_an_item_is_not_relabelled_to_what_is_no_label(label: str) -> None:
    row = correction()
    with pytest.raises(ValueError, match="is not a label"):
        decide([row.pk], "relabel", moderator(), label=label)
    row.refresh_from_db()
    assert row.label == "7"


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("relabel", {}),
        ("approve", {"label": "1"}),
        ("undo", {}),
        ("dance", {}),
        ("approve", {"expected_status": "approved"}),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(action: str, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"label|start|not a"):
        decide([correction().pk], action, moderator(), **options)


def test_a_lease_ends_with_the_decision() -> None:
    row, mo = correction(), moderator()
    Correction.objects.filter(pk=row.pk).update(leased_by=mo)
    decide([row.pk], "approve", mo)
    row.refresh_from_db()
    assert row.leased_by is None


def test_refusals_move_what_else_the_submitter_sent_up_in_risk() -> None:
    troll = person()
    rows = [correction(seed, person=troll) for seed in range(4)]
    other = correction(9)
    decide([row.pk for row in rows[:3]], "reject", moderator())
    left = Correction.objects.get(pk=rows[3].pk)
    assert left.risk > rows[3].risk
    assert left.value < rows[3].value
    assert Correction.objects.get(pk=other.pk).risk == pytest.approx(other.risk)
