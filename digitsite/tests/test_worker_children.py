"""Workers on a busy machine, what a killed one had, and an acknowledgement that fails."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from celery import Celery

from digitsite.broker import LIGHT, REDIS
from digitsite.tests import processes
from digitsite.tests.brokers import Broker, private_broker
from digitsite.tests.processes import ROOT, wait_for

SLOW = 6  # seconds that the second child takes to begin; Celery waits for 4
KICKS = 6
AT_ONCE = 30.0  # seconds; by default Celery looks every 100 s
SOON = 90.0  # seconds; by default Celery asks again after 180 s
BUSY = "while True: pass"
MINE = "--include=meddling"
# As `manage.py worker`, but for a new child after each task, and with a module of the test.
WORKER = (
    "import django; django.setup(); from digitsite.becoming_celery import become_celery;"
    "become_celery('app', 'worker', '--queues=light', '--without-gossip', '--without-mingle',"
    f" '--max-tasks-per-child=1', '{MINE}')"
)
# One that is killed before it has begun is followed by one that is as slow.
SLOW_CHILD = f"""\
import pathlib, time
from celery import signals

begun = pathlib.Path(__file__).with_name("begun")

@signals.worker_process_init.connect(weak=False)
def the_second_begins_slowly(**_):
    if begun.exists() and begun.read_text() == "1":
        time.sleep({SLOW})
    with begun.open("a") as file:
        file.write("1")
"""
# As where Redis dies and is back before anything else has asked it.
FAILED_ACK = """\
from kombu.transport import redis

acknowledge = redis.QoS.ack

def fail_once(self, tag):
    redis.QoS.ack = acknowledge
    raise ConnectionError("Redis is away for a moment")

redis.QoS.ack = fail_once
"""
# One that is lost in its first task, which is a kick.
LOST_CHILD = """\
import os, pathlib, signal
from celery import signals

lost = pathlib.Path(__file__).with_name("lost")

@signals.task_prerun.connect(weak=False)
def die_once(**_):
    if not lost.exists():
        lost.touch()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Broker]:
    with private_broker(tmp_path / "redis") as running:
        yield running


@contextmanager
def worker(
    redis: Broker, state: Path, folder: Path, meddling: str = ""
) -> Iterator[Callable[[], int]]:
    """Run a worker with a module of ours in it; give how many kicks it has answered."""
    (folder / "meddling.py").write_text(meddling)
    log = folder / "worker.log"
    environment = processes.environment(state, REDIS_URL=redis.url, LOG_LEVEL="DEBUG")
    environment |= {"DJANGO_SETTINGS_MODULE": "digitsite.settings", "PYTHONPATH": str(folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield lambda: log.read_text(errors="replace").count("units of work are open")
    finally:
        process.kill()
        process.wait()


def our_worker() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if MINE in one.cmdline()]


def sockets(process: psutil.Process) -> set[str]:
    """Return what names the sockets that a process has open."""
    names = set()
    for entry in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            names.add(str(entry.readlink()))
    return {name for name in names if name.startswith("socket:")}


def kick(redis: Broker) -> None:
    url = redis.url.replace("unix://", "redis+socket://")
    with Celery("test", broker=url, set_as_current=False) as app:
        app.send_task("trainer.kick", queue=LIGHT)


def test_new_children_take_their_time_on_a_busy_machine(
    redis: Broker, state: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", BUSY]))
            stack.callback(busy.kill)
        for _ in range(KICKS):
            kick(redis)
        kicks = stack.enter_context(worker(redis, state, tmp_path, SLOW_CHILD))
        wait_for(lambda: kicks() == KICKS, "each kick, by a child of its own")


def test_what_a_killed_worker_had_is_handed_out_again_within_seconds(
    redis: Broker, state: Path, tmp_path: Path
) -> None:
    kick(redis)
    with redis.client() as client:
        message = client.rpop(LIGHT)
    kick(redis)
    with redis.client() as client, worker(redis, state, tmp_path) as kicks:
        wait_for(lambda: kicks() == 1, "the worker")  # which has looked once, at its start
        long_ago = time.time() - REDIS["visibility_timeout"] - 1
        client.hset("unacked", "lost", json.dumps([json.loads(message), "digitsite", LIGHT]))
        client.zadd("unacked_index", {"lost": long_ago})
        wait_for(lambda: kicks() == 2, "what was lost", AT_ONCE)


def test_a_worker_goes_on_after_an_acknowledgement_that_failed(
    redis: Broker, state: Path, tmp_path: Path
) -> None:
    for _ in range(KICKS):
        kick(redis)
    with worker(redis, state, tmp_path, FAILED_ACK) as kicks:
        wait_for(lambda: kicks() >= KICKS, "what came after it")
    assert "Couldn't ack" in (tmp_path / "worker.log").read_text()


def test_a_kick_that_was_lost_with_its_child_is_answered_within_seconds(
    redis: Broker, state: Path, tmp_path: Path
) -> None:
    kick(redis)
    with worker(redis, state, tmp_path, LOST_CHILD) as kicks:
        wait_for((tmp_path / "lost").exists, "a child that is lost")
        wait_for(lambda: kicks() == 1, "another", SOON)


@pytest.mark.skipif(sys.platform != "linux", reason="what is inherited is closed on Linux only")
def test_a_child_keeps_none_of_its_parent_s_connections(
    redis: Broker, state: Path, tmp_path: Path
) -> None:
    with worker(redis, state, tmp_path):
        (parent,) = wait_for(our_worker, "a worker")
        (first,) = wait_for(parent.children, "its first child")
        kick(redis)  # after which it makes room for another

        def successor_is_alone() -> bool:
            others = [child for child in parent.children() if child != first]
            return bool(others) and not sockets(others[0]) & sockets(parent)

        wait_for(successor_is_alone, "a child that was forked from a connected parent")
        assert sockets(parent)
