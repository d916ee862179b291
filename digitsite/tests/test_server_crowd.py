"""Many who come at once, as all do whose server was restarted."""

import signal
import socket
from contextlib import ExitStack

from digitsite.tests.processes import Web, wait_for

CROWD = 100  # every system that we know lets a server have as many wait


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
