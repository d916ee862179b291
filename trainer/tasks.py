"""Celery's entries to the pipeline.

A message carries nothing and only wakes: what there is to do, and who does it, is in the database.
Both tasks may run at any time, any number of times. Torch is imported by the work itself, in a
child of the worker.
"""

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, connection

from recognizer import outages
from trainer.losses import Guarded

EXPIRES_SECONDS = 300  # the next kick sends again; above any difference of clocks
CONFIRM_SECONDS = 5  # how long to wait for RabbitMQ's word

logger = logging.getLogger(__name__)


class Outage:
    """What a worker's child says while the database is away: that it is, and that it is back.

    Each once; a child that takes its place, every few minutes, says it anew.
    """

    def __init__(self) -> None:
        self._lasts = False

    def begin(self, error: Error) -> None:
        """Say why no work can be looked for."""
        if not self._lasts:
            # One that answers, and refuses or cancels a query, has a fault to be found.
            answers = connection.connection is not None and not outages.is_behind(error)
            what = "refuses a query" if answers else outages.told(error)
            why = outages.reason(error)
            logger.warning(
                "no work can be looked for: the database %s (%s)", what, why, exc_info=answers
            )
        self._lasts = True

    def end(self) -> None:
        """Say that there was an answer, where there was none before."""
        if self._lasts:
            logger.info("the database answers again: work is looked for")
        self._lasts = False


outage = Outage()


# Another attempt is for now: by default a lost child's comes as a message for three minutes later.
@shared_task(name="trainer.kick", default_retry_delay=0)
def kick() -> None:
    """Look for work and wake one worker for each unit of it."""
    from trainer import pipeline  # noqa: PLC0415

    try:
        units = pipeline.kick()
    except Error as error:
        if not outages.is_outage(error):
            raise
        outage.begin(error)
        return
    outage.end()
    logger.debug("%d units of work are open", units)
    for _ in range(units):
        wake()


# So here, where it finds what the lost child had free (trainer/losses.py).
@shared_task(name="trainer.work", Request=Guarded, max_retries=2, default_retry_delay=0)
def work() -> None:
    """Do one unit, if one is open, and wake a worker for the next: time limits count for each."""
    from trainer import pipeline  # noqa: PLC0415

    if pipeline.work(interruptions=(SoftTimeLimitExceeded,)):
        wake()


def wake() -> None:
    """Ask for a worker. Fails soon where the broker does; the next kick asks again."""
    work.apply_async(expires=EXPIRES_SECONDS, confirm_timeout=CONFIRM_SECONDS)
