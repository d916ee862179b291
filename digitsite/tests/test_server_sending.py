"""Frames leave at once, and in order, whatever the system takes of them."""

from typing import Any
from unittest.mock import Mock, patch

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from digitsite.server_websocket import SocketFactory, SocketProtocol


class Transport:
    """A TCP transport of Twisted, as far as sending asks it."""

    TLS = False
    connected = True
    disconnecting = False
    dataBuffer = b""  # noqa: N815

    def __init__(self, takes: int | Exception) -> None:
        self.takes = takes
        self.sent = b""
        self._tempDataBuffer: list[bytes] = []

    def writeSomeData(self, data: bytes) -> int | Exception:  # noqa: N802
        if isinstance(self.takes, Exception):
            return self.takes
        self.sent += data[: self.takes]
        return min(self.takes, len(data))

    def write(self, data: bytes) -> None:
        self._tempDataBuffer.append(data)

    @property
    def waiting(self) -> bytes:
        return b"".join(self._tempDataBuffer)


class Accepted(StringTransport):
    """A TCP transport of Twisted, as far as a new connection asks it."""

    def getHandle(self) -> Mock:  # noqa: N802
        return Mock()

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None


def over(transport: Transport) -> Any:
    protocol = SocketProtocol()
    protocol.transport = transport
    protocol.send_queue = []
    return protocol


def test_a_frame_leaves_at_once() -> None:
    transport = Transport(takes=100)
    over(transport).sendData(b"frame")
    assert (transport.sent, transport.waiting) == (b"frame", b"")


def test_what_the_system_does_not_take_waits_and_all_that_comes_after_it() -> None:
    transport = Transport(takes=3)
    protocol = over(transport)
    protocol.sendData(b"frame")
    protocol.sendData(b"next")
    assert (transport.sent, transport.waiting) == (b"fra", b"menext")


@pytest.mark.parametrize(
    "state", [{"TLS": True}, {"connected": False}, {"disconnecting": True}, {"dataBuffer": b"x"}]
)
def test_nothing_overtakes_what_the_transport_has_to_do_first(state: dict[str, Any]) -> None:
    transport = Transport(takes=100)
    vars(transport).update(state)
    over(transport).sendData(b"frame")
    assert (transport.sent, transport.waiting) == (b"", b"frame")


def test_a_connection_that_is_gone_is_left_to_the_transport() -> None:
    transport = Transport(takes=ConnectionLost())
    over(transport).sendData(b"frame")
    assert transport.waiting == b"frame"


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_text_is_one_frame_of_its_length(length: int, header: bytes) -> None:
    transport = Transport(takes=100_000)
    protocol = over(transport)
    protocol.state = protocol.STATE_OPEN
    protocol.serverSend("x" * length)
    assert transport.sent == header + b"x" * length


def test_the_length_is_that_of_the_bytes() -> None:
    transport = Transport(takes=100)
    protocol = over(transport)
    protocol.state = protocol.STATE_OPEN
    protocol.serverSend("…")
    assert transport.sent == b"\x81\x03" + "…".encode()


def test_a_new_connection_s_options_are_not_laid_out_for_a_log_that_nobody_reads() -> None:
    factory = SocketFactory(None, stalled_seconds=1)
    protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    transport = Accepted(peerAddress=IPv4Address("TCP", "127.0.0.1", 1))
    with patch("pprint.PrettyPrinter", side_effect=AssertionError):
        protocol.makeConnection(transport)
    assert protocol.connected
    protocol.connectionLost(Failure(ConnectionDone()))
