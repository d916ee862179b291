"""One connection's latest-wins loop: newest state in, answer out, the last one always answered.

Throttles on both edges: an answer starts at once when none is due, and whatever arrives while one
is in flight or too recent is covered by exactly one more. Knows nothing about sockets, drawings or
Django; time comes from the running event loop, so tests can run it on a clock of their own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


class LatestWins:
    """Calls `answer` after `notify`, one call at a time, starts at least `interval()` s apart.

    `answer` takes the newest state by itself; every state that was notified before a call began is
    covered by that call or a later one.
    """

    def __init__(
        self, answer: Callable[[], Awaitable[None]], interval: Callable[[], float]
    ) -> None:
        self._answer = answer
        self._interval = interval
        self._pending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._next = 0.0  # loop time before which no answer may start
        self.opened = 0.0  # what `_next` was for the answer in flight: waiting until then is meant

    def notify(self) -> None:
        """Say that there is something new to answer. Returns at once.

        Raises what `answer` raised, if an earlier call of it failed.
        """
        self._pending.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif self._task.done():
            self._task.result()  # an answer failed: raise that here, rather than fall silent

    async def close(self) -> None:
        """Stop; an answer in flight is cancelled. Raises what `answer` had raised, if it had."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._pending.wait()
            if (wait := self._next - loop.time()) > 0:
                await asyncio.sleep(wait)
            self._pending.clear()
            self.opened, self._next = self._next, loop.time() + self._interval()
            await self._answer()
