"""Answers together what is asked within one turn of the event loop: dynamic batching.

As in Clipper (Crankshaw et al. 2017, "Clipper: A Low-Latency Online Prediction Serving System") a
batch is as large as the queue is long, but nobody waits for one to fill: a lone question is
answered in the next turn. Under load many sockets are ready in one turn. Doing each step for all of
them in a row keeps its code and the network's weights in the processor's caches, which makes every
answer cheaper just when that matters (docs/experiments.md). Knows nothing about drawings, networks
or sockets.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Batch(Generic[Question, Answer]):
    """Collects the questions of one turn of the running event loop."""

    def __init__(self, answer: Callable[[Sequence[Question]], Sequence[Answer]], most: int) -> None:
        self._answer = answer  # called in the event loop: an answer for each question
        self._most = most  # questions in one go; the loop has a turn between two
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self, question: Question) -> asyncio.Future[Answer]:
        """Return the answer to one question, to be awaited. It raises what answering it raised.

        The question is looked at when the batch is answered, not before: what has changed until
        then is in the answer. One whose answer is cancelled until then is not answered.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what waited in a loop that has ended is waited for by nobody
            self._loop, self._waiting = loop, []
        told: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, told))
        if len(self._waiting) == 1:
            loop.call_soon(self._go)
        return told

    def _go(self) -> None:
        some, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._go)
        self._tell([one for one in some if not one[1].done()])

    def _tell(self, some: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        if not some:
            return
        try:
            answers = self._answer([question for question, _ in some])
            pairs = list(zip(some, answers, strict=True))
        except Exception as error:
            if len(some) == 1:
                some[0][1].set_exception(error)
                return
            for one in some:  # the fault of one must not be everybody's
                self._tell([one])
            return
        for (_, told), answer in pairs:
            told.set_result(answer)
