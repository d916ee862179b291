"""A socket outlives the request that opened it: does the login that it came with still stand?

It is asked before anything is done in a user's name, and now and then for every socket of a user,
one round for all of this process. Visitors without a login are no concern of this module; neither
are frames.
"""

import asyncio
import logging
from typing import Final, Protocol

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error

from feedback import people
from feedback.people import Person

logger = logging.getLogger(__name__)


class LoggedOut(Exception):
    """The user has logged out, has another password, or may not log in any more."""


class Member(Protocol):
    """A socket that was opened by a user."""

    def log_out(self) -> None:
        """End; whoever connects again is somebody else. Returns at once."""


def require(person: Person) -> None:
    """Pass whoever never logged in, and a user whose login stands. Call it from a thread.

    Raises:
        LoggedOut: it does not stand any more.
        Error: the database does not answer, so nobody knows.
    """
    if not _stands(person.session, person.user_id):
        raise LoggedOut


class Rounds:
    """Asks after the logins of all sockets, and lets go those whose user has left."""

    def __init__(self) -> None:
        self._members: dict[Member, Person] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def is_going(self) -> bool:
        """Whether there is anybody to ask after."""
        return self._task is not None and not self._task.done()

    def enter(self, person: Person, member: Member) -> None:
        """Ask after a user's socket from now on; the first of them starts the rounds."""
        if person.session is None:
            return
        self._members[member] = person
        if not self.is_going:
            self._task = asyncio.get_running_loop().create_task(self._go())

    def leave(self, member: Member) -> None:
        """Ask after it no more; the last of them ends the rounds."""
        self._members.pop(member, None)
        if not self._members and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _go(self) -> None:
        while True:
            await asyncio.sleep(settings.LOGIN_POLL_SECONDS)
            try:
                await self._ask()
            except Error:
                # Nobody is thrown out because of that: what is stored asks again by itself.
                logger.warning("logins are not looked after: the database does not answer")

    async def _ask(self) -> None:
        # The tabs of a browser share a login. One hop to the thread for each: what people submit
        # waits for the same thread.
        logins: dict[tuple[str | None, int | None], list[Member]] = {}
        for member, person in self._members.items():
            logins.setdefault((person.session, person.user_id), []).append(member)
        for (session, user_id), members in logins.items():
            if await database_sync_to_async(_stands)(session, user_id):
                continue
            for member in members:
                member.log_out()


def _stands(session: str | None, user_id: int | None) -> bool:
    """Tell whether somebody never logged in, or still is."""
    return session is None or people.user_of(session) == user_id


rounds: Final = Rounds()
