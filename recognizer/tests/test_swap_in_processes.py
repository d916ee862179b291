"""Two real web processes on one state directory follow `manage.py promote`."""

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from digitsite.private_redis import PrivateRedis, find_server
from digitsite.tests import processes
from digitsite.tests.processes import PATIENCE, Socket, Web, wait_for

PREPARE = """
from django.contrib.auth.models import User
from recognizer.tests.making_versions import made
User.objects.create_superuser("ada", password="ada")
made(), made()
"""
POINTS = {"type": "points", "n": 1, "stroke": 0, "start": 0, "points": [[1, 1], [50, 80]]}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with three versions, which nobody changes."""
    folder = tmp_path_factory.mktemp("swap") / "state"
    assert processes.run("migrate", "-v0", state=folder)[0] == 0
    status, said = processes.run("shell", "-v0", "-c", PREPARE, state=folder)
    assert status == 0, said
    return folder


@pytest.fixture
def state(prepared: Path, tmp_path: Path) -> Path:
    return shutil.copytree(prepared, tmp_path / "state")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    server = find_server()
    if server is None:
        pytest.skip("there is no Redis")
    redis = PrivateRedis(tmp_path / "redis")
    with subprocess.Popen(redis.command(server), stdout=subprocess.DEVNULL) as process:
        wait_for(redis.socket.exists, "Redis")
        yield redis.url
        process.terminate()
    redis.clean_up()


def version(web: Web) -> int | None:
    answer: dict[str, Any] = json.loads(web.get("/health/ready")[2])
    return answer["version"]


def listing(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(processes.run("versions", "--json", state=state)[1])
    return found


def frames(socket: Socket) -> Iterator[dict[str, Any]]:
    while True:
        opcode, payload = socket.read()
        assert opcode == 1, (opcode, payload)
        yield json.loads(payload)


def move(state: Path, *arguments: str, **settings: object) -> None:
    by = ("--by", "ada", "--reason", "a test")
    status, said = processes.run(*arguments, *by, state=state, **settings)
    assert status == 0, said


def test_both_follow_a_promotion_and_a_rollback_and_sign_off(state: Path, tmp_path: Path) -> None:
    with (
        processes.web(state, tmp_path / "one") as one,
        processes.web(state, tmp_path / "two") as two,
    ):
        assert (version(one), version(two)) == (1, 1)
        _, socket = Socket.open(one)
        heard = frames(socket)
        assert next(heard)["type"] == "hello"
        socket.send(POINTS)
        assert next(heard)["version"] == 1
        move(state, "promote", "2")
        began = time.monotonic()
        wait_for(lambda: version(one) == version(two) == 2, "version 2 everywhere", 10)
        assert time.monotonic() - began < 5
        both = {"type": "version", "version": 2, "serving": [2, 2]}
        assert next(frame for frame in heard if frame.get("serving") == [2, 2]) == both
        socket.send({**POINTS, "n": 2, "start": 2})
        assert next(f for f in heard if f["type"] == "prediction")["version"] == 1
        socket.close()
        told = listing(state)
        assert (told["champion"], told["versions"][1]["serving"]) == (2, [2, 2])
        move(state, "rollback")
        wait_for(lambda: version(one) == version(two) == 1, "version 1 everywhere", 10)
    assert listing(state)["processes"] == []
    with closing(sqlite3.connect(state / "db.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM recognizer_servingprocess").fetchone() == (0,)


def test_a_hint_wakes_a_process_and_redis_gone_delays_it_at_most(
    state: Path, tmp_path: Path, redis_url: str
) -> None:
    with processes.web(state, tmp_path / "log", REDIS_URL=redis_url) as web:
        move(state, "promote", "2", REDIS_URL=redis_url)
        wait_for(lambda: version(web) == 2, "version 2", 10)
        move(state, "promote", "3", REDIS_URL="unix:///nowhere/redis.sock")
        wait_for(lambda: version(web) == 3, "version 3", PATIENCE)
        assert "Traceback" not in web.log, web.log


def test_with_its_database_broken_a_process_goes_on_with_the_last_good_version(
    state: Path, tmp_path: Path
) -> None:
    move(state, "promote", "2")
    with processes.web(state, tmp_path / "log") as web:
        assert version(web) == 2
        for path in state.glob("db.sqlite3*"):
            path.unlink(missing_ok=True)  # the last connection takes some with it
        (state / "db.sqlite3").write_bytes(b"this is no database" * 100)
        wait_for(lambda: "the champion is unknown" in web.log, "the outage", 10)
        assert version(web) == 2
        assert "Traceback" not in web.log, web.log
