"""The two frames that all drawing is made of, read and written in one go (RFC 6455 section 5.2).

A text message of the client that came whole in one chunk of bytes, and one of the server. Whatever
else arrives, above all whatever is wrong, is Autobahn's: its own way goes through fragments,
compression, close codes and statistics, and takes ten times as long for these.
"""

import struct
from typing import Final

_TEXT: Final = 0x81  # final, opcode 1
_MASKED: Final = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # instead of a length: how many bytes say it
_KEY: Final = 4  # bytes


def read(chunk: bytes, longest: int) -> bytes | None:
    """Return the UTF-8 of a chunk that is exactly one valid, masked text frame, else None.

    None for texts over `longest` bytes (or 65535), too: refusing them needs a close code.
    """
    if len(chunk) < 2 + _KEY or chunk[0] != _TEXT or chunk[1] < _MASKED:
        return None
    length, start = chunk[1] - _MASKED, 2
    if length == _TWO_BYTES:
        length, start = chunk[2] << 8 | chunk[3], 4
        if length < _TWO_BYTES:
            return None
    elif length == _EIGHT_BYTES:
        return None
    start += _KEY
    if length > longest or len(chunk) != start + length:
        return None
    # Python's integers are the fastest exclusive or in its own library.
    key = (chunk[start - _KEY : start] * (length // _KEY + 1))[:length]
    plain = int.from_bytes(chunk[start:], "big") ^ int.from_bytes(key, "big")
    text = plain.to_bytes(length, "big")
    try:
        text.decode()
    except UnicodeDecodeError:
        return None
    return text


def written(text: str) -> bytes:
    """Return the one frame of a whole text message of the server."""
    payload = text.encode()
    length = len(payload)
    if length < _TWO_BYTES:
        head = struct.pack("!BB", _TEXT, length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", _TEXT, _TWO_BYTES, length)
    else:
        head = struct.pack("!BBQ", _TEXT, _EIGHT_BYTES, length)
    return head + payload
