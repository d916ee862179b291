"""Real processes: what was acknowledged survives kill -9, what was deleted is nowhere any more."""

import json
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from digitsite.tests import processes, tiny_version
from digitsite.tests.processes import Socket, Web
from feedback.tests.sockets import key

CANARY = 123.4567890625  # a coordinate that nothing else has


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_version.write(tmp_path_factory.mktemp("versions") / "tiny")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def drawing(number: int) -> dict[str, object]:
    strokes = [[[CANARY, number], [40 + 7 * number, 3], [15, 60 - number]]]
    return {"type": "drawing", "strokes": strokes}


def verdict(proposed: str) -> dict[str, object]:
    return {"type": "verdict", "label": "7", "id": proposed, "device": "pen"}


def receipts(socket: Socket, count: int) -> Iterator[str]:
    """Read frames until so many receipts have come."""
    while count:
        opcode, payload = socket.read()
        assert opcode == 1, f"the socket has closed with {count} receipts to come"
        frame = json.loads(payload)
        if frame["type"] == "receipt":
            count -= 1
            yield frame["id"]


def is_stored(server: Web, correction: str) -> bool:
    return server.get(f"/api/v1/corrections/{correction}")[0] == 200


def ask(server: Web, method: str, path: str, body: str = "", cookie: str = "") -> tuple[int, Any]:
    head = (
        f"{method} /api/v1/{path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Cookie: {cookie}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    status, _, answer = server.ask((head + body).encode())
    return status, json.loads(answer)


def post(server: Web, number: int = 99, cookie: str = "") -> str:
    body = json.dumps({"strokes": drawing(number)["strokes"], "label": "1"})
    status, answer = ask(server, "POST", "corrections", body, cookie)
    assert status == 201, answer
    return str(answer["id"])


def test_an_acknowledged_correction_survives_kill_9(
    state: Path, model: Path, tmp_path: Path
) -> None:
    person = key()
    with processes.web(
        state, tmp_path / "first", MODEL=model, SECRET_KEY=settings.SECRET_KEY
    ) as server:
        _, socket = Socket.open(server, headers={"Cookie": f"person={person}"})
        for number in range(12):
            socket.send(drawing(number))
            socket.send(verdict(str(uuid.uuid4())))
        acknowledged = list(receipts(socket, 5))
        acknowledged.append(post(server))
        for number in range(12, 18):  # some of these are in the middle of being stored
            socket.send(drawing(number))
            socket.send(verdict(str(uuid.uuid4())))
        acknowledged += receipts(socket, 2)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
        socket.close()
    with processes.web(
        state, tmp_path / "second", MODEL=model, SECRET_KEY=settings.SECRET_KEY
    ) as server:
        assert len(acknowledged) == 8
        assert all(is_stored(server, correction) for correction in acknowledged)
    text = (tmp_path / "first").read_text() + (tmp_path / "second").read_text()
    assert "Traceback" not in text
    assert str(CANARY) not in text
    assert person not in text
    assert person.partition(":")[0] not in text


def test_forty_corrections_from_eight_clients_at_once_are_all_stored(
    state: Path, model: Path, tmp_path: Path
) -> None:
    with processes.web(state, tmp_path / "log", MODEL=model) as server:
        with ThreadPoolExecutor(8) as clients:
            ids = list(clients.map(lambda number: post(server, number), range(40)))
        assert len(set(ids)) == 40
        assert all(is_stored(server, correction) for correction in ids)
        assert "Traceback" not in server.log


def test_what_a_person_deletes_is_in_no_file_any_more(
    state: Path, model: Path, tmp_path: Path
) -> None:
    def files_with_it() -> list[str]:
        content = str(CANARY).encode()
        return [path.name for path in state.rglob("db.*") if content in path.read_bytes()]

    cookie = f"person={key()}"
    secret = {"SECRET_KEY": settings.SECRET_KEY}
    with processes.web(state, tmp_path / "log", MODEL=model, **secret) as server:
        for number in range(3):
            post(server, number, cookie)
        assert files_with_it()
        assert ask(server, "DELETE", "corrections", cookie=cookie) == (200, {"deleted": 3})
        assert not files_with_it()
