"""Signs of life of workers: the child that looks for work leaves one.

So a site whose workers, beat or broker are gone says so before anybody waits for what was approved.
A machine has one row, however many workers are on it. Knows nothing about Celery.
"""

import logging
import socket
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import Max
from django.db.models.functions import Now

from trainer.models import Worker

logger = logging.getLogger(__name__)

_EVERY: Final = timedelta(seconds=10)  # at most; the looks are more frequent
_FORGOTTEN: Final = timedelta(days=1)  # so long, a machine that is gone is remembered


def leave() -> None:
    """Say that the child of a worker on this machine does what it is given.

    Where nothing can be written, that this sign is missing says enough.

    Raises:
        DatabaseError: there is no connection, so nothing else can be done either.
    """
    try:
        _write(socket.gethostname())
    except DatabaseError as error:
        if connection.connection is None:
            raise
        logger.warning("no sign of life could be left: the database takes no writes (%s)", error)


def _write(name: str) -> None:
    if Worker.objects.filter(pk=name, seen_at__gt=Now() - _EVERY).exists():
        return
    Worker.objects.bulk_create(
        [Worker(name=name, seen_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at"],
    )
    Worker.objects.filter(seen_at__lt=Now() - _FORGOTTEN).delete()


def age() -> float | None:
    """Return the seconds since any worker left a sign; None where none ever did."""
    latest = Worker.objects.aggregate(latest=Max("seen_at"), now=Max(Now()))
    if latest["latest"] is None:
        return None
    return max(0.0, (latest["now"] - latest["latest"]).total_seconds())
