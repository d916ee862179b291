"""Workers and beat that are stopped, or left alone, while the broker is away. All is real."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from digitsite.broker import LIGHT
from digitsite.celery import LEAVE_SECONDS
from digitsite.ending import OVERDUE
from digitsite.tests import processes
from digitsite.tests.brokers import Broker, private_broker
from digitsite.tests.processes import PATIENCE, wait_for

GRACE = 1  # second
LATEST = GRACE + LEAVE_SECONDS + 5  # this machine may be busy
OVERDUE_LINE = "still here after it was told to stop"


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Broker]:
    with private_broker(tmp_path / "redis") as running:
        yield running


class Learner:
    """A worker or a beat, with its log."""

    def __init__(self, name: str, folder: Path, private: Broker) -> None:
        self._log = folder / f"{name}.log"
        self.process = processes.start(
            name,
            state=folder,
            log=self._log,
            REDIS_URL=private.url,
            WORKER_GRACE_SECONDS=GRACE,
            TRAIN_KICK_SECONDS=1,
        )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ended(self) -> int:
        """Return the status with which it ended in time."""
        return self.process.wait(LATEST)


@pytest.fixture
def worker(private: Broker, tmp_path: Path) -> Iterator[Learner]:
    running = Learner("worker", tmp_path, private)
    wait_for(lambda: "ready to learn" in running.log, "the worker")
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture
def beat(private: Broker, tmp_path: Path) -> Iterator[Learner]:
    running = Learner("beat", tmp_path, private)
    yield running
    running.process.kill()
    running.process.wait()


def test_a_worker_ends_whose_redis_dies_while_it_stops(private: Broker, worker: Learner) -> None:
    (child,) = psutil.Process(worker.process.pid).children()
    worker.process.terminate()
    wait_for(lambda: "Soft Shutdown" in worker.log, "the stop")
    private.kill()
    worker.ended()
    if sys.platform == "linux":
        child.wait(PATIENCE)


def test_a_worker_whose_redis_died_a_while_ago_ends_by_itself(
    private: Broker, worker: Learner
) -> None:
    private.kill()
    wait_for(lambda: "Cannot connect" in worker.log, "the loss")
    worker.process.terminate()
    assert worker.ended() != OVERDUE
    assert OVERDUE_LINE not in worker.log


def test_a_worker_ends_whose_redis_hangs(private: Broker, worker: Learner) -> None:
    private.process.send_signal(signal.SIGSTOP)
    worker.process.send_signal(signal.SIGQUIT)  # as SIGTERM, without its remapping
    assert worker.ended() == OVERDUE  # or Celery has learned to end: then all of this may go
    assert worker.log.count(OVERDUE_LINE) == 1


def has_kicks(private: Broker) -> bool:
    """Say whether a kick waits for a worker."""
    with private.client() as client:
        return bool(client.llen(LIGHT))


def test_beat_says_once_that_the_broker_is_away_and_once_that_it_is_back(
    private: Broker, beat: Learner
) -> None:
    wait_for(lambda: has_kicks(private), "a kick")
    private.kill()
    wait_for(lambda: "no worker can be woken" in beat.log, "the line about it")
    time.sleep(3)  # and several kicks
    assert len(beat.log.splitlines()) == 1, beat.log
    assert "Connection refused" in beat.log
    private.start()
    wait_for(lambda: "workers can be woken again" in beat.log, "the line about its return")
    assert len(beat.log.splitlines()) == 2, beat.log
    beat.process.terminate()
    assert beat.ended() == 0


def test_beat_ends_whose_redis_hangs(private: Broker, beat: Learner) -> None:
    wait_for(lambda: has_kicks(private), "a kick")
    private.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)  # until it waits for an answer
    beat.process.terminate()
    assert beat.ended() == 0
    assert "Traceback" not in beat.log
