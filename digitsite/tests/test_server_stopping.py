"""How a server that is told to stop leaves: nobody at the door is cut, no answer stays behind."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from digitsite import server
from digitsite.reactor import reactor
from digitsite.server import Server
from digitsite.server_websocket import SocketProtocol


class Port:
    """A listening port, as far as closing asks it; so many wait at it."""

    def __init__(self, waiting: int) -> None:
        self.sessionno = 0
        self.done: list[str] = []
        self._waiting = waiting

    def doRead(self) -> None:  # noqa: N802
        self.done.append("let in")
        if self._waiting:
            self._waiting -= 1
            self.sessionno += 1

    def stopReading(self) -> None:  # noqa: N802
        self.done.append("stop")

    def connectionLost(self, reason: object) -> None:  # noqa: N802
        self.done.append("closed")


def test_the_port_closes_in_the_same_turn_after_the_last_was_let_in() -> None:
    port = Port(waiting=2)
    server._close(port)
    assert port.done == [*["let in"] * 3, "stop", "closed"]


def test_sockets_are_told_over_a_second_and_not_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or all of them would come back at once."""
    calls: list[tuple[float, object]] = []
    monkeypatch.setattr(reactor, "callLater", lambda *call: calls.append(call))
    sockets: list[Any] = [SocketProtocol() for _ in range(20)]
    found: Any = Server.__new__(Server)
    found.connections = {one: {} for one in (*sockets, object())}
    found._ports, found._leaving, found._stop_by = [], set(), 0.0
    found.shut_down()
    told = [(delay, call) for delay, call in calls if call != found._stop_when_quiet]
    assert [call for _, call in told] == [socket.go_away for socket in sockets]
    assert [delay for delay, _ in told] == pytest.approx([k / 20 for k in range(20)])


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server that is stopping, without connections; `looks` counts the looks to come."""
    found: Any = Server.__new__(Server)
    found.connections = {}
    found.http_factory = SimpleNamespace(expects_requests=lambda: False)
    found._leaving, found._was_quiet, found._stopped = set(), False, False
    found._stop_by = time.monotonic() + 100
    found.looks = 0
    found.stopped = False

    def call_later(seconds: float, look: object) -> None:
        found.looks += 1

    monkeypatch.setattr(reactor, "callLater", call_later)
    monkeypatch.setattr(found, "stop", lambda: setattr(found, "stopped", True))
    return found


def test_it_stops_when_it_was_quiet_twice(stopping: Any) -> None:
    stopping._stop_when_quiet()
    assert (stopping.stopped, stopping.looks) == (False, 1)
    stopping._stop_when_quiet()
    assert (stopping.stopped, stopping.looks) == (True, 1)


def test_what_comes_between_two_looks_is_answered_first(stopping: Any) -> None:
    stopping._stop_when_quiet()
    stopping.connections["request"] = {}
    stopping._stop_when_quiet()
    stopping.connections["request"]["disconnected"] = 1.0
    stopping._stop_when_quiet()
    assert not stopping.stopped
    stopping._stop_when_quiet()
    assert stopping.stopped


def test_it_does_not_wait_for_ever(stopping: Any) -> None:
    stopping.connections["request"] = {}
    stopping._stop_by = time.monotonic() - 1
    stopping._stop_when_quiet()
    assert stopping.stopped
