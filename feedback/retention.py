"""Applies the retention rule for as long as a web process runs.

Several processes may do it at once: what one has erased, the other does not find. Installations
without a web process run `manage.py expire_corrections` from a timer instead.
"""

import logging
from threading import Event, Thread
from typing import Final

from django.db import DatabaseError, connection

from feedback.erasure import expire

logger = logging.getLogger(__name__)

FIRST: Final = 60.0  # seconds after the start: nobody should wait for it then
EVERY: Final = 3600.0  # seconds


def start(stop: Event | None = None) -> Thread:
    """Begin, in a thread of its own that ends with the process, or once `stop` is set."""
    thread = Thread(target=keep, args=(stop or Event(),), name="retention", daemon=True)
    thread.start()
    return thread


def keep(stop: Event, first: float = FIRST, every: float = EVERY) -> None:
    """Erase what is due, again and again, until `stop` is set."""
    wait = first
    while not stop.wait(wait):
        wait = every
        try:
            if count := expire():
                logger.info("%d corrections that nobody reviewed in time were erased", count)
        except DatabaseError:
            logger.warning("unreviewed corrections are erased later: the database does not answer")
        finally:
            connection.close()
