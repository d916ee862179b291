"""The open sockets of this process, as a thread outside their event loop may address them.

Knows nothing about versions or frames.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

Send = Callable[[str], Awaitable[None]]

_AT_ONCE: Final = 20  # then the loop serves those who draw


class OpenSockets:
    """Who can be told something, each on the event loop that it lives on."""

    def __init__(self) -> None:
        self._loops: dict[Send, asyncio.AbstractEventLoop] = {}
        self._sending: set[asyncio.Future[None]] = set()

    def enter(self, send: Send) -> None:
        """Tell this one from now on; called on its loop."""
        self._loops[send] = asyncio.get_running_loop()

    def leave(self, send: Send) -> None:
        """Tell it nothing any more."""
        self._loops.pop(send, None)

    def tell(self, text: str) -> None:
        """Send a text to all; returns at once, from any thread."""
        for loop in set(self._loops.copy().values()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._begin, loop, text)

    def _begin(self, loop: asyncio.AbstractEventLoop, text: str) -> None:
        self._keep(loop.create_task(self._send_all(loop, text)))

    async def _send_all(self, loop: asyncio.AbstractEventLoop, text: str) -> None:
        here = [send for send, its in self._loops.items() if its is loop]
        for index, send in enumerate(here):
            # A task each: one that does not read must not keep the others waiting.
            if send in self._loops:
                self._keep(asyncio.ensure_future(send(text)))
            if index % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)

    def _keep(self, task: asyncio.Future[None]) -> None:
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
