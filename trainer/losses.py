"""What a worker's parent does when its child is lost: it gives back what that child had claimed.

Without that the lease has to run out first, half a minute in which nobody learns. Celery then wakes
a worker (`task_retry_on_worker_lost`); where it does not, the next kick does. The parent keeps no
connection: it forks. Our models are imported by the work, as in the tasks.
"""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from billiard.einfo import ExceptionInfo, ExceptionWithTraceback
from celery.exceptions import WorkerLostError
from celery.worker.request import Request
from django.db import Error, connection, transaction
from django.db.models.functions import Now

from trainer.owners import owners_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

LOST: Final = "its worker's process was lost"

logger = logging.getLogger(__name__)


class Guarded(Request):
    """A task as the parent sees it, which outlives the child that was doing it."""

    def on_failure(self, exc_info: ExceptionInfo, *args: Any, **options: Any) -> None:
        """Give back the child's claim before Celery asks for another attempt."""
        error = exc_info.exception
        if isinstance(error, ExceptionWithTraceback):
            error = error.exc
        if isinstance(error, WorkerLostError) and self.worker_pid:
            _give_back(self.worker_pid)
        super().on_failure(exc_info, *args, **options)


def give_back(pid: int) -> int:
    """Free what this process's child `pid`, which is gone, had claimed; return how much it was.

    The attempt counts. A claim that somebody else has by now, be it the child of another parent
    with the same number, is left alone.
    """
    from trainer.models import Challenger, RunLine, RunStatus, TrainingRun  # noqa: PLC0415

    claims: tuple[tuple[QuerySet[Any], str], ...] = (
        (Challenger.objects.filter(done=False), "run"),
        (TrainingRun.objects.filter(status=RunStatus.GATING), "pk"),
    )
    freed = 0
    for rows, run in claims:
        lost = rows.filter(owner__startswith=owners_of(pid))
        for pk, number in lost.values_list("pk", run):
            with transaction.atomic():
                if lost.filter(pk=pk).update(owner="", lease_until=Now() - timedelta(seconds=1)):
                    RunLine.objects.create(run_id=number, text=LOST)
                    freed += 1
    return freed


def _give_back(pid: int) -> None:
    try:
        if give_back(pid):
            logger.warning("the child %d is gone: what it was at is free for another attempt", pid)
    except Error as error:
        logger.warning("what a lost child had stays claimed until its lease ends: %s", error)
    finally:
        connection.close()
