"""The quick way of a whole text frame, against Autobahn's own way for every frame."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple
from unittest.mock import Mock, patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from digitsite import whole_texts
from digitsite.server_websocket import SocketFactory
from digitsite.tests.test_server_sending import Accepted

LONGEST = 300  # bytes: what these sockets take
KEY = b"\x12\x00\xff\x80"


def client_frame(
    payload: bytes, *, first: int = 0x81, masked: bool = True, length_bytes: int | None = None
) -> bytes:
    """Return a client's frame; `length_bytes` forces a longer form of its length than is needed."""
    length = len(payload)
    if length_bytes is None:
        length_bytes = 0 if length < 126 else 2 if length < 1 << 16 else 8
    short = {0: length, 2: 126, 8: 127}[length_bytes]
    head = struct.pack("!BB", first, short | (0x80 if masked else 0))
    head += length.to_bytes(length_bytes, "big") if length_bytes else b""
    if not masked:
        return head + payload
    return head + KEY + bytes(b ^ KEY[i % 4] for i, b in enumerate(payload))


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 125, 126, 127, 299, 300])
def test_a_whole_text_is_read(length: int) -> None:
    text = bytes(65 + i % 26 for i in range(length))
    assert whole_texts.read(client_frame(text), LONGEST) == text


def test_a_text_may_have_any_characters() -> None:
    assert whole_texts.read(client_frame("é…😀".encode()), LONGEST) == "é…😀".encode()


@pytest.mark.parametrize(
    "chunk",
    [
        b"",
        b"\x81",
        client_frame(b"{}")[:-1],
        client_frame(b"x" * 200)[:7],
        client_frame(b"{}") + b"\x81",
        client_frame(b"{}") * 2,
        client_frame(b"{}", masked=False),
        client_frame(b"{}", first=0x82),  # binary
        client_frame(b"{}", first=0x01),  # more is to come
        client_frame(b"{}", first=0x80),  # the last of several
        client_frame(b"{}", first=0xC1),  # compressed
        client_frame(b"", first=0x88),  # close
        client_frame(b"", first=0x89),  # ping
        client_frame(b"{}", length_bytes=2),
        client_frame(b"{}", length_bytes=8),
        client_frame(b"x" * 301),
        client_frame(b"x" * 65536),
        client_frame(b"\xff"),
        client_frame("…".encode()[:-1]),
    ],
)
def test_all_else_is_left_to_autobahn(chunk: bytes) -> None:
    assert whole_texts.read(chunk, LONGEST) is None


# One text, or what Autobahn has to look at; cut anywhere, since a network cuts anywhere.
_TEXTS = st.text(max_size=LONGEST // 2).map(str.encode)
_FRAMES = st.one_of(
    _TEXTS.map(client_frame),
    _TEXTS.map(client_frame),
    st.tuples(_TEXTS, _TEXTS).map(
        lambda two: client_frame(two[0], first=0x01) + client_frame(two[1], first=0x80)
    ),
    st.binary(max_size=20).map(lambda data: client_frame(data, first=0x89)),
    # Nearly right: too long, not UTF-8, a length in too long a form, without mask.
    st.builds(
        client_frame,
        st.sampled_from([b"{}", b"x" * LONGEST, b"x" * (LONGEST + 1), b"\xff", "…".encode()[:-1]]),
        masked=st.sampled_from([True, True, False]),
        length_bytes=st.sampled_from([None, 2, 8]),
    ),
    st.builds(client_frame, st.binary(max_size=20), first=st.integers(0, 255)),
)


@st.composite
def chunks(draw: st.DrawFn) -> list[bytes]:
    """Return some frames as they may come out of a socket."""
    frames = draw(st.lists(_FRAMES, max_size=6))
    if not draw(st.booleans()):
        return frames
    stream = b"".join(frames)
    ends = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    return [stream[a:b] for a, b in zip([0, *ends], [*ends, len(stream)], strict=True) if a < b]


class Message(NamedTuple):
    """What a socket hands on, by Autobahn's names."""

    payload: bytes
    isBinary: bool  # noqa: N815


def outcome(
    received: Sequence[bytes], pong_due: Mock | None = None
) -> tuple[list[Message], bytes, int]:
    """Return what a socket hands on, what it sends, and its state, after all chunks."""
    factory = SocketFactory(None, stalled_seconds=1)
    factory.setProtocolOptions(maxMessagePayloadSize=LONGEST, maxFramePayloadSize=LONGEST)
    address = IPv4Address("TCP", "127.0.0.1", 1)
    protocol: Any = factory.buildProtocol(address)
    transport = Accepted(peerAddress=address)
    with (
        patch.object(protocol, "_unsent", side_effect=bytes),
        patch.object(protocol, "onMessage") as heard,
    ):
        protocol.makeConnection(transport)
        protocol.state = protocol.STATE_OPEN
        protocol.inside_message, protocol.current_frame = False, None
        protocol.websocket_version, protocol._perMessageCompress = 13, None
        protocol.maskServerFrames = False
        protocol.autoPingTimeoutCall = pong_due
        for chunk in received:
            protocol.dataReceived(chunk)
        state = protocol.state
        protocol.connectionLost(Failure(ConnectionDone()))
    texts = [Message(*call.args, **call.kwargs) for call in heard.call_args_list]
    return texts, transport.value(), state


@given(chunks())
@example([client_frame(b"x" * (LONGEST + 1))])
@example([client_frame(b"{}"), client_frame(b"\xff"), client_frame(b"{}")])
def test_both_ways_come_to_the_same(received: list[bytes]) -> None:
    quick = outcome(received)
    with patch.object(whole_texts, "read", return_value=None):
        assert quick == outcome(received)


def test_the_quick_way_is_taken_and_never_within_a_message() -> None:
    first, rest = client_frame(b"a", first=0x01), client_frame(b"b")
    with patch.object(whole_texts, "read", wraps=whole_texts.read) as read:
        heard, sent, _ = outcome([client_frame(b"{}"), first, rest])
        assert read.call_args_list[0].args[0] == client_frame(b"{}")
        assert read.call_count == 2  # of the message, and of the first half of another
    assert heard == [Message(b"{}", isBinary=False)]
    assert sent[:1] == b"\x88"  # a text within a message: closed


@pytest.mark.parametrize("is_quick", [True, False])
def test_whatever_comes_stands_for_a_pong(is_quick: bool) -> None:
    with patch.object(whole_texts, "read", return_value=b"{}" if is_quick else None):
        due = outcome([client_frame(b"{}")], pong_due := Mock())
    assert due[0] == [Message(b"{}", isBinary=False)]
    pong_due.cancel.assert_called_once_with()


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_what_is_written_is_read_by_a_client(length: int) -> None:
    written = whole_texts.written("x" * length)
    head = len(written) - length
    assert written[head:] == b"x" * length
    assert head == (2 if length < 126 else 4 if length < 65536 else 10)
