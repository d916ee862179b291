"""The site learns with RabbitMQ as its broker, which is killed and frozen, as its workers are.

Redis stays for the channel layer and for hints. The rounds share one site, as in test_chaos.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from digitsite import private_redis
from digitsite.tests.processes import missing
from digitsite.tests.rabbit import Rabbit, private_rabbit
from trainer.tests.loop import Loop, caught, learned_once, running, send, tree

AWAY = 3.0  # seconds; several kicks
PROMPT = 2.0  # s for a correction: what is promised several times over, as the machine may be busy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rabbitmq")


@pytest.fixture(scope="module")
def rabbit(folder: Path) -> Iterator[Rabbit]:
    with private_rabbit(folder / "rabbit") as server:
        yield server


@pytest.fixture(scope="module")
def loop(folder: Path, rabbit: Rabbit) -> Iterator[Loop]:
    if private_redis.find_server() is None:
        missing("there is no redis-server")
    with running(folder, BROKER_URL=rabbit.url) as site:
        yield site


@pytest.fixture(autouse=True)
def one_promotion(loop: Loop) -> Iterator[None]:
    """Whatever a test has done, what it has taught is learned, once."""
    with learned_once(loop):
        yield


def corrected_at_once(loop: Loop) -> None:
    """Have two corrections sent and approved by somebody who must not have to wait."""
    begin = time.monotonic()
    loop.correct(2)
    assert time.monotonic() - begin < 2 * PROMPT
    assert len(loop.ask("approve")) == 2


def test_a_worker_that_is_killed_with_its_child_while_it_trains(loop: Loop) -> None:
    def kill(name: str, _: psutil.Process) -> None:
        process = loop.running.pop(name)
        send(signal.SIGKILL, *tree(process.pid))
        process.wait()

    loop.teach()
    caught(loop, "training", kill)
    loop.wait_for(lambda: loop.phase() == "judging", "the other worker")
    (attempts,) = loop.query("SELECT attempts FROM trainer_challenger ORDER BY id DESC LIMIT 1")[0]
    assert attempts >= 2
    loop.start("worker-3", "worker")


def test_a_rabbitmq_that_dies_while_a_worker_trains(loop: Loop, rabbit: Rabbit) -> None:
    loop.teach()
    loop.wait_for(lambda: loop.phase() == "training", "training")
    rabbit.kill()
    loop.wait_for(lambda: loop.phase() != "training", "work that goes on")
    rabbit.start()


def test_what_is_approved_while_rabbitmq_is_away_is_learned(loop: Loop, rabbit: Rabbit) -> None:
    rabbit.kill()
    try:
        corrected_at_once(loop)
        time.sleep(AWAY)
    finally:
        rabbit.start()


def test_a_frozen_rabbitmq_keeps_nobody_from_correcting(loop: Loop, rabbit: Rabbit) -> None:
    rabbit.send(signal.SIGSTOP)
    try:
        corrected_at_once(loop)
        time.sleep(AWAY)
    finally:
        rabbit.send(signal.SIGCONT)
