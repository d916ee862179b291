"""One socket's memory of its person: looked up aside, built again when it has to be, forgotten.

Nothing here keeps a frame, a verdict or a receipt waiting. Knows nothing about frames.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import Error

from feedback import building, memories
from feedback.models import Correction
from feedback.people import Person
from feedback.together import Together
from recognizer import serving
from recognizer.memory import Memory
from recognizer.session import DrawSession

logger = logging.getLogger(__name__)

_RETRY: Final = 5.0  # s until it is tried again what failed

_looked_up: Final = Together(memories.ids_of)


class Remembering:
    """Keeps `session.memory`, and says when that may change the answer to what stands there."""

    def __init__(self, session: DrawSession, changed: Callable[[], None]) -> None:
        self.known = asyncio.Event()  # what was taught before, or that it cannot be known now
        self.rows: set[UUID] = set()  # what it is built from, or is being built from
        self.seen: set[UUID] = set()  # the same, ever
        self._session = session
        self._changed = changed
        self._person: Person | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False  # what is being built is not the last word
        self._since: list[Correction] = []  # learned while that is being built
        self._for: int | None = None  # the version that it is for
        self._is_whole = False  # nothing that was taught is missing in `session.memory`
        self._retry_at: float | None = None  # loop time, where it could not be built
        self._forgetting = 0
        self._gone = False

    def of(self, person: Person) -> None:
        """Remember for this person from now on."""
        self._person = person
        if not person.is_new:
            self.rebuild()
            return
        with contextlib.suppress(serving.Unavailable):
            self._session.memory = building.empty(self._session.predictor())
            self._is_whole = True
        self.known.set()

    def rebuild(self) -> None:
        """Build it anew, aside; more was taught elsewhere."""
        self._again = True
        self._is_whole = False
        if not self._gone and not self._is_building():
            self._task = asyncio.get_running_loop().create_task(self._build())

    def unlearn(self) -> None:
        """Build it anew without what was taken back elsewhere, and answer without it until then."""
        self._use(None)
        self.rebuild()

    def follow(self) -> None:
        """After an answer: build it anew if that was another version's, or if it failed before."""
        memory = self._session.memory
        is_other = memory and self._version() not in (memory.version, self._for)
        if self._retry_at is None:
            is_due = bool(is_other)
        else:
            is_due = asyncio.get_running_loop().time() >= self._retry_at
        if is_due and not self._forgetting:
            self._retry_at = None
            self.rebuild()

    def learn(self, row: Correction) -> None:
        """Take in what has just been stored: at once, even where all before it is not known yet."""
        try:
            predictor = self._session.predictor()
        except serving.Unavailable:
            self.rebuild()
            return
        memory = self._session.memory
        fits = memory is not None and memory.version == predictor.version
        is_whole = self._is_whole and (fits or not memory)
        memory = memory if memory and fits else building.empty(predictor)
        self._use(building.remember(memory, predictor, row))
        self.rows.add(row.pk)
        if self._is_building():
            self._since.append(row)
        elif not is_whole:
            self.rebuild()

    def forget(self) -> None:
        """Answer without it, until `forgot` is called as often as this."""
        self._forgetting += 1
        self._session.memory = None

    def forgot(self) -> None:
        """Go on, with what the rows say by now."""
        self._forgetting -= 1
        self.rebuild()

    def leave(self) -> None:
        """Build nothing any more."""
        self._gone = True
        if self._task is not None:
            self._task.cancel()

    async def _build(self) -> None:
        try:
            while self._again and not self._gone:
                self._again = False
                self._since.clear()  # stored before: what is looked up now has it
                try:
                    memory = await self._built()
                except (Error, serving.Unavailable):
                    logger.warning("a personal memory could not be built")
                    self._retry_at = asyncio.get_running_loop().time() + _RETRY
                    continue
                if not self._again:
                    self._use(memory)
                    self._is_whole = memory is not None
                    self._retry_at = None
        except Exception:
            logger.exception("a personal memory could not be built")
            self._retry_at = asyncio.get_running_loop().time() + _RETRY
        finally:
            self._for = None
            self.known.set()

    async def _built(self) -> Memory | None:
        if self._person is None:
            return None
        predictor = self._session.predictor()
        self._for = predictor.version
        ids = await _looked_up.ask(self._person)
        self.rows = {*ids, *(row.pk for row in self._since)}
        self.seen |= self.rows
        memory = await building.built(ids, predictor, lambda: not self._gone)
        for row in self._since:
            if memory is not None and row.pk not in ids:
                memory = building.remember(memory, predictor, row)
        return memory

    def _use(self, memory: Memory | None) -> None:
        before = self._session.memory
        self._session.memory = after = None if self._forgetting else memory
        if self.known.is_set() and (before or after):
            self._changed()

    def _is_building(self) -> bool:
        return self._task is not None and not self._task.done()

    def _version(self) -> int | None:
        try:
            return self._session.predictor().version
        except serving.Unavailable:
            return None
