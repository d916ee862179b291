"""What machines are told of training: runs by state, ages, and whether a run is stuck."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import F
from django.test import Client
from django.utils import timezone
from prometheus_client import Metric
from pytest_django import Settings

from recognizer.figures import figures
from trainer import opening, outlook, pipeline, signs
from trainer.models import Challenger, RunLine, RunStatus, TrainingRun, Worker, claim_challenger
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved

pytestmark = pytest.mark.django_db

STUCK = {"training": "waiting for a worker"}


def values(metrics: tuple[Metric, ...]) -> dict[str, float]:
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def figure(name: str) -> float:
    return values(outlook.read().metrics)[name]


def opened() -> TrainingRun:
    approved()
    return opening.open_now()


def grow_old(seconds: float) -> None:
    """Let so much time pass for every run, with all that was noted of it."""
    span = timedelta(seconds=seconds)
    for rows, names in (
        (TrainingRun.objects.all(), ("created", "lease_until")),
        (Challenger.objects.all(), ("lease_until",)),
        (RunLine.objects.all(), ("created",)),
    ):
        for row in rows:
            for name in names:
                moment = getattr(row, name)
                setattr(row, name, moment and moment - span)
            row.save()


def test_without_a_run_nothing_is_old_and_nothing_is_stuck() -> None:
    reading = outlook.read()
    found = values(reading.metrics)
    assert set(found.values()) == {0}
    assert "worker_child_heartbeat_age_seconds" not in found
    assert {f"train_runs {status}" for status in RunStatus} <= set(found)
    assert reading.remarks == {}


def test_runs_are_counted_by_state(bench: Bench) -> None:
    opened()
    assert figure("train_runs queued") == 1
    while pipeline.work():
        pass
    assert (figure("train_runs queued"), figure("train_runs promoted")) == (0, 1)


def test_what_the_gate_refused_counts_also_once_it_is_overridden(bench: Bench) -> None:
    bench.passes = False
    run = opened()
    while pipeline.work():
        pass
    assert figure("train_gate_refusals") == 1
    user = User.objects.create_superuser("root")
    opening.override(run, user, "looked at all of them")
    while pipeline.work():
        pass
    assert (figure("train_runs promoted"), figure("train_gate_refusals")) == (1, 1)


def test_a_run_that_nobody_claims_is_waiting_for_a_worker(bench: Bench) -> None:
    opened()
    grow_old(50)
    assert outlook.read().remarks == {}
    grow_old(20)
    assert outlook.read().remarks == STUCK
    assert 69 < figure("train_oldest_age_seconds") < 100
    assert 69 < figure("train_silence_seconds") < 100


def test_a_run_that_a_worker_is_at_waits_for_nobody(bench: Bench) -> None:
    opened()
    grow_old(300)
    claim_challenger("somebody")
    assert outlook.read().remarks == {}
    assert figure("train_silence_seconds") < 30
    assert figure("train_oldest_age_seconds") > 299


def test_a_run_whose_worker_fell_silent_is_waiting(bench: Bench) -> None:
    opened()
    claim_challenger("somebody")
    grow_old(59)
    assert outlook.read().remarks == {}
    grow_old(10)
    assert outlook.read().remarks == STUCK


def test_a_long_lease_in_force_is_no_silence(bench: Bench, settings: Settings) -> None:
    settings.TRAIN_LEASE_SECONDS = 600
    opened()
    claim_challenger("somebody")
    grow_old(150)  # the time between two renewals
    assert outlook.read().remarks == {}
    grow_old(500)
    assert outlook.read().remarks == STUCK


def test_a_run_that_has_ended_waits_for_nobody(bench: Bench) -> None:
    run = opened()
    grow_old(300)
    run.end(RunStatus.CANCELLED)
    assert outlook.read().remarks == {}
    assert figure("train_oldest_age_seconds") == 0


def test_it_takes_few_queries(bench: Bench, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        outlook.read()
    opened()
    with django_assert_num_queries(5):  # type: ignore[operator]
        outlook.read()


def test_units_that_nobody_is_at_wait(bench: Bench) -> None:
    assert figure("train_queue_depth") == 0
    opened()
    assert figure("train_queue_depth") == 1
    claim_challenger("somebody")
    assert figure("train_queue_depth") == 0


def test_how_long_runs_took_adds_up(bench: Bench) -> None:
    assert (figure("train_seconds_count"), figure("train_seconds_sum")) == (0, 0)
    opened()
    while pipeline.work():
        pass
    TrainingRun.objects.update(started=F("finished") - timedelta(seconds=90))
    cancelled = TrainingRun.objects.create(trigger="manual", base_version=1, status="cancelled")
    assert cancelled.started is None
    assert (figure("train_seconds_count"), figure("train_seconds_sum")) == (1, 90)


def heard_of(seconds_ago: float) -> None:
    """Let a worker have left its last sign so long ago."""
    signs.leave()
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=seconds_ago))


@pytest.fixture
def up_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process have been there long enough to miss somebody."""
    monkeypatch.setattr(outlook, "_STARTED", time.monotonic() - 3600)


def test_before_the_first_worker_nobody_is_missed() -> None:
    assert "worker_child_heartbeat_age_seconds" not in values(outlook.read().metrics)
    assert outlook.read().remarks == {}


def test_after_a_restart_nobody_is_missed_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    heard_of(8 * 3600)  # as a backup, or the evening before, has it
    monkeypatch.setattr(outlook, "_STARTED", time.monotonic() - 170)
    assert outlook.read().remarks == {}
    monkeypatch.setattr(outlook, "_STARTED", time.monotonic() - 190)
    assert outlook.read().remarks["workers"].startswith("none was heard of for 28800 s")


@pytest.mark.usefixtures("up_for_an_hour")
def test_workers_that_fell_silent_are_missed_before_there_is_anything_to_learn() -> None:
    heard_of(170)
    assert 169 < figure("worker_child_heartbeat_age_seconds") < 180
    assert outlook.read().remarks == {}
    heard_of(190)
    assert outlook.read().remarks["workers"].startswith("none was heard of for 19")
    signs.leave()
    assert outlook.read().remarks == {}


@pytest.mark.usefixtures("up_for_an_hour")
def test_a_worker_that_trains_looks_for_nothing_else(bench: Bench) -> None:
    heard_of(500)
    opened()
    claim_challenger("somebody")
    assert figure("worker_child_heartbeat_age_seconds") < 30
    assert outlook.read().remarks == {}


@pytest.mark.usefixtures("up_for_an_hour")
def test_looks_that_are_rare_by_choice_are_no_silence(settings: Settings) -> None:
    settings.TRAIN_KICK_SECONDS = 100
    heard_of(290)
    assert outlook.read().remarks == {}
    heard_of(310)
    assert "workers" in outlook.read().remarks


def test_a_kick_leaves_a_sign_and_seldom_writes(
    bench: Bench, django_assert_num_queries: object
) -> None:
    pipeline.kick()
    assert Worker.objects.count() == 1
    with django_assert_num_queries(1):  # type: ignore[operator]
        signs.leave()


def test_a_sign_that_cannot_be_left_keeps_nobody_from_work(
    no_writes: None, caplog: pytest.LogCaptureFixture
) -> None:
    signs.leave()
    assert "no sign of life could be left" in caplog.text


def test_without_a_connection_a_sign_says_nothing_of_its_own(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(signs, "_write", fail)
    signs.leave()
    assert "no sign of life could be left" in caplog.text
    caplog.clear()
    monkeypatch.setattr(signs, "connection", SimpleNamespace(connection=None))
    with pytest.raises(OperationalError):
        signs.leave()  # whoever kicks says it
    assert caplog.text == ""


def test_machines_that_are_gone_are_forgotten_after_a_day() -> None:
    now = timezone.now()
    for name, hours in (("gone", 25), ("silent", 23)):
        Worker.objects.create(name=name, seen_at=now - timedelta(hours=hours))
    signs.leave()
    assert not Worker.objects.filter(name="gone").exists()
    assert Worker.objects.count() == 2


@pytest.mark.usefixtures("looks_here")
def test_a_site_is_ready_while_a_run_waits_and_says_so(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_due", 0.0)
    opened()
    grow_old(61)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["details"]) == (200, STUCK)
    monkeypatch.setattr(figures, "_due", 0.0)
    assert 'train_runs{status="queued"} 1.0' in client.get("/metrics").content.decode()
