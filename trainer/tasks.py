"""Celery's entries to the pipeline.

A message carries nothing and only wakes: what there is to do, and who does it, is in the database.
Both tasks may run at any time, any number of times. Torch is imported by the work itself, in a
child of the worker.
"""

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from trainer.losses import Guarded

EXPIRES_SECONDS = 300  # the next kick sends again; above any difference of clocks
CONFIRM_SECONDS = 5  # how long to wait for RabbitMQ's word

logger = logging.getLogger(__name__)


# Another attempt is for now: by default a lost child's comes as a message for three minutes later.
@shared_task(name="trainer.kick", default_retry_delay=0)
def kick() -> None:
    """Look for work and wake one worker for each unit of it."""
    from trainer import pipeline  # noqa: PLC0415

    units = pipeline.kick()
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
