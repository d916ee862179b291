"""Frames as a browser puts them on the wire, and what they weigh there."""

from typing import Final

from examples.client import encode, points_frame

__all__ = ["MASK", "client_bytes", "encode", "header_bytes", "numbered", "points_frame"]

MASK: Final = 4  # bytes; a client masks every frame (RFC 6455 section 5.3)


def numbered(text: str, n: int) -> str:
    """Put `n` last into an encoded frame, where the page has it."""
    return f'{text[:-1]},"n":{n}}}'


def header_bytes(payload: int) -> int:
    """Return the size of a client's WebSocket frame header for so many bytes of payload."""
    length = 0 if payload < 126 else 2 if payload < 2**16 else 8
    return 2 + length + MASK


def client_bytes(text: str) -> int:
    """Return what a client's text frame weighs on the wire, header included, without TCP/IP."""
    payload = len(text.encode())
    return header_bytes(payload) + payload
