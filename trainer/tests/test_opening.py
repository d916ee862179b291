"""When a run is opened, and when not."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django import Settings

from feedback import decisions
from feedback.models import Action, Correction, Verdict
from feedback.tests.making import correction, moderator
from recognizer import registry
from recognizer.models import ModelVersion
from recognizer.tests.making_versions import made, promoter
from trainer import opening, pipeline, reasons
from trainer.finetuning import config_of
from trainer.models import OPEN, RunStatus, TrainingRun, Trigger
from trainer.tests.conftest import Bench

pytestmark = pytest.mark.django_db


def approved(count: int = 1, *, first: int = 0) -> list[Correction]:
    """Return corrections that a moderator approved."""
    user = User.objects.filter(username="mo").first() or moderator()
    rows = [correction(seed) for seed in range(first, first + count)]
    decisions.decide([row.pk for row in rows], Action.APPROVE, user)
    return rows


def starter(name: str = "lena") -> User:
    user = User.objects.create_user(name, password=name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="start_trainingrun"))
    return user


def test_nothing_is_opened_while_nothing_was_approved(bench: Bench) -> None:
    correction()
    assert opening.open_due() is None


def test_enough_approvals_open_a_run_at_once(bench: Bench, settings: Settings) -> None:
    settings.TRAIN_AFTER_SECONDS = 3600
    settings.TRAIN_AFTER_APPROVALS = 3
    approved(2)
    assert opening.open_due() is None
    approved(1, first=2)
    run = opening.open_due()
    assert run is not None
    assert (run.trigger, run.added, run.removed, run.base_version) == (Trigger.APPROVALS, 3, 0, 1)
    assert len(run.ids) == 3


def test_a_single_approval_waits_only_so_long(bench: Bench, settings: Settings) -> None:
    approved()
    settings.TRAIN_AFTER_SECONDS = 3600
    assert opening.open_due() is None
    settings.TRAIN_AFTER_SECONDS = 0
    run = opening.open_due()
    assert run is not None
    assert run.trigger == Trigger.AGE


def test_on_a_schedule_the_last_run_decides(bench: Bench, settings: Settings) -> None:
    settings.TRAIN_EVERY_HOURS = 6
    approved()
    first = opening.open_due()
    assert first is not None
    assert first.trigger == Trigger.SCHEDULE
    first.end(RunStatus.FAILED)
    approved(1, first=1)
    assert opening.open_due() is None
    TrainingRun.objects.update(created=timezone.now() - timedelta(hours=7))
    assert opening.open_due() is not None


def test_one_run_is_open_at_a_time(bench: Bench) -> None:
    approved()
    assert opening.open_due() is not None
    approved(1, first=1)
    assert opening.open_due() is None
    with pytest.raises(reasons.NotOpened, match="open already"):
        opening.open_now()
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize("ending", [RunStatus.REJECTED, RunStatus.FAILED, RunStatus.QUARANTINED])
def test_the_same_lesson_is_not_tried_again_by_itself(bench: Bench, ending: RunStatus) -> None:
    approved()
    run = opening.open_due()
    assert run is not None
    run.end(ending)
    assert opening.open_due() is None
    approved(1, first=1)
    assert opening.open_due() is not None


def rest(run: TrainingRun, seconds: int) -> None:
    """Let a run have ended so long ago."""
    TrainingRun.objects.filter(pk=run.pk).update(
        finished=timezone.now() - timedelta(seconds=seconds)
    )


@pytest.mark.parametrize("ending", [RunStatus.FAILED, RunStatus.QUARANTINED])
def test_what_failed_is_tried_again_after_ever_longer_pauses(
    bench: Bench, ending: RunStatus
) -> None:
    approved()
    for pause in (60, 120, 240):
        run = opening.open_due()
        assert run is not None
        run.end(ending)
        rest(run, pause - 2)
        assert opening.open_due() is None
        rest(run, pause + 2)
    for _ in range(12):
        run = opening.open_due()
        assert run is not None
        run.end(ending)
        rest(run, 6 * 3600 + 2)
    rest(TrainingRun.objects.latest("pk"), 6 * 3600 - 2)
    assert opening.open_due() is None


def test_against_another_champion_a_refused_lesson_is_tried_again(bench: Bench) -> None:
    bench.passes = False
    approved()
    pipeline.kick()
    while pipeline.work():
        pass
    assert opening.open_due() is None
    registry.promote(made().number, reason="an update", expected=1)
    run = opening.open_due()
    assert run is not None
    assert run.base_version == 2


def test_with_other_limits_of_the_gate_a_refused_lesson_is_tried_again(
    bench: Bench, settings: Settings
) -> None:
    bench.passes = False
    approved()
    pipeline.kick()
    while pipeline.work():
        pass
    assert opening.open_due() is None
    settings.GATE_SUBMITTER_PERCENT = 100
    assert opening.open_due() is not None


def test_by_hand_the_same_lesson_is_tried_again(bench: Bench) -> None:
    approved()
    run = opening.open_due()
    assert run is not None
    run.end(RunStatus.REJECTED)
    again = opening.open_now(starter(), challengers=2)
    assert (again.trigger, again.actor.username if again.actor else "") == (Trigger.MANUAL, "lena")
    assert again.challengers.count() == 2


def test_a_run_keeps_the_settings_of_each_challenger_in_full(
    bench: Bench, settings: Settings
) -> None:
    approved()
    settings.TRAIN_CONFIG = {"steps": 3}
    run = opening.open_now(challengers=2)
    settings.TRAIN_CONFIG = {"steps": 4}
    run.refresh_from_db()
    configs = [config_of(kept) for kept in run.config]
    assert [(config.seed, config.steps) for config in configs] == [(1, 3), (2, 3)]


def test_starting_by_hand_needs_the_permission(bench: Bench) -> None:
    approved()
    with pytest.raises(PermissionDenied):
        opening.open_now(User.objects.get(username="mo"))


def test_by_hand_there_must_be_something_to_learn(bench: Bench) -> None:
    with pytest.raises(reasons.NotOpened, match="no correction is approved"):
        opening.open_now()


def test_by_hand_nothing_is_learned_twice_unless_somebody_insists(bench: Bench) -> None:
    promoted()
    with pytest.raises(reasons.NothingNew, match="version 2 has learned all that is approved: app"):
        opening.open_now(starter())
    assert TrainingRun.objects.count() == 1
    assert opening.open_now(anew=True).base_version == 2


def test_by_hand_what_is_revoked_is_taken_out_with_nothing_else_new(bench: Bench) -> None:
    rows = promoted()
    decisions.decide([rows[0].pk], Action.REVOKE, User.objects.get(username="mo"))
    run = opening.open_now()
    assert (run.added, run.removed, run.ids) == (0, 1, [rows[1].pk])


def test_what_confirms_is_learned_like_what_corrects(bench: Bench) -> None:
    user = moderator()
    row = correction(50, verdict=Verdict.CONFIRMED)
    decisions.decide([row.pk], Action.APPROVE, user)
    run = opening.open_due()
    assert run is not None
    assert run.ids == [row.pk]


def test_what_the_champion_has_learned_opens_nothing(bench: Bench) -> None:
    approved(2)
    pipeline.kick()
    while pipeline.work():
        pass
    assert registry.champion().version_id == 2
    assert opening.open_due() is None


def test_a_revoked_correction_opens_a_run_without_it(bench: Bench) -> None:
    rows = approved(2)
    pipeline.kick()
    while pipeline.work():
        pass
    decisions.decide([rows[0].pk], Action.REVOKE, User.objects.get(username="mo"))
    run = opening.open_due()
    assert run is not None
    assert (run.added, run.removed, run.ids) == (0, 1, [rows[1].pk])


def test_when_nothing_is_approved_any_more_the_anchor_answers_again(bench: Bench) -> None:
    rows = approved()
    pipeline.kick()
    while pipeline.work():
        pass
    assert registry.champion().version_id == 2
    ModelVersion.objects.filter(pk=made().pk).update(parent=None)  # of an update, never promoted
    decisions.decide([rows[0].pk], Action.REVOKE, User.objects.get(username="mo"))
    assert pipeline.kick() == 0
    assert registry.champion().version_id == 1
    assert "no correction is approved" in registry.champion().promotion.reason


@pytest.mark.parametrize("count", [-1, 0, 17, 1000])
def test_a_run_has_challengers_and_not_too_many(bench: Bench, count: int) -> None:
    approved()
    with pytest.raises(reasons.NotOpened, match="from 1 to 16 challengers"):
        opening.open_now(challengers=count)
    assert not TrainingRun.objects.exists()


def test_a_run_without_challengers_does_not_block_learning(bench: Bench) -> None:
    rows = approved()
    run = opening.open_now()
    run.challengers.all().delete()
    pipeline.kick()
    run.refresh_from_db()
    assert (run.status, run.problem) == (RunStatus.QUARANTINED, "it has no challengers")
    assert Correction.objects.get(pk=rows[0].pk).learning == ""
    assert opening.open_now().challengers.count() == 1


def test_a_cancelled_run_ends_and_its_worker_with_it(bench: Bench) -> None:
    rows = approved()
    user = starter()
    run = opening.open_now(user)
    bench.during_build = lambda: opening.cancel(run, user, "the wrong day")
    assert pipeline.work() is True
    run.refresh_from_db()
    assert (run.status, run.problem) == (RunStatus.CANCELLED, "by lena: the wrong day")
    assert Correction.objects.get(pk=rows[0].pk).learning == ""
    row = run.challengers.get()
    assert (row.done, row.weights, row.owner) == (False, None, "")
    assert opening.open_due() is None
    approved(1, first=1)
    assert opening.open_due() is not None
    with pytest.raises(reasons.NotOpened, match="has ended already"):
        opening.cancel(run, user)
    with pytest.raises(PermissionDenied):
        opening.cancel(run, User.objects.get(username="mo"))


def promoted() -> list[Correction]:
    """Let version 2 learn from two corrections and become champion."""
    rows = approved(2)
    pipeline.kick()
    while pipeline.work():
        pass
    assert registry.champion().version_id == 2
    return rows


def nothing_is_learned() -> bool:
    pipeline.kick()
    return not pipeline.work() and not TrainingRun.objects.filter(status__in=OPEN).exists()


def test_what_was_rolled_back_does_not_come_back_by_itself(bench: Bench) -> None:
    promoted()
    registry.rollback(promoter(), "reads sevens as ones")
    assert nothing_is_learned()
    approved(1, first=7)  # the bad ones would be learned with it
    assert nothing_is_learned()
    assert registry.champion().version_id == 1
    assert reasons.paused().startswith("pro rolled back to version 1 (reads sevens as ones)")


def test_what_somebody_promoted_stays(bench: Bench) -> None:
    promoted()
    other = made()
    registry.promote(other.number, actor=promoter(), reason="by hand", expected=2)
    assert nothing_is_learned()
    assert "pro promoted version 3 (by hand)" in reasons.paused()


def test_learning_goes_on_once_somebody_starts_a_run(bench: Bench) -> None:
    promoted()
    registry.rollback(promoter(), "by mistake")
    opening.open_now(starter())
    assert reasons.paused() == ""
    bench.passes = False
    while pipeline.work():
        pass
    assert registry.champion().version_id == 1
    bench.passes = True
    approved(1, first=7)
    assert not nothing_is_learned()
    assert TrainingRun.objects.latest("pk").status == RunStatus.RUNNING


def test_a_run_that_was_started_before_a_rollback_does_not_undo_it(bench: Bench) -> None:
    promoted()
    approved(1, first=7)
    opening.open_now(starter())
    registry.rollback(promoter(), "reads sevens as ones")
    while pipeline.work():
        pass
    assert TrainingRun.objects.latest("pk").status == RunStatus.SUPERSEDED
    assert nothing_is_learned()
    assert registry.champion().version_id == 1


def test_an_override_and_a_new_anchor_stop_nothing(bench: Bench) -> None:
    bench.passes = False
    approved(2)
    pipeline.kick()
    while pipeline.work():
        pass
    user = promoter()
    opening.override(TrainingRun.objects.get(), user, "looked at")
    while pipeline.work():
        pass
    assert registry.champion().promotion.actor == user
    assert reasons.paused() == ""
    anchor = made()
    ModelVersion.objects.filter(pk=anchor.pk).update(parent=None)
    registry.promote(anchor.number, actor=user, reason="the new anchor", expected=2)
    assert reasons.paused() == ""
    bench.passes = True
    assert not nothing_is_learned()
    # Going back to an anchor is no adoption.
    registry.promote(1, actor=user, reason="back", expected=anchor.number)
    assert reasons.paused()
