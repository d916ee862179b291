"""Hints through Redis: they wake a wait, and their absence costs nothing but time."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from pytest_django import Settings

from digitsite.private_redis import PrivateRedis, find_server
from digitsite.tests.processes import wait_for
from recognizer import notices
from recognizer.notices import Hints


@pytest.fixture
def server(tmp_path: Path, settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    program = find_server()
    if program is None:
        pytest.skip("there is no Redis")
    redis = PrivateRedis(tmp_path)
    with subprocess.Popen(redis.command(program), stdout=subprocess.DEVNULL) as process:
        wait_for(redis.socket.exists, "Redis")
        settings.REDIS_URL = redis.url
        yield process
        process.kill()
    redis.clean_up()


def seconds(hints: Hints, most: float) -> float:
    began = time.monotonic()
    hints.wait(most, Event())
    return time.monotonic() - began


def test_a_hint_ends_a_wait(server: "subprocess.Popen[bytes]") -> None:
    hints = Hints()
    hints.wait(0.01, Event())  # which subscribes
    threading.Timer(0.2, notices.announce).start()
    assert seconds(hints, 30) < 10
    hints.close()


def test_another_installation_s_hint_does_not(
    server: "subprocess.Popen[bytes]", settings: Settings
) -> None:
    hints = Hints()
    hints.wait(0.01, Event())
    settings.REDIS_PREFIX = "other"
    notices.announce()
    assert seconds(hints, 0.5) >= 0.4
    hints.close()


def test_redis_that_dies_is_a_plain_wait(server: "subprocess.Popen[bytes]") -> None:
    hints = Hints()
    hints.wait(0.01, Event())
    server.kill()
    server.wait()
    assert 0.4 < seconds(hints, 0.5) < 5
    notices.announce()
    assert 0.4 < seconds(hints, 0.5) < 5
    hints.close()


def test_without_redis_nothing_is_sent(settings: Settings) -> None:
    settings.REDIS_URL = ""
    notices.announce()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    notices.announce()
    hints = Hints()
    assert 0.1 < seconds(hints, 0.2) < 5
