"""Whether the database takes writes, as the latest write of this process has found.

Each web process writes its row every few seconds anyway, and that write is committed: nothing is
nearer to the truth, and nobody makes it more frequent by asking. Where there is no such write (a
version is pinned, or the watch is held up), `try_now` makes one that changes no row.
"""

import logging
import math
import sqlite3
import time
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from django.db import Error as DatabaseFailure

from recognizer.models import ServingProcess

logger = logging.getLogger(__name__)

State = Literal["ok", "slow", "down"]

SLOW_SECONDS: Final = 1.0  # above this, whoever corrects has to wait
_FRESH_SECONDS: Final = 7.0  # the watch writes every five, and looks every one
_RETRY_SECONDS: Final = 1.0  # after a write that failed


class Beat(NamedTuple):
    """The outcome of one write."""

    state: State
    says: str  # what is wrong, without the address of the database
    at: float  # monotonic time


class Pulse:
    """The latest write. Any thread may use it: a beat is put in place whole."""

    def __init__(self) -> None:
        self._latest = Beat("ok", "", -math.inf)

    @property
    def latest(self) -> Beat:
        """What the latest write has found."""
        return self._latest

    @property
    def is_fresh(self) -> bool:
        """Whether that was so lately that nobody need try again."""
        kept = _RETRY_SECONDS if self._latest.state == "down" else _FRESH_SECONDS
        return time.monotonic() < self._latest.at + kept

    def beat(self, write: Callable[[], object]) -> None:
        """Write, and note what came of it.

        Raises:
            DatabaseFailure: the database did not take it.
        """
        began = time.monotonic()
        try:
            write()
        except DatabaseFailure as error:
            self.fail(error)
            raise
        now = time.monotonic()
        took = now - began
        slow = took > SLOW_SECONDS
        says = f"it took {took:.1f} s to write one row" if slow else ""
        if self._latest.state == "down":
            logger.info("the database takes writes again")
        self._latest = Beat("slow" if slow else "ok", says, now)

    def fail(self, error: DatabaseFailure) -> None:
        """Note that the database has failed."""
        if self._latest.state != "down":
            logger.warning("the database takes no writes (%s)", error)
        self._latest = Beat("down", f"it takes no writes ({_reason(error)})", time.monotonic())


def try_now() -> None:
    """Make a write that no row is in the way of.

    It takes the lock of writers, so it fails where the database is read-only or locked.

    Raises:
        DatabaseFailure: the database does not take it.
    """
    ServingProcess.objects.filter(pk="").update(problem="")


def _reason(error: DatabaseFailure) -> str:
    """Return why, for anybody: what PostgreSQL's driver says may name hosts and users."""
    cause = error.__cause__
    return str(error) if isinstance(cause, sqlite3.Error) else type(cause or error).__name__


ours: Final = Pulse()
