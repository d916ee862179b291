"""What the server refuses before any application code runs."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitsite.tests import processes
from digitsite.tests.processes import Web, read_answer

MEGABYTE = 2**20


def post(length: int | None) -> bytes:
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\n{how}\r\n\r\n".encode()


def test_a_body_that_announces_its_size_is_refused_at_once(server: Web) -> None:
    status, headers, body = server.ask(post(3 * MEGABYTE))
    assert status == 413
    assert headers["connection"] == "close"
    assert json.loads(body)["error"]["code"] == "size"


def test_a_client_that_sends_all_of_it_still_reads_the_answer(server: Web) -> None:
    before = server.memory()
    with server.connect() as connection:
        connection.sendall(post(40 * MEGABYTE))
        for _ in range(40):
            connection.sendall(bytes(MEGABYTE))
        status, _, _ = read_answer(connection)
    assert status == 413
    assert server.memory() - before < 10 * MEGABYTE


def test_a_chunked_body_is_refused_when_it_grows_too_large(server: Web) -> None:
    chunk = b"100000\r\n" + bytes(MEGABYTE) + b"\r\n"
    status, _, body = server.ask(post(None) + chunk * 4 + b"0\r\n\r\n")
    assert status == 413
    assert json.loads(body)["error"]["field"] is None


def test_no_hundred_continue_for_a_body_that_is_refused(server: Web) -> None:
    request = post(3 * MEGABYTE).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert server.ask(request)[0] == 413


def test_a_body_within_the_limit_reaches_the_application(server: Web) -> None:
    body = b"[" * 100_000
    status, _, answer = server.ask(post(len(body)) + body)
    assert 400 <= status < 500
    assert json.loads(answer)["error"]["code"] != "size"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"{}", b"HTTP/1.1 422 Unprocessable "),
        (b"[", b"HTTP/1.1 400 Bad Request\r\n"),
        (b'{"strokes": []}', b"HTTP/1.1 200 OK\r\n"),
    ],
)
def test_every_status_has_its_name(server: Web, body: bytes, line: bytes) -> None:
    kind = b"Content-Type: application/json\r\nConnection: close\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(post(len(body)).removesuffix(b"\r\n") + kind + body)
        assert connection.recv(65_536).startswith(line)


def test_a_form_is_left_to_the_application(server: Web) -> None:
    form = b"Content-Type: multipart/form-data\r\n\r\n"
    request = post(5).replace(b"\r\n\r\n", b"\r\n" + form) + b"wrong"
    status, headers, _ = server.ask(request)
    assert 400 <= status < 500
    assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["line", "colon", "length", "header", "address"],
)
def test_a_malformed_head_gets_our_400(server: Web, request_bytes: bytes) -> None:
    status, headers, body = server.ask(request_bytes)
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["error"]["code"] == "request"


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: localhost\r\n"])
@pytest.mark.parametrize("path", [b"/", b"/health/live", b"/static/admin/css/base.css"])
def test_http_1_1_names_one_host(server: Web, path: bytes, hosts: bytes) -> None:
    status, _, body = server.ask(b"GET " + path + b" HTTP/1.1\r\n" + hosts + b"\r\n")
    assert status == 400
    assert json.loads(body)["error"]["code"] == "request"


def test_http_1_0_names_none(server: Web) -> None:
    assert server.ask(b"GET /health/live HTTP/1.0\r\n\r\n")[0] == 200


def test_an_unknown_host_is_refused_everywhere(server: Web) -> None:
    for path in ("/", "/health/", "/api/v1/versions", "/static/admin/css/base.css", "/admin/"):
        assert server.get(path, Host="evil.example")[0] == 400


def test_a_client_cannot_rename_our_paths(server: Web) -> None:
    _, headers, _ = server.get("/admin/", **{"Daphne-Root-Path": "/evil"})
    assert headers["location"] == "/admin/login/?next=/admin/"


def test_no_answer_names_the_server(server: Web) -> None:
    assert "server" not in server.get("/health/live")[1]


def test_two_requests_of_one_connection_are_answered(server: Web) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(request)
        assert read_answer(connection)[0] == 200
        connection.sendall(request)
        assert read_answer(connection)[0] == 200


@pytest.fixture(scope="module")
def hasty(server: Web, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a server whose deadlines are a second or two."""
    folder = tmp_path_factory.mktemp("hasty")
    deadlines = {"HEAD_SECONDS": 1, "BODY_SECONDS": 2}
    with processes.web(server.state, folder / "log", MODEL=model, **deadlines) as running:
        yield running


def test_a_trickle_of_headers_does_not_hold_a_connection(hasty: Web) -> None:
    started = time.monotonic()
    with hasty.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        try:
            while time.monotonic() < started + 5:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.2)
                connection.setblocking(False)
                try:
                    answer = connection.recv(1000)
                except BlockingIOError:
                    connection.settimeout(5)
                    continue
                break
        except OSError:
            answer = b""
    assert time.monotonic() - started < 3
    assert answer == b"" or b" 408 " in answer


def test_a_trickle_of_body_does_not_hold_a_connection(hasty: Web) -> None:
    with hasty.connect() as connection:
        connection.sendall(post(1000))
        for _ in range(9):
            connection.sendall(b"x")
            time.sleep(0.2)
        assert read_answer(connection)[0] == 408


def test_a_body_that_never_comes_ends_in_the_same_way(hasty: Web) -> None:
    started = time.monotonic()
    with hasty.connect() as connection:
        connection.sendall(post(1000))
        assert read_answer(connection)[0] == 408
    assert time.monotonic() - started > 1.8


def test_a_connection_is_closed_after_a_request_too(hasty: Web) -> None:
    body = b"[" * 10
    with hasty.connect() as connection:
        connection.sendall(post(len(body)))
        time.sleep(1.5)  # longer than a connection may be idle
        connection.sendall(body)
        assert 400 <= read_answer(connection)[0] < 500
        assert connection.recv(1) == b""


def test_a_silent_connection_is_closed(hasty: Web) -> None:
    with hasty.connect() as connection:
        assert connection.recv(1) == b""
