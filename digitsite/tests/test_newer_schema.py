"""A newer version has migrated the database; this one goes on with it, and starts again on it."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from digitsite.tests import processes
from digitsite.tests.processes import Socket, Web

OURS = ("feedback_", "recognizer_", "trainer_", "auth_user", "django_session")
STROKES = [[[0, 0], [40, 0], [15, 60]]]
PATHS = (
    "/",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/models/1/card",
    "/admin/login/",
    "/api/v1/versions",
    "/api/v1/runs",
    "/api/v1/corrections",
)


def add_what_a_newer_version_needs(run: Callable[[str], object], tables: Iterable[str]) -> None:
    """Change a schema as additive migrations do: columns, a table, an index; nothing goes away."""
    for table in tables:
        if table.startswith(OURS):
            run(f"ALTER TABLE {table} ADD COLUMN later_optional text NULL")
            run(f"ALTER TABLE {table} ADD COLUMN later_counted integer NOT NULL DEFAULT 0")
    run("CREATE TABLE feedback_later (id integer PRIMARY KEY, of_correction integer NULL)")
    run("CREATE INDEX feedback_later_index ON feedback_correction (later_counted, created)")
    run(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('feedback', '9999_later', CURRENT_TIMESTAMP)"
    )


def ask(web: Web, method: str, path: str, content: Any = None, cookie: str = "") -> tuple[int, Any]:
    body = json.dumps(content).encode() if content else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nConnection: close\r\n"
        f"Cookie: {cookie}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    status, headers, answer = web.ask(head.encode() + body)
    return status, (headers, answer)


def use_everything(web: Web) -> None:
    """Do what people do; nothing may be answered with an error of ours."""
    for path in PATHS:
        assert ask(web, "GET", path)[0] < 500, path
    drawing = {"strokes": STROKES}
    assert ask(web, "POST", "/api/v1/predict", drawing)[0] == 200
    status, (headers, answer) = ask(web, "POST", "/api/v1/corrections", drawing | {"label": "7"})
    assert status == 201, answer
    mine = headers["set-cookie"].partition(";")[0]
    receipt = json.loads(answer)["id"]
    assert ask(web, "GET", f"/api/v1/corrections/{receipt}", cookie=mine)[0] == 200
    correct_by_socket(web, mine)
    assert ask(web, "GET", "/api/v1/corrections", cookie=mine)[0] == 200
    assert ask(web, "POST", "/api/v1/predict", drawing, mine)[0] == 200  # with what was taught
    status, (_, answer) = ask(web, "DELETE", "/api/v1/corrections", cookie=mine)
    assert (status, json.loads(answer)) == (200, {"deleted": 2})


def correct_by_socket(web: Web, cookie: str) -> None:
    status, socket = Socket.open(web, headers={"Cookie": cookie})
    assert status == 101
    proposed = str(uuid.uuid4())
    socket.send({"type": "drawing", "strokes": STROKES})
    socket.send({"type": "verdict", "label": "7", "id": proposed})
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != "receipt":
        opcode, payload = socket.read()
        assert opcode == 1, frames
        frames.append(json.loads(payload))
        assert frames[-1]["type"] != "error", frames
    assert frames[-1]["id"] == proposed
    socket.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def migrate(state: Path) -> None:
    with closing(sqlite3.connect(state / "db.sqlite3", timeout=20)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        with database:
            add_what_a_newer_version_needs(database.execute, [name for (name,) in tables])


def test_a_migration_that_adds_disturbs_nobody(state: Path, model: Path, tmp_path: Path) -> None:
    with processes.web(state, tmp_path / "before", MODEL=model) as web:
        use_everything(web)
        _, before = Socket.open(web)  # a socket stays, whatever happens to the tables
        migrate(state)
        use_everything(web)
        before.send({"type": "drawing", "strokes": STROKES})
        assert {before.read()[0], before.read()[0]} == {1}
        before.close()
        assert "Traceback" not in web.log, web.log
    with processes.web(
        state, tmp_path / "after", MODEL=model
    ) as web:  # rolled back, or one more of these
        use_everything(web)
        assert "Traceback" not in web.log, web.log
