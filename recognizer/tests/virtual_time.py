"""An event loop whose clock jumps to the next timer: timing tests without waiting."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class _NoWait(selectors.SelectSelector):
    """Never blocks; tells its loop how long it would have."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout:
            self.skipped += timeout
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time passes only while every task waits."""

    def __init__(self) -> None:
        self._no_wait = _NoWait()
        super().__init__(self._no_wait)

    def time(self) -> float:
        return self._no_wait.skipped


def run(main: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end on a virtual clock that starts at 0."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
