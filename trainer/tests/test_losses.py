"""What a lost child had claimed is free at once, and only that."""

import os
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from celery.exceptions import WorkerLostError
from celery.worker.request import Request
from django.db import OperationalError
from django.utils import timezone

from digitsite import private_redis
from digitsite.tests.processes import missing, wait_for
from trainer import losses, opening, tasks
from trainer.losses import LOST, Guarded, give_back
from trainer.models import (
    ATTEMPTS,
    Challenger,
    TrainingRun,
    claim_challenger,
    claim_judging,
)
from trainer.owners import new_owner, owners_of
from trainer.tests.conftest import Bench
from trainer.tests.loop import Loop, running
from trainer.tests.test_opening import approved

LONG = 60  # seconds that a lease lasts: none runs out here
AT_ONCE = 15.0


@pytest.mark.django_db
def test_the_claim_of_a_lost_child_is_free_and_its_attempt_counts(bench: Bench) -> None:
    approved()
    run = opening.open_now()
    assert claim_challenger(new_owner()) is not None
    assert claim_challenger(new_owner()) is None
    assert give_back(os.getpid()) == 1
    again = claim_challenger(new_owner())
    assert again is not None
    assert again.attempts == 2
    assert run.lines.filter(text=LOST).count() == 1


@pytest.mark.django_db
def test_a_lost_judging_is_free_as_well(bench: Bench) -> None:
    approved()
    run = opening.open_now()
    run.challengers.update(done=True)
    TrainingRun.objects.update(status="running")
    assert claim_judging(new_owner()) is not None
    assert claim_judging(new_owner()) is None
    assert give_back(os.getpid()) == 1
    again = claim_judging(new_owner())
    assert again is not None
    assert again.attempts == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "owner",
    [
        owners_of(os.getpid() + 1) + "x",  # another child
        owners_of(os.getpid() * 10) + "x",  # whose number begins in the same way
        f"{'0' * 32}.{os.getpid()}.x",  # another parent's, with the same number
        "",
    ],
)
def test_the_claim_of_somebody_else_is_left_alone(owner: str, bench: Bench) -> None:
    approved()
    run = opening.open_now()
    assert claim_challenger(new_owner()) is not None
    until = timezone.now() + timedelta(minutes=1)
    Challenger.objects.update(owner=owner, lease_until=until)
    assert give_back(os.getpid()) == 0
    row = Challenger.objects.get()
    assert (row.owner, row.lease_until) == (owner, until)
    assert not run.lines.filter(text=LOST).exists()


class Parent(Guarded):
    """A task whose child had the number 7; what Celery does about a failure is only noted."""

    worker_pid = 7

    def __init__(self) -> None:
        pass


def failure(error: Exception) -> ExceptionInfo:
    try:
        raise error
    except type(error):
        return ExceptionInfo()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what happens to a failed task, in its order."""
    done: list[Any] = []
    monkeypatch.setattr(Request, "on_failure", lambda *_, **__: done.append("Celery's part"))
    monkeypatch.setattr(losses, "give_back", done.append)
    monkeypatch.setattr(losses, "connection", SimpleNamespace(close=lambda: done.append("closed")))
    return done


def test_a_claim_is_free_before_celery_asks_for_another_attempt(done: list[Any]) -> None:
    Parent().on_failure(failure(WorkerLostError("signal 9")))
    assert done == [7, "closed", "Celery's part"]


def test_a_task_that_fails_in_a_child_that_lives_keeps_its_claim(done: list[Any]) -> None:
    Parent().on_failure(failure(ValueError("wrong")))
    assert done == ["Celery's part"]


def test_a_database_that_does_not_answer_leaves_it_to_the_lease(
    done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(losses, "give_back", refuse)
    Parent().on_failure(failure(WorkerLostError("signal 9")))
    assert done == ["closed", "Celery's part"]


def test_the_next_attempt_waits_for_nothing() -> None:
    # Celery's three minutes would be a message with a time, which quorum queues do not take.
    assert tasks.work.default_retry_delay == 0


def attempts(loop: Loop) -> int:
    return int(loop.query("SELECT attempts FROM trainer_challenger")[0][0])


def steps(loop: Loop) -> int:
    return int(loop.query("SELECT step FROM trainer_challenger")[0][0])


def test_children_that_are_killed_are_replaced_within_seconds_and_three_times_at_most(
    tmp_path: Path,
) -> None:
    if private_redis.find_server() is None:
        missing("there is no redis-server")
    with running(tmp_path, lease=LONG) as loop:
        loop.teach()
        for attempt in range(1, ATTEMPTS + 1):
            loop.wait_for(lambda: loop.phase() == "training" and steps(loop), "training")
            assert attempts(loop) == attempt
            _, child = loop.busy_worker()
            child.kill()
            killed = time.monotonic()
            if attempt < ATTEMPTS:
                wait_for(lambda: attempts(loop) > attempt, "another attempt", AT_ONCE)  # noqa: B023
        status = "SELECT status FROM trainer_trainingrun"
        wait_for(lambda: loop.query(status) == [("quarantined",)], loop.runs(), AT_ONCE)
        assert time.monotonic() - killed < LONG
