"""Keeps a lease while work is done, from a thread beside it.

The thread only renews; that the lease was lost is noticed by `check`, which the work calls between
its steps, and at the latest by its last conditional update. `check` is also the sign that work goes
on: without it the thread renews no more and ends the process, which would otherwise stand in the
way of all further work until Celery's hard limit. Knows nothing about what the work is.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Model, QuerySet

from trainer.models import LeaseLost, lease_end

logger = logging.getLogger(__name__)

RENEWALS: Final = 4  # in the time that a lease lasts
# Without a sign of progress. Loading torch and drawing the base, or judging one challenger, are the
# longest parts without one: half a minute, and several times that on a busy machine.
STUCK_SECONDS: Final = 300.0
_STUCK: Final = 70  # exit status


class Lease:
    """A claim on one row."""

    def __init__(
        self, row: "QuerySet[Model]", abort: Callable[[], object] = lambda: os._exit(_STUCK)
    ) -> None:
        """Hold the one row that `row` (filtered by its owner) selects; `abort` ends the process."""
        self._row = row
        self._abort = abort
        self._seen = time.monotonic()  # when there was progress
        self._interval = settings.TRAIN_LEASE_SECONDS / RENEWALS
        self._lost = Event()
        self._done = Event()

    def check(self) -> None:
        """Say that there was progress, and go on only while the lease is held.

        Raises:
            LeaseLost: it is not.
        """
        self._seen = time.monotonic()
        if self._lost.is_set():
            raise LeaseLost("somebody else took this work over")

    def keep(self) -> None:
        """Renew until told to stop."""
        try:
            while not self._done.wait(self._interval):
                if time.monotonic() - self._seen > STUCK_SECONDS:
                    logger.critical("no progress for %d s: the work is stuck", STUCK_SECONDS)
                    self._lost.set()
                    self._abort()
                    return
                try:
                    if not self._row.update(lease_until=lease_end()):
                        self._lost.set()
                        return
                except DatabaseError:
                    # The lease outlives a few renewals; if it does not, an update will say so.
                    logger.warning("a lease could not be renewed: the database does not answer")
                    connection.close()  # a broken one would fail for ever
        finally:
            connection.close()

    def stop(self) -> None:
        """Renew no more."""
        self._done.set()


@contextmanager
def held(row: "QuerySet[Model]") -> Iterator[Lease]:
    """Keep the lease on a row for as long as the block runs."""
    lease = Lease(row)
    thread = Thread(target=lease.keep, name="lease", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.stop()
        thread.join()
