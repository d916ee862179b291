"""A frame weighs what it weighs on the wire."""

import json

import pytest

from benchmarks import wire
from benchmarks.attackers import client_frame
from recognizer import messages


@pytest.mark.parametrize(
    ("payload", "header"), [(0, 6), (125, 6), (126, 8), (65_535, 8), (65_536, 14)]
)
def test_the_header_grows_with_the_payload(payload: int, header: int) -> None:
    assert wire.header_bytes(payload) == header
    assert len(client_frame("x" * payload)) == payload + header


def test_bytes_and_not_characters_are_counted() -> None:
    assert wire.client_bytes("é") == 2 + 6


def test_frames_are_written_as_the_page_writes_them() -> None:
    text = wire.numbered(wire.encode(wire.points_frame(0, 12, [[1, 2], [3, 4]])), 7)
    assert text == '{"type":"points","stroke":0,"start":12,"points":[[1,2],[3,4]],"n":7}'
    assert messages.parse(text).n == json.loads(text)["n"] == 7
