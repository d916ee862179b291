"""Work that takes too long for the event loop: one thread, and a bounded queue before it.

What waits is refused rather than piled up. Knows nothing about what the work is.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Busy(Exception):
    """So much waits already that more would not be done in time."""


class Aside:
    """One thread of its own for one kind of work."""

    def __init__(self, name: str, most: int) -> None:
        """At most `most` pieces of work are under way or wait."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._most = most
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` in its turn and return what it returns.

        Raises:
            Busy: too much waits; nothing was done.
        """
        if self._waiting >= self._most:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
