"""Workers and Redis are killed, frozen and flooded while the site learns from corrections.

Whatever happens: one promotion a round, versions in ascending order, nothing approved is missing.
The rounds share one site, each with corrections of its own.
"""

import signal
import time
from collections.abc import Iterator
from statistics import median

import psutil
import pytest

from digitsite import private_redis
from digitsite.tests.processes import Socket, missing
from trainer.tests.loop import (
    Loop,
    Strokes,
    caught,
    drawings,
    learned_once,
    running,
    send,
    tree,
)

FREEZE, KILL, GO_ON = signal.SIGSTOP, signal.SIGKILL, signal.SIGCONT
ACKS = 10  # that are timed, by HTTP and by socket in turn
PROMPT = 1.0  # s for one: three times what is promised, as the machine may be busy
NOISE = 0.15  # s


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    if private_redis.find_server() is None:
        missing("there is no redis-server")
    with running(tmp_path_factory.mktemp("chaos")) as site:
        yield site


@pytest.fixture(autouse=True)
def one_promotion(loop: Loop) -> Iterator[None]:
    """Whatever a test has done, what it has taught is learned, once."""
    with learned_once(loop):
        yield


def seconds_to_ack(loop: Loop, by_socket: bool, label: str, strokes: Strokes) -> float:
    """Have somebody new correct, and wait until it is acknowledged."""
    if not by_socket:
        begin = time.monotonic()
        assert loop.post("corrections", strokes=strokes, label=label)[0] == 201
        return time.monotonic() - begin
    status, socket = Socket.open(loop.web)
    assert status == 101
    socket.send({"type": "drawing", "strokes": strokes})
    begin = time.monotonic()
    socket.send({"type": "verdict", "label": label})
    while b'"receipt"' not in (payload := socket.read()[1]):
        assert payload, "the socket has closed"
    socket.close()
    return time.monotonic() - begin


def test_a_child_that_is_killed_while_it_trains(loop: Loop) -> None:
    loop.teach()
    caught(loop, "training", lambda _, child: send(KILL, child))
    loop.wait_for(lambda: loop.phase() == "judging", "another attempt")
    (attempts,) = loop.query("SELECT attempts FROM trainer_challenger ORDER BY id DESC LIMIT 1")[0]
    assert attempts >= 2


def test_a_worker_that_is_killed_with_its_child_while_it_judges(loop: Loop) -> None:
    def kill(name: str, _: psutil.Process) -> None:
        process = loop.running.pop(name)
        send(KILL, *tree(process.pid))
        process.wait()

    loop.teach()
    caught(loop, "judging", kill)
    loop.wait_for(lambda: not loop.unlearned(), "the other worker")
    (attempts,) = loop.query("SELECT attempts FROM trainer_trainingrun ORDER BY id DESC LIMIT 1")[0]
    assert attempts >= 2
    loop.start("worker-3", "worker")


def test_redis_loses_everything_and_dies_while_a_worker_trains(loop: Loop) -> None:
    loop.teach()
    loop.wait_for(lambda: loop.phase() == "training", "training")
    with loop.redis_client() as client:
        client.flushall()
    redis = loop.running.pop("redis")
    redis.send_signal(KILL)
    redis.wait()
    loop.wait_for(lambda: loop.phase() != "training", "work that goes on")
    loop.start_redis()


def test_a_frozen_redis_keeps_nobody_from_drawing_and_correcting(loop: Loop) -> None:
    redis = psutil.Process(loop.running["redis"].pid)
    label, strokes = next(drawings(seed=8))
    others = drawings(seed=9)
    usual = [seconds_to_ack(loop, number % 2 == 0, *next(others)) for number in range(ACKS)]
    send(FREEZE, redis)
    try:
        frozen = [seconds_to_ack(loop, number % 2 == 0, *next(others)) for number in range(ACKS)]
        assert len(loop.ask("approve")) == 2 * ACKS
        status, answer = loop.post("predict", strokes=strokes)
        assert (status, answer["label"]) == (200, label)
        status, socket = Socket.open(loop.web)
        socket.send({"type": "drawing", "strokes": strokes})
        assert status == 101
        assert b'"hello"' in socket.read()[1]
        assert b'"prediction"' in socket.read()[1]
        socket.close()
        assert redis.status() == psutil.STATUS_STOPPED
    finally:
        send(GO_ON, redis)
    # Whatever asked Redis would wait for as long as it is frozen, or for a time limit of seconds.
    assert sorted(frozen)[-2] < PROMPT, (usual, frozen)
    assert max(frozen) < 2 * PROMPT, (usual, frozen)
    assert median(frozen) < 3 * median(usual) + NOISE, (usual, frozen)


def test_fifty_messages_for_one_piece_of_work(loop: Loop) -> None:
    loop.teach()
    assert loop.ask("send 50") == 50
