"""Many who come at once, as all do whose server was restarted."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from digitsite.tests import processes
from digitsite.tests.processes import PATIENCE, Socket, Web, read_answer, wait_for

CROWD = 100  # every system that we know lets a server have as many wait
# The second that a newcomer is waited for may be over before a slow machine lets us ask.
PATIENT = f"""
from digitsite import server, server_http
server_http.NEWCOMER_SECONDS = server.GRACE_SECONDS = {PATIENCE}
"""


def test_nobody_is_turned_away_while_the_server_is_busy(server: Web) -> None:
    with ExitStack() as stack:
        server.process.send_signal(signal.SIGSTOP)  # it accepts nobody
        stack.callback(server.process.send_signal, signal.SIGCONT)
        crowd = [stack.enter_context(socket.socket()) for _ in range(CROWD)]
        for connection in crowd:
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", server.port))
        # Whom the system has no room for tries again by itself, but not before a second is over.
        wait_for(lambda: all(map(is_connected, crowd)), "everybody to be in the queue", 0.9)


def is_connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def test_who_has_come_before_a_stop_is_still_answered(tmp_path: Path, model: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(processes.web(tmp_path, tmp_path / "log", MODEL=model))
        server.process.send_signal(signal.SIGSTOP)  # it accepts nobody
        crowd = [stack.enter_context(server.connect()) for _ in range(3 * CROWD)]
        for connection in crowd:
            connection.sendall(
                f"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
            )
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        answers = [read_answer(connection)[0] for connection in crowd]
        assert answers == [200] * 3 * CROWD


@contextmanager
def stopping(folder: Path, model: Path) -> Iterator[tuple[Web, socket.socket]]:
    """Run a server that was told to stop, with a connection that has asked nothing yet."""
    with (
        processes.web(folder, folder / "log", before=PATIENT, MODEL=model) as server,
        server.connect() as connection,
    ):
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not is_listening(server.port), "the server to take nobody any more")
        yield server, connection


def test_who_has_connected_before_a_stop_is_waited_for(tmp_path: Path, model: Path) -> None:
    """As a proxy that has not passed the request on yet."""
    with stopping(tmp_path, model) as (server, connection):
        time.sleep(0.2)
        connection.sendall(
            f"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
        )
        assert read_answer(connection)[0] == 200


def test_a_socket_that_is_greeted_after_the_stop_is_told_as_well(
    tmp_path: Path, model: Path
) -> None:
    with stopping(tmp_path, model) as (server, connection):
        status, late = Socket.open(server, over=connection)
        assert (status, late.read_until_close()) == (101, 1012)
        assert server.process.wait(PATIENCE) == 0


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
