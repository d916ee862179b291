"""Locks between processes that share a state directory; the system drops them when one dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Taken(Exception):
    """Another process has the lock."""


@contextmanager
def exclusive(path: Path, *, wait: bool) -> Iterator[int]:
    """Hold the lock of `path`; where it is taken, wait for it or raise `Taken`.

    Yields the open descriptor. The file stays: removing it would let two processes lock two files
    of one name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Taken(path) from None
        yield descriptor
    finally:
        os.close(descriptor)
