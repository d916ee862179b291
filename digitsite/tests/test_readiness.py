"""What a web process says of itself while its database is locked, hangs, and is back."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from digitsite.tests import postgres, processes
from digitsite.tests.processes import Web, missing, wait_for

SOON = 5.0  # seconds: one, and what a busy machine adds


def ready(web: Web) -> dict[str, Any]:
    """Ask; the answer has to come soon, and to be 200."""
    began = time.monotonic()
    status, _, body = web.get("/health/ready")
    assert (status, time.monotonic() - began < SOON) == (200, True)
    told: dict[str, Any] = json.loads(body)
    return told


def database(web: Web) -> str:
    return str(ready(web)["checks"]["database"])


def predicts(web: Web) -> bool:
    body = b'{"strokes": [[[0, 0], [40, 0], [15, 60]]]}'
    head = (
        f"POST /api/v1/predict HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return web.ask(head.encode() + body)[0] == 200


def survives(web: Web) -> None:
    """Be degraded with the reason, answer drawings and scrapes, and pile nothing up."""
    wait_for(lambda: database(web) == "down", "the database to be missed", 30)
    told = ready(web)
    assert told["status"] == "degraded"
    assert "corrections are kept by the page" in told["details"]["database"]
    assert predicts(web)
    status, _, figures = web.get("/metrics")
    assert (status, b"\ndatabase_up 0.0\n" in figures) == (200, True)
    before = psutil.Process(web.process.pid).num_threads()
    for _ in range(100):
        ready(web)
    assert psutil.Process(web.process.pid).num_threads() <= before + 3


def test_a_database_that_another_has_locked(state: Path, tmp_path: Path) -> None:
    with processes.web(state, tmp_path / "log") as web:
        wait_for(lambda: database(web) == "ok", "the database")  # a busy disk is slow
        with closing(sqlite3.connect(state / "db.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            survives(web)
            other.execute("ROLLBACK")
        wait_for(lambda: database(web) == "ok", "the database to be back", 30)
        assert "Traceback" not in web.log, web.log


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Suspend a process with its children."""
    parent = psutil.Process(pid)
    everyone = [parent, *parent.children(recursive=True)]
    for one in everyone:
        one.suspend()
    try:
        yield
    finally:
        for one in everyone:
            one.resume()


def test_a_postgresql_that_hangs(model: Path, tmp_path: Path) -> None:
    if not postgres.is_installed():
        missing("PostgreSQL is not installed")
    with (
        postgres.server() as server,
        processes.web(
            tmp_path / "state", tmp_path / "log", DATABASE_URL=server.url(), MODEL=model
        ) as web,
    ):
        wait_for(lambda: database(web) == "ok", "the database")
        with suspended(server.pid):
            survives(web)
        wait_for(lambda: database(web) == "ok", "the database to be back", 30)
        server.query("ALTER DATABASE postgres SET default_transaction_read_only = on")
        server.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        wait_for(
            lambda: "(ReadOnlySqlTransaction)" in ready(web)["details"].get("database", ""),
            "writes to be refused",
            30,
        )
        assert "Traceback" not in web.log, web.log
