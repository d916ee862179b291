"""The story of a run, with a stand-in for torch: what is promoted, and what is not."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from feedback import decisions
from feedback.models import Action, Correction, Lesson
from recognizer import registry
from recognizer.models import ModelVersion, Promotion
from recognizer.tests.making_versions import made, promoter
from trainer import leases, lesson, opening, pipeline, reasons
from trainer.models import (
    Challenger,
    LeaseLost,
    RunStatus,
    TrainingRun,
    WorkQuerySet,
    claim_challenger,
    claim_judging,
)
from trainer.owners import new_owner
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved

pytestmark = pytest.mark.django_db

KEEP = leases.Lease.keep  # a fixture puts something else in its place


def finished() -> TrainingRun:
    """Do all the work that there is and return the latest run."""
    pipeline.kick()
    while pipeline.work():
        pass
    return TrainingRun.objects.latest("pk")


def learning(pk: UUID) -> str:
    return str(Correction.objects.get(pk=pk).learning)


def revoke(pk: UUID) -> None:
    decisions.decide([pk], Action.REVOKE, User.objects.get(username="mo"))


def test_what_passes_the_gate_becomes_champion_and_its_corrections_are_live(bench: Bench) -> None:
    rows = approved(2)
    pipeline.kick()
    assert learning(rows[0].pk) == "training"
    run = finished()
    assert (run.status, run.version) == (RunStatus.PROMOTED, 2)
    assert registry.champion().version_id == 2
    line = Promotion.objects.latest("pk")
    assert (line.run, line.override, line.actor) == (run.pk, False, None)
    assert {learning(row.pk) for row in rows} == {"live"}
    assert set(Lesson.objects.filter(version=2).values_list("correction", flat=True)) == {
        row.pk for row in rows
    }
    version = ModelVersion.objects.get(pk=2)
    assert version.parent_id == 1
    assert [entry[0] for entry in version.manifest["corrections"]] == sorted(
        str(row.pk) for row in rows
    )


def test_what_the_gate_refuses_changes_nothing_and_says_why(bench: Bench) -> None:
    bench.passes = False
    rows = approved()
    run = finished()
    assert run.status == RunStatus.REJECTED
    assert "7 loses 12 points" in run.problem
    assert registry.champion().version_id == 1
    assert ModelVersion.objects.count() == 1
    assert learning(rows[0].pk) == ""


def test_every_challenger_is_built_before_the_gate_judges(bench: Bench) -> None:
    approved()
    run = opening.open_now(challengers=3)
    finished()
    assert bench.built == [(run.pk, 0), (run.pk, 1), (run.pk, 2)]
    assert bench.judged == [run.pk]


def test_the_weights_are_kept_no_longer_than_they_are_needed(bench: Bench) -> None:
    approved()
    finished()
    assert not Challenger.objects.exclude(weights=None).exists()


def test_an_earlier_refusal_is_let_go_with_the_next_version(bench: Bench) -> None:
    bench.passes = False
    approved()
    finished()
    assert Challenger.objects.exclude(weights=None).exists()  # for an override
    bench.passes = True
    approved(1, first=7)
    finished()
    assert not Challenger.objects.exclude(weights=None).exists()


def test_a_correction_revoked_while_it_is_learned_is_not_promoted(bench: Bench) -> None:
    rows = approved(2)
    bench.during_judging = lambda: revoke(rows[0].pk)
    pipeline.kick()
    pipeline.work()
    pipeline.work()
    run = TrainingRun.objects.get()
    assert run.status == RunStatus.SUPERSEDED
    assert registry.champion().version_id == 1
    bench.during_judging = lambda: None
    assert finished().ids == [rows[1].pk]
    assert registry.champion().version_id == run.base_version + 2  # the first number stays unused


def test_a_champion_that_changed_meanwhile_wins(bench: Bench) -> None:
    approved()
    other = made()

    def promote_another() -> None:
        registry.promote(other.number, reason="by hand", expected=1)

    bench.during_judging = promote_another
    pipeline.kick()
    pipeline.work()
    pipeline.work()
    assert TrainingRun.objects.get().status == RunStatus.SUPERSEDED
    assert registry.champion().version_id == other.number
    bench.during_judging = lambda: None
    assert finished().base_version == other.number


def test_a_champion_that_somebody_came_back_to_meanwhile_wins_too(bench: Bench) -> None:
    approved()
    other = made()

    def go_and_come_back() -> None:
        registry.promote(other.number, actor=promoter(), reason="a try", expected=1)
        registry.rollback(User.objects.get(username="pro"), "rather not")

    bench.during_judging = go_and_come_back
    pipeline.kick()
    pipeline.work()
    pipeline.work()
    run = TrainingRun.objects.get()
    assert (run.status, run.problem) == (
        RunStatus.SUPERSEDED, "version 1 became champion again meanwhile, by pro",
    )  # fmt: skip
    assert registry.champion().version_id == 1


def test_what_goes_wrong_ends_the_run_and_not_the_worker(bench: Bench) -> None:
    rows = approved()

    def fail() -> None:
        raise FloatingPointError("the loss is nan at step 3 of 100")

    bench.during_build = fail
    run = finished()
    assert run.status == RunStatus.FAILED
    assert run.problem == "FloatingPointError: the loss is nan at step 3 of 100"
    assert learning(rows[0].pk) == ""
    assert pipeline.work() is False


PASSING = [
    OSError(28, "No space left on device"),
    OperationalError("database is locked"),
    MemoryError("cannot allocate"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("phase", ["training", "judging"])
def test_what_passes_by_itself_is_tried_again(bench: Bench, phase: str, error: Exception) -> None:
    rows = approved()

    def fail() -> None:
        raise error

    def heal() -> None:
        bench.during_build = bench.during_judging = lambda: None

    setattr(bench, "during_build" if phase == "training" else "during_judging", fail)
    for attempt in (1, 2):
        run = finished()
        assert run.is_open
        assert f"attempt {attempt} of 3 was cut short" in run.lines.latest("pk").text
        assert pipeline.work() is False  # not in a tight loop
        expire(run, Challenger.objects.get())
    heal()
    assert finished().status == RunStatus.PROMOTED
    assert learning(rows[0].pk) == "live"


def test_what_does_not_pass_ends_the_run_after_three_attempts(bench: Bench) -> None:
    approved()

    def fail() -> None:
        raise OSError(28, "No space left on device")

    bench.during_build = fail
    for _ in range(3):
        run = finished()
        expire(Challenger.objects.get())
    assert run.status == RunStatus.FAILED
    assert "No space left" in run.problem


@pytest.mark.parametrize("phase", ["training", "judging"])
def test_stopping_a_worker_costs_no_attempt(bench: Bench, phase: str) -> None:
    approved()
    pipeline.kick()
    if phase == "judging":
        pipeline.work()

    def stop() -> None:
        raise SystemExit(0)

    bench.during_build = bench.during_judging = stop
    for _ in range(5):
        with pytest.raises(SystemExit):
            pipeline.work()
    bench.during_build = bench.during_judging = lambda: None
    assert finished().status == RunStatus.PROMOTED


def test_one_challenger_that_diverges_leaves_the_others(bench: Bench) -> None:
    approved()
    opening.open_now(challengers=3)

    def diverge() -> None:
        if len(bench.built) == 1 and not diverged:
            diverged.append(True)
            raise FloatingPointError("the loss is nan")

    diverged: list[bool] = []
    bench.during_build = diverge
    run = finished()
    assert run.status == RunStatus.PROMOTED
    assert [index for _, index in bench.built] == [0, 2]
    assert run.lines.filter(text="challenger 1 is left out: the loss is nan").exists()


def test_when_all_challengers_diverge_the_run_fails(bench: Bench) -> None:
    approved()
    opening.open_now(challengers=2)

    def diverge() -> None:
        raise FloatingPointError("the loss is nan")

    bench.during_build = diverge
    run = finished()
    assert (run.status, run.problem) == (
        RunStatus.FAILED, "FloatingPointError: the loss is nan",
    )  # fmt: skip


def test_a_broken_connection_is_no_obstacle_to_later_renewals(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.TRAIN_LEASE_SECONDS = 0
    answers = iter([OperationalError("the server closed the connection"), 1, 0])
    closed: list[int] = []

    def update(**_: Any) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        assert closed, "the connection is still the broken one"
        assert isinstance(answer, int)
        return answer

    close = SimpleNamespace(close=lambda: closed.append(1))
    monkeypatch.setattr(leases, "connection", close)
    lease = leases.Lease(SimpleNamespace(update=update))  # type: ignore[arg-type]
    KEEP(lease)
    with pytest.raises(LeaseLost):
        lease.check()


def test_fifty_messages_make_one_promotion(bench: Bench) -> None:
    approved(3)
    for _ in range(50):
        pipeline.kick()
        pipeline.work()
    assert Promotion.objects.exclude(run=None).count() == 1
    assert (len(bench.built), len(bench.judged)) == (1, 1)


def test_work_is_claimed_once(bench: Bench) -> None:
    approved()
    pipeline.kick()
    assert claim_challenger(new_owner()) is not None
    assert claim_challenger(new_owner()) is None
    assert claim_judging(new_owner()) is None
    assert pipeline.work() is False


def test_a_time_limit_is_no_verdict_on_the_work(bench: Bench) -> None:
    approved()
    pipeline.kick()

    def take_too_long() -> None:
        raise TimeoutError

    bench.during_build = take_too_long
    with pytest.raises(TimeoutError):
        pipeline.work(interruptions=(TimeoutError,))
    assert TrainingRun.objects.get().status == RunStatus.RUNNING
    bench.during_build = lambda: None
    expire(Challenger.objects.get())
    assert finished().status == RunStatus.PROMOTED


def expire(*rows: TrainingRun | Challenger) -> None:
    """Let leases run out: their workers were killed."""
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(
            lease_until=timezone.now() - timedelta(minutes=1)
        )


def test_what_a_killed_worker_left_is_done_by_another(bench: Bench) -> None:
    approved()
    pipeline.kick()
    dead = claim_challenger(new_owner())
    assert dead is not None
    expire(dead)
    assert finished().status == RunStatus.PROMOTED


def test_a_worker_that_comes_back_too_late_writes_nothing(bench: Bench) -> None:
    approved()
    pipeline.kick()

    def lose_the_lease() -> None:
        Challenger.objects.update(owner="somebody else")

    bench.during_build = lose_the_lease
    assert pipeline.work() is True
    row = Challenger.objects.get()
    assert (row.done, row.weights, row.owner) == (False, None, "somebody else")
    assert TrainingRun.objects.get().is_open


def test_a_zombie_does_not_promote(bench: Bench) -> None:
    approved()
    pipeline.kick()
    pipeline.work()

    def lose_the_lease() -> None:
        TrainingRun.objects.update(owner="somebody else")

    bench.during_judging = lose_the_lease
    pipeline.work()
    assert registry.champion().version_id == 1
    assert TrainingRun.objects.get().status == RunStatus.GATING


@pytest.mark.parametrize("phase", ["training", "judging"])
def test_a_run_that_kills_its_workers_is_quarantined_after_three(bench: Bench, phase: str) -> None:
    rows = approved()
    pipeline.kick()
    if phase == "judging":
        pipeline.work()
    for _ in range(3):
        victim = claim_challenger(new_owner()) or claim_judging(new_owner())
        assert victim is not None
        expire(victim)
    assert pipeline.work() is False
    pipeline.kick()
    run = TrainingRun.objects.get()
    assert run.status == RunStatus.QUARANTINED
    assert phase in run.problem
    assert learning(rows[0].pk) == ""
    assert not Challenger.objects.exclude(weights=None).exists()
    approved(1, first=7)
    pipeline.kick()
    pipeline.kick()
    assert learning(rows[0].pk) == "training"  # the next run is not told of the one before
    assert finished().status == RunStatus.PROMOTED


@pytest.mark.parametrize("phase", ["training", "judging"])
def test_the_last_attempt_is_left_alone_while_it_lasts(bench: Bench, phase: str) -> None:
    approved()
    pipeline.kick()
    if phase == "judging":
        pipeline.work()
    victim = None
    for _ in range(3):
        if victim is not None:
            expire(victim)
        victim = claim_challenger(new_owner()) or claim_judging(new_owner())
    pipeline.kick()
    assert pipeline.work() is False
    assert TrainingRun.objects.get().is_open


def test_a_claim_between_two_looks_is_seen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    approved()
    pipeline.kick()
    for _ in range(2):
        lost = claim_challenger(new_owner())
        assert lost is not None
        expire(lost)
    listed = WorkQuerySet.values_list

    def claimed_after_it_was_listed(rows: WorkQuerySet, *names: str, **how: bool) -> list[Any]:
        found = list(listed(rows, *names, **how))
        Challenger.objects.update(
            owner="live", attempts=3, lease_until=timezone.now() + timedelta(minutes=1)
        )
        return found

    monkeypatch.setattr(WorkQuerySet, "values_list", claimed_after_it_was_listed)
    assert claim_challenger(new_owner()) is None
    assert TrainingRun.objects.get().is_open


def test_the_gate_is_overridden_by_a_person_with_a_reason(bench: Bench) -> None:
    bench.passes = False
    rows = approved()
    run = finished()
    opening.override(run, promoter(), "the drawings were looked at")
    assert finished().status == RunStatus.PROMOTED
    line = Promotion.objects.latest("pk")
    assert (line.override, line.actor_name, line.reason) == (
        True, "pro", "the drawings were looked at",
    )  # fmt: skip
    assert learning(rows[0].pk) == "live"


def test_an_override_gives_way_to_who_decides_after_it(bench: Bench) -> None:
    bench.passes = False
    approved()
    other = made()
    run, user = finished(), promoter()

    def go_and_come_back() -> None:
        registry.promote(other.number, actor=user, reason="a try", expected=1)
        registry.rollback(user, "rather not")

    opening.override(run, user, "the drawings were looked at")
    bench.during_judging = go_and_come_back
    assert finished().status == RunStatus.SUPERSEDED
    assert registry.champion().version_id == 1


def test_only_what_was_refused_is_overridden(bench: Bench) -> None:
    approved()
    run = finished()
    with pytest.raises(reasons.NotOpened):
        opening.override(run, promoter(), "because")


def test_a_lesson_does_not_depend_on_the_order_of_approval(bench: Bench) -> None:
    rows = approved(5)
    entries = lesson.approved_entries()
    assert [entry[0] for entry in entries] == sorted(str(row.pk) for row in rows)
    gathered = lesson.gather(entries)
    assert gathered.labels.tolist() == [7] * 5
    assert gathered.images.shape == (5, 5, 28, 28)
    assert all(ink is not None for ink in gathered.inks)


def test_a_lesson_that_changed_is_not_learned(bench: Bench) -> None:
    rows = approved(2)
    entries = lesson.approved_entries()
    revoke(rows[1].pk)
    with pytest.raises(lesson.Changed, match="revoked"):
        lesson.gather(entries)
    assert len(lesson.gather(entries, still_approved=False)) == 2
    assert not lesson.still_approved(entries)
