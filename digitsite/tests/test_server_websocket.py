"""What the server does for websockets beside carrying frames: reasons, limits, back-pressure."""

import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from digitsite.tests import processes
from digitsite.tests.processes import PATIENCE, Socket, Web, frame, wait_for

MEGABYTE = 2**20
POINTS = {"type": "points", "n": 1, "stroke": 0, "start": 0, "points": [[1, 1], [50, 80]]}


Open = Callable[..., Socket]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a way to open websockets that are closed with the test."""
    with ExitStack() as stack:

        def open_one(server: Web, receive_buffer: int | None = None) -> Socket:
            status, socket = Socket.open(server, receive_buffer=receive_buffer)
            stack.callback(socket.close)
            assert status == 101
            return socket

        yield open_one


def test_a_frame_far_over_the_limit_is_answered_with_1009(server: Web, opened: Open) -> None:
    socket = opened(server)
    socket.send(bytes(140_000))
    assert socket.read_until_close() == 1009


def test_a_message_of_many_frames_far_over_the_limit_is_answered_with_1009(
    server: Web, opened: Open
) -> None:
    socket = opened(server)
    first = bytearray(frame(b"x" * 80_000))
    first[0] &= 0x7F  # not the last frame of its message
    socket.connection.sendall(bytes(first) + frame(b"x" * 80_000, opcode=0))
    assert socket.read_until_close() == 1009


def test_a_frame_without_mask_is_answered_with_1002(server: Web, opened: Open) -> None:
    socket = opened(server)
    socket.connection.sendall(b"\x81\x02{}")
    assert socket.read_until_close() == 1002


def test_text_that_is_not_utf8_is_answered_with_1007(server: Web, opened: Open) -> None:
    socket = opened(server)
    socket.send(b"\xff\xfe")
    assert socket.read_until_close() == 1007


def test_the_application_may_close_with_1008_and_say_why(server: Web, opened: Open) -> None:
    socket = opened(server)
    for _ in range(30):
        socket.send(b"not json")
    assert socket.read_until_close() == 1008
    assert socket.reason == "too many bad frames in a minute"


def test_a_flood_neither_grows_memory_nor_stops_others(server: Web, opened: Open) -> None:
    before = server.memory()
    flooding = opened(server)
    end = time.monotonic() + 1.5

    def flood() -> None:
        frames = frame({**POINTS, "points": [[1.5, 2.5]] * 500}) * 20
        try:
            while time.monotonic() < end:
                flooding.connection.sendall(frames)
        except OSError:
            pass  # it may be closed for it

    thread = threading.Thread(target=flood)
    thread.start()
    waits = []
    while time.monotonic() < end:
        started = time.monotonic()
        assert server.get("/health/live")[0] == 200
        waits.append(time.monotonic() - started)
    thread.join()
    assert server.memory() - before < 50 * MEGABYTE
    assert min(waits) < 0.5


def test_clients_that_do_not_read_are_dropped_and_cost_no_memory(
    state: Path, model: Path, tmp_path: Path, opened: Open
) -> None:
    settings = {
        "MODEL": model,
        "STALLED_SECONDS": 1,
        "BAD_FRAMES_PER_MINUTE": 10**9,
        "FRAMES_PER_SECOND": 10**9,
        "FRAME_BURST": 10**9,
    }
    with processes.web(state, tmp_path / "log", **settings) as server:
        before = server.memory()
        socket = opened(server, receive_buffer=4096)
        socket.connection.settimeout(0.2)
        # Each of these frames is answered with an error that is longer than itself.
        questions = frame(b"{}") * 1000

        def is_dropped() -> bool:
            try:
                socket.connection.send(questions)
            except TimeoutError:
                return False  # the server has stopped reading, as nobody reads its answers
            except OSError:
                return True
            return False

        wait_for(is_dropped, "the server to drop the client", PATIENCE)
        assert server.memory() - before < 30 * MEGABYTE
        assert opened(server).read()[0] == 1


def test_a_stop_tells_every_socket_1012(
    state: Path, model: Path, tmp_path: Path, opened: Open
) -> None:
    with processes.web(state, tmp_path / "log", MODEL=model) as server:
        sockets = [opened(server) for _ in range(20)]
        server.process.send_signal(signal.SIGTERM)
        for socket in sockets:
            assert socket.read_until_close() == 1012
            with suppress(ConnectionError):  # on a slow machine it may have waited long enough
                socket.send(struct.pack("!H", 1012), opcode=8)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log


def test_a_stop_does_not_wait_for_clients_that_are_silent(
    state: Path, model: Path, tmp_path: Path, opened: Open
) -> None:
    with processes.web(state, tmp_path / "log", MODEL=model) as server:
        silent = opened(server)
        with server.connect() as half:
            half.sendall(b"GET / HTTP/1.1\r\n")
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(PATIENCE) == 0
        assert silent.read_until_close() == 1012
        assert "Traceback" not in server.log
