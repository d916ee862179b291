"""What training made of corrections: moved by lessons, told by events, undone by rollbacks."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback import decisions, erasure, events, lessons, processes, receipts
from feedback.exports import jsonl
from feedback.imports import read
from feedback.models import EFFECTS, Action, Correction, Lesson, ReviewEvent, StateChange
from feedback.tests.making import SEVEN, correction, moderator, person, scrawl, trembled
from recognizer import withdrawals
from recognizer.models import ServingProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def mo() -> User:
    return moderator()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """What the web processes serve: a test changes the list."""
    versions: list[int | None] = [1, 1]
    monkeypatch.setattr(processes, "served", lambda: list(versions))
    return versions


def approved(mo: User, seed: int, label: str = "7") -> Correction:
    row = correction(seed, label=label)
    decisions.decide([row.pk], "approve", mo)
    row.refresh_from_db()
    return row


def promote(version: int, *rows: Correction) -> int:
    """Teach a version and make it champion."""
    for row in rows:
        row.refresh_from_db()
    lessons.teach(version, [(row.pk, row.label) for row in rows])
    return lessons.follow(version)


def standing(row: Correction) -> tuple[str, int | None]:
    row.refresh_from_db()
    return row.standing, row.live_version


def effects(row: Correction) -> list[str]:
    events = ReviewEvent.objects.filter(correction=row.pk).order_by("pk")
    return [event.action for event in events if event.actor is None][1:]  # without its arrival


def test_a_run_that_is_promoted_makes_its_items_live(mo: User) -> None:
    row, other = approved(mo, 1), approved(mo, 2)
    assert lessons.begin(5, [row.pk]) == 1
    assert standing(row) == ("training", None)
    assert standing(other) == ("approved", None)
    assert promote(13, row) == 1
    assert standing(row) == ("live", 13)
    assert effects(row) == ["train", "live"]
    train, live = row.events.order_by("pk").filter(action__in=EFFECTS)
    assert (train.status_before, train.status_after, train.reason) == (
        "approved",
        "training",
        "run 5",
    )
    assert (live.status_before, live.status_after, live.champion_version) == (
        "training",
        "live",
        13,
    )
    assert effects(other) == []


def test_a_run_that_is_not_promoted_gives_them_back(mo: User) -> None:
    row = approved(mo, 1)
    lessons.begin(5, [row.pk])
    assert lessons.end(5, [row.pk], "worse on digits") == 1
    assert standing(row) == ("approved", None)
    assert row.events.latest("pk").reason == "run 5: worse on digits"


def test_everything_may_be_said_twice(mo: User) -> None:
    row = approved(mo, 1)
    assert [lessons.begin(5, [row.pk]) for _ in range(2)] == [1, 0]
    promote(13, row)
    assert promote(13, row) == 0
    assert lessons.end(5, [row.pk]) == 0
    assert lessons.begin(6, [row.pk]) == 0  # it stays live while the next run learns it again
    assert effects(row) == ["train", "live"]
    assert Lesson.objects.count() == 1


def test_only_what_is_approved_goes_into_training(mo: User) -> None:
    row = correction(1)
    assert lessons.begin(5, [row.pk, uuid.uuid4()]) == 0


def test_the_next_version_keeps_what_was_live_and_a_rollback_takes_back_what_was_not(
    mo: User,
) -> None:
    first, second = approved(mo, 1), approved(mo, 2)
    promote(13, first)
    promote(14, first, second)
    assert [standing(first), standing(second)] == [("live", 13), ("live", 14)]
    assert lessons.follow(13) == 1
    assert [standing(first), standing(second)] == [("live", 13), ("approved", None)]
    assert lessons.follow(1) == 1
    assert standing(first) == ("approved", None)
    assert effects(first) == ["live", "unlearn"]
    assert lessons.follow(14) == 2
    assert [standing(first), standing(second)] == [("live", 14), ("live", 14)]
    assert lessons.follow(13) == 2  # where the first one has been learned before
    assert standing(first) == ("live", 13)


def test_what_is_revoked_is_told_so_and_leaves_with_the_next_version(mo: User) -> None:
    row, other = approved(mo, 1), approved(mo, 2)
    promote(13, row, other)
    decisions.decide([row.pk], "revoke", mo)
    assert standing(row) == ("revoked", 13)
    assert lessons.unlearned(13) == lessons.Difference(0, 1, row.events.latest("pk").created)
    assert withdrawals.warning(13).startswith("Version 13 learned from 1 correction that was taken")
    assert withdrawals.warning(12) == ""
    assert promote(14, other) == 1
    assert standing(row) == ("revoked", None)
    assert not lessons.unlearned(14)


def test_a_revocation_that_is_undone_finds_it_live(mo: User) -> None:
    row = approved(mo, 1)
    promote(13, row)
    outcome = decisions.decide([row.pk], "revoke", mo)
    decisions.undo([item.event for item in outcome.decided], mo)
    assert standing(row) == ("live", 13)
    assert not lessons.unlearned(13)


def test_training_is_in_nobody_s_way(mo: User) -> None:
    """Decisions are undone, and conflicts name who decided, whatever training did since."""
    jo = moderator("jo")
    row = correction(1)
    event = decisions.decide([row.pk], "approve", mo).decided[0].event
    lessons.begin(5, [row.pk])
    (conflict,) = decisions.decide([row.pk], "reject", jo).conflicts
    assert conflict.by == "mo"
    promote(13, row)
    revoked = decisions.decide([row.pk], "revoke", jo).decided[0].event
    promote(14)
    assert decisions.undo([revoked], jo).decided
    row.refresh_from_db()
    assert row.reviewer == mo  # whose approval it is again
    assert events.latest_decisions([row.pk]) == {row.pk: revoked}
    assert not decisions.undo([event], mo).decided  # it is not the latest decision
    assert not decisions.undo([row.events.filter(action=Action.LIVE).latest("pk").pk], mo).decided


def test_an_approval_is_undone_after_it_went_live(mo: User) -> None:
    row = correction(1)
    event = decisions.decide([row.pk], "approve", mo).decided[0].event
    promote(13, row)
    assert decisions.undo([event], mo).decided
    assert standing(row) == ("pending", 13)


def test_under_another_label_it_is_to_be_learned_anew(mo: User) -> None:
    row = correction(1)
    event = decisions.decide([row.pk], "approve", mo).decided[0].event
    promote(13, row)
    decisions.undo([event], mo)
    decisions.decide([row.pk], "relabel", mo, label="1")
    assert standing(row) == ("approved", None)
    assert lessons.follow(13) == 0
    row.refresh_from_db()
    assert lessons.unlearned(13) == lessons.Difference(1, 0, row.decided)


def test_who_goes_back_to_a_version_is_told_of_what_it_knows_under_another_label(mo: User) -> None:
    row, other = correction(1), approved(mo, 2)
    event = decisions.decide([row.pk], "approve", mo).decided[0].event
    promote(13, row, other)
    assert lessons.taken_back(13) == 0
    decisions.undo([event], mo)
    assert lessons.taken_back(13) == 1
    decisions.decide([row.pk], "relabel", mo, label="1")
    assert lessons.taken_back(13) == 1
    promote(14, row, other)
    assert [lessons.taken_back(version) for version in (13, 14)] == [1, 0]
    assert lessons.unlearned(13).removed == 0  # it is to be learned anew, not only forgotten


def test_the_difference_names_what_to_learn_and_to_forget_and_since_when(mo: User) -> None:
    first, second, third = (approved(mo, seed) for seed in range(3))
    assert lessons.unlearned(1) == lessons.Difference(3, 0, first.decided)
    promote(13, first, second)
    assert lessons.unlearned(13) == lessons.Difference(1, 0, third.decided)
    erasure.withdraw([second.pk], [second.submitter])
    difference = lessons.unlearned(13)
    assert (difference.added, difference.removed, difference.oldest) == (1, 1, third.decided)


def test_copies_share_what_became_of_their_item(mo: User) -> None:
    row = correction()
    copy = correction(None, person=person(), strokes=trembled(SEVEN))
    assert copy.duplicate_of_id == row.pk
    decisions.decide([row.pk], "approve", mo)
    assert lessons.begin(5, [row.pk]) == 2
    assert standing(copy) == ("training", None)
    row.refresh_from_db()
    assert promote(13, row) == 2
    assert standing(copy) == ("live", 13)
    assert lessons.unlearned(13) == lessons.Difference(0, 0, None)
    assert lessons.follow(1) == 2


def test_it_is_live_everywhere_once_every_process_serves_it(
    mo: User, served: list[int | None]
) -> None:
    row = approved(mo, 1)
    promote(13, row)
    for versions in ([1, 1], [13, 1], [13, None], []):
        served[:] = versions
        assert lessons.note_everywhere() == 0
    promote(14, row)
    served[:] = [13, 14]  # both have learned it
    assert [lessons.note_everywhere() for _ in range(2)] == [1, 0]
    row.refresh_from_db()
    assert row.live_at is not None
    assert effects(row) == ["live", "spread"]
    assert row.events.latest("pk").champion_version == 13


def test_it_is_live_from_the_last_swap_and_not_from_the_look(mo: User) -> None:
    first, second = approved(mo, 1), approved(mo, 2)
    assert first.decided is not None
    assert second.decided is not None
    swapped = first.decided + timedelta(seconds=20)
    for name, earlier in (("one", 15), ("other", 0)):
        ServingProcess.objects.create(
            process=name,
            version=13,
            loaded_at=swapped - timedelta(seconds=earlier),
            seen_at=timezone.now(),
        )
    promote(13, first)
    assert lessons.note_everywhere() == 1
    ServingProcess.objects.update(loaded_at=first.decided)
    promote(13, second)  # learned before it was approved again
    assert lessons.note_everywhere() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.live_at, second.live_at) == (swapped, second.decided)


def test_what_comes_back_after_a_rollback_is_live_from_then_on(mo: User) -> None:
    first, second = approved(mo, 1), approved(mo, 2)

    def serve(version: int) -> datetime:
        swapped = timezone.now()
        ServingProcess.objects.update_or_create(
            process="one", defaults={"version": version, "loaded_at": swapped, "seen_at": swapped}
        )
        lessons.follow(version)
        lessons.note_everywhere()
        for row in (first, second):
            row.refresh_from_db()
        return swapped

    lessons.teach(13, [(first.pk, "7")])
    lessons.teach(14, [(first.pk, "7"), (second.pk, "7")])
    since = serve(13)
    serve(14)
    serve(13)
    gone = second.live_at
    again = serve(14)
    assert (first.live_at, gone, second.live_at) == (since, None, again)  # the first was never gone
    assert effects(second) == ["live", "spread", "unlearn", "live", "spread"]
    assert first.decided is not None
    # What lay between approval and rollback, and the rollback itself, is no delay.
    assert lessons.delays() == (1, *[(since - first.decided).total_seconds()] * 2)


def test_receipts_say_how_far_it_has_come(
    mo: User, served: list[int | None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [approved(mo, seed) for seed in range(3)]
    promote(13, rows[0])
    promote(14, *rows[:2])
    served[:] = [1, 13, 14, 14]
    told = list(Correction.objects.order_by("created"))
    with django_assert_num_queries(2):  # with whether learning is paused
        found = receipts.receipts_of(told)
    assert [(receipt.status, receipt.version, receipt.serving) for receipt in found] == [
        ("live", 13, (3, 4)),
        ("live", 14, (2, 4)),
        ("approved", None, None),
    ]


def test_delays_run_from_the_approval_until_it_is_everywhere(mo: User) -> None:
    assert lessons.delays() == (0, None, None)
    rows = [approved(mo, seed) for seed in range(20)]
    promote(13, *rows)
    for number, row in enumerate(rows, start=1):
        assert row.decided is not None
        Correction.objects.filter(pk=row.pk).learn(live_at=row.decided + timedelta(seconds=number))
    assert lessons.delays() == (20, 10.0, 19.0)


def test_what_was_live_before_it_was_approved_again_does_not_count(mo: User) -> None:
    row = approved(mo, 1)
    promote(13, row)
    Correction.objects.filter(pk=row.pk).learn(live_at=timezone.now() - timedelta(days=1))
    assert lessons.delays().number == 0


def test_nothing_is_learned_past_the_lessons(mo: User) -> None:
    row = approved(mo, 1)
    with pytest.raises(StateChange, match="lessons"):
        Correction.objects.filter(pk=row.pk).update(learning="live")
    with pytest.raises(StateChange):
        row.save(update_fields=["live_at"])
    with pytest.raises(StateChange, match="status"):
        Correction.objects.filter(pk=row.pk).learn(status="approved")


def test_what_was_live_elsewhere_is_history_here(mo: User) -> None:
    row = approved(mo, 1)
    lessons.begin(5, [row.pk])
    promote(13, row)
    text = b"".join(jsonl(Correction.objects.all())).decode()
    stored = list(row.events.order_by("pk").values_list("action", "status_after", "reason"))
    Correction.objects.all().erase()
    ReviewEvent.objects.all()._raw_delete("default")
    assert read(text.splitlines()).stored == 1
    row.refresh_from_db()
    assert standing(row) == ("approved", None)
    events = row.events.order_by("pk").values_list("action", "status_after", "reason")
    assert list(events) == stored


def test_many_are_learned_in_few_queries(
    mo: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [correction(seed, strokes=scrawl(seed)) for seed in range(30)]
    decisions.decide([row.pk for row in rows], "approve", mo)
    with django_assert_max_num_queries(6):
        assert lessons.begin(5, [row.pk for row in rows]) == 30
    with django_assert_max_num_queries(8):
        promote_count = lessons.teach(13, [(row.pk, "7") for row in rows])
        assert (promote_count, lessons.follow(13)) == (30, 30)
    with django_assert_max_num_queries(2):
        assert lessons.follow(13) == 0
