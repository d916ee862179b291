"""Work that one connection has to do aside, in turn: whoever asks for it goes on at once.

Bounded, and without a task while there is nothing to do. Knows nothing about sockets or rows.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

logger = logging.getLogger(__name__)

Errand = Callable[[], Awaitable[None]]

# A connection may end before its errands do; the loop itself holds tasks only weakly.
_running: Final[set[asyncio.Task[None]]] = set()


class Errands:
    """Runs what it is given, one after the other, in the order of arrival."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Errand] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, errand: Errand) -> bool:
        """Take an errand; False, and nothing happens, when too many wait already."""
        if len(self._waiting) >= self._limit:
            return False
        self._waiting.append(errand)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
            _running.add(self._task)
            self._task.add_done_callback(_running.discard)
        return True

    async def finished(self) -> None:
        """Wait until nothing is left to do."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                errand = self._waiting.popleft()
                try:
                    await errand()
                except Exception:
                    # One that fails must not take the others with it.
                    logger.exception("an errand failed")
        finally:
            self._task = None
