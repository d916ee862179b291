"""What docker-compose.yml runs, as processes: PostgreSQL, Redis, two web, two workers, beat."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from digitsite import private_redis
from digitsite.databases import POSTGRESQL_TIMEOUTS
from digitsite.private_redis import PrivateRedis
from digitsite.tests import postgres, processes
from digitsite.tests.processes import PATIENCE, ROOT, Web, missing, wait_for
from digitsite.tests.test_newer_schema import add_what_a_newer_version_needs, use_everything

KICKED = "units of work are open"
DRAWING = {"strokes": [[[0, 0], [40, 0], [15, 60]]], "label": "7"}


@dataclass
class Site:
    """Everything that runs, by its name."""

    folder: Path
    database: postgres.Server
    settings: dict[str, Any]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    webs: list[Web] = field(default_factory=list)

    def start(self, name: str, *arguments: str, machine: int = 1) -> subprocess.Popen[bytes]:
        """Start one of our commands; its log has its name, a machine is a state directory."""
        log = self.folder / f"{name}.log"
        state = self.folder / f"machine-{machine}"
        self.running[name] = processes.start(*arguments, state=state, log=log, **self.settings)
        return self.running[name]

    def said(self, name: str) -> str:
        """Return the log of one process."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def kicks(self, *names: str) -> int:
        """Return how often these workers have looked for work."""
        return sum(self.said(name).count(KICKED) for name in names)

    def stop(self) -> None:
        """Stop all at once."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Site]:
    if not postgres.is_installed():
        missing("PostgreSQL is not installed")
    redis_server = private_redis.find_server()
    if redis_server is None:
        missing("there is no redis-server")
    folder = tmp_path_factory.mktemp("scale")
    with ExitStack() as stack:
        redis = PrivateRedis(folder / "redis")
        stack.callback(redis.clean_up)
        process = subprocess.Popen(redis.command(redis_server), stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        database = stack.enter_context(postgres.server())
        settings = {
            "DATABASE_URL": database.url(),
            "REDIS_URL": redis.url,
            "MODEL": model,
            "LOG_LEVEL": "DEBUG",
            "TRAIN_KICK_SECONDS": 1,
            "WORKER_GRACE_SECONDS": 1,
        }
        running = Site(folder, database, settings)
        stack.callback(running.stop)
        for number in (1, 2):
            name, port = f"web-{number}", processes.free_port()
            web = running.start(name, "web", "--port", str(port), machine=number)
            state = folder / f"machine-{number}"
            running.webs.append(Web(web, port, state, folder / f"{name}.log"))
        for one in running.webs:
            wait_for(partial(has_started, one), "a web process")
            assert one.process.poll() is None, one.log
        for name in ("worker-1", "worker-2"):
            running.start(name, "worker")
        running.start("beat", "beat")
        yield running


def has_started(web: Web) -> bool:
    return "listening" in web.log or web.process.poll() is not None


def has_database(web: Web) -> bool:
    return bool(checks(web)["database"] == "ok")


def is_well(web: Web) -> bool:
    found = checks(web)
    return {found[name] for name in ("database", "redis", "model")} == {"ok"}


def checks(web: Web) -> Any:
    return json.loads(web.get("/health/ready")[2])["checks"]


def post(web: Web, path: str, content: dict[str, Any]) -> tuple[int, Any]:
    body = json.dumps(content).encode()
    lines = f"Host: 127.0.0.1:{web.port}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()
    status, _, answer = web.ask(head + body)
    return status, json.loads(answer)


def test_one_of_two_machines_makes_the_tables(site: Site) -> None:
    assert sum(web.log.count("database brought up to date") for web in site.webs) == 1


def test_every_web_process_has_the_database_and_redis(site: Site) -> None:
    for web in site.webs:
        wait_for(partial(is_well, web), "the database, Redis and the model")


def test_what_one_web_process_stores_is_in_the_shared_database(site: Site) -> None:
    status, receipt = post(site.webs[0], "/api/v1/corrections", DRAWING)
    assert status == 201
    rows = site.database.query("SELECT id::text, label FROM feedback_correction")
    assert (receipt["id"], "7") in rows


def test_no_transaction_of_ours_can_hold_up_the_others_for_long(site: Site) -> None:
    with psycopg.connect(site.database.url(), options=POSTGRESQL_TIMEOUTS) as connection:
        for name, limit in (
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ):
            assert connection.execute(f"SHOW {name}").fetchone() == (limit,)


def test_web_processes_survive_the_loss_of_every_connection(site: Site) -> None:
    site.database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    for web in site.webs:
        wait_for(partial(has_database, web), "the database")


def test_a_newer_schema_disturbs_no_process(site: Site) -> None:
    for web in site.webs:  # so that their connections know the schema as it was
        use_everything(web)
    tables = site.database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    add_what_a_newer_version_needs(site.database.query, [name for (name,) in tables])
    for web in site.webs:
        use_everything(web)


def test_workers_look_for_work_and_go_on_when_one_is_killed(site: Site) -> None:
    names = ["worker-1", "worker-2"]
    # Two kicks a second apart may always meet the same of two that wait for a second each.
    wait_for(lambda: site.kicks(*names), "a kick")
    first, other = sorted(names, key=site.kicks, reverse=True)
    killed = site.running.pop(first)
    children = psutil.Process(killed.pid).children()
    assert children
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not psutil.wait_procs(children, timeout=10)[1]
    before = site.kicks(other)
    wait_for(lambda: site.kicks(other) > before + 1, "the other worker")


def test_no_process_but_a_trainer_s_child_may_hold_torch(site: Site) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux says what a process has loaded")
    for name, process in site.running.items():
        theirs = [] if name.startswith("worker") else psutil.Process(process.pid).children()
        for one in [process.pid, *(child.pid for child in theirs)]:
            assert not holds_torch(one), name


def holds_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def test_all_stop_within_seconds_and_leave_nothing(site: Site) -> None:
    children = [
        child
        for process in site.running.values()
        for child in psutil.Process(process.pid).children(recursive=True)
    ]
    names = list(site.running)
    site.stop()
    site.running.clear()
    assert not psutil.wait_procs(children, timeout=10)[1]
    for name in names:
        assert "Traceback" not in site.said(name), site.said(name)
    assert not [name for name in os.listdir(ROOT) if "celerybeat" in name]  # noqa: PTH208
