"""Asks the database for all together who want to know the same kind of thing at the same moment.

After a restart hundreds of sockets come back within seconds, and all share the database's thread.
Whoever asks while it is busy waits for the next common answer, not for a place in a queue of them,
and what people submit waits for one of these at most. Knows nothing about sockets or rows.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from channels.db import database_sync_to_async
from django.db import Error

Question = TypeVar("Question")
Answer = TypeVar("Answer")

_AT_ONCE: Final = 16  # questions: some need a query or two of their own


class Together(Generic[Question, Answer]):
    """Collects questions while others are being answered."""

    def __init__(self, answer: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        self._answer = answer  # called in the database's thread: an answer for each question
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Return the answer to one question. Raises what answering it raised."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, told))
        if self._task is None:
            self._task = loop.create_task(self._go())
        return await told

    async def _go(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._tell(some)
        finally:  # cancelled with its loop, it leaves nobody to the next one
            self._task = None
            self._waiting.clear()

    async def _tell(self, some: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await database_sync_to_async(self._answer)([one for one, _ in some])
        except Exception as error:
            if len(some) > 1 and not isinstance(error, Error):
                for one in some:  # the fault of one must not be everybody's
                    await self._tell([one])
                return
            for _, told in some:
                if not told.done():
                    told.set_exception(error)
            return
        for (_, told), answer in zip(some, answers, strict=True):
            if not told.done():
                told.set_result(answer)
