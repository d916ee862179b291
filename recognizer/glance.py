"""Looks at what may hang, without anybody waiting for long.

There is one look at a time, in a thread of its own: whoever asks meanwhile waits for the same one,
and what it found is kept for a moment. So a flood of questions is one look, and what hangs holds
one thread and no event loop. Knows nothing about what is looked at.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Glance(Generic[T]):
    """One kind of look."""

    def __init__(
        self, look: Callable[[], T], *, name: str, kept: float = 1.0, patience: float = 1.0
    ) -> None:
        """Keep what `look` returns for `kept` seconds; wait for it for `patience` seconds."""
        self._look = look
        self._name = name
        self._kept = kept
        self._patience = patience
        self._lock = Lock()
        self._latest: Future[T] | None = None
        self._began = 0.0  # monotonic times of the latest look
        self._ended = 0.0

    async def ask(self) -> T:
        """Return what the latest look found, and look first where that is too long ago.

        Raises:
            TimeoutError: the look takes longer than anybody should wait; it goes on.
            Exception: what the look raised.
        """
        found, deadline = self._newest()
        if found.done():
            return found.result()
        left = max(0.0, deadline - time.monotonic())
        async with asyncio.timeout(left):
            return await asyncio.wrap_future(found)

    def _newest(self) -> tuple[Future[T], float]:
        with self._lock:
            if self._latest is None or (
                self._latest.done() and time.monotonic() >= self._ended + self._kept
            ):
                found: Future[T] = Future()
                found.set_running_or_notify_cancel()  # who gives up waiting cancels nothing
                # A daemon: a process has to end also while its database hangs.
                Thread(target=self._run, args=[found], name=self._name, daemon=True).start()
                self._latest, self._began = found, time.monotonic()
            return self._latest, self._began + self._patience

    def _run(self, found: "Future[T]") -> None:
        try:
            result = self._look()
        except BaseException as error:
            self._ended = time.monotonic()
            found.set_exception(error)
        else:
            self._ended = time.monotonic()
            found.set_result(result)
