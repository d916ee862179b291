"""Beat's schedule, which says once that the broker is away, and once that it is back.

Celery's own writes a hundred lines about each kick that nobody took, every few seconds.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from celery import beat
from kombu.exceptions import OperationalError

# The broker's absence has many texts: while it comes back another than while it is gone.
_AWAY: Final = "away"

log = structlog.get_logger("digitsite.beat")


class Scheduler(beat.Scheduler):
    """The schedule in memory; what cannot be sent is left to the next time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin in the belief that all is well."""
        self._trouble = ""  # of which kind, as it was told last
        super().__init__(*args, **options)

    def apply_entry(self, entry: beat.ScheduleEntry, producer: Any = None) -> None:
        """Send what is due."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except beat.SchedulingError as error:
            # It was raised while the real one was handled, whose text is the shorter.
            cause = error.__context__ or error
            if _was_told_to_stop(cause):  # while it waited; the Redis client has hidden that
                raise SystemExit from error
            if isinstance(cause, OperationalError):
                self._tell(_AWAY, cause, log.error)
            else:
                self._tell(str(cause), cause, log.exception)
        else:
            if self._trouble:
                log.info("workers can be woken again")
            self._trouble = ""

    def _ensure_connected(self) -> Any:
        # Asks again by itself, ever more rarely; with RabbitMQ the first kick waits here.
        return self.connection.ensure_connection(
            lambda error, _: self._tell(_AWAY, error, log.error),
            self.app.conf.broker_connection_max_retries,
        )

    def _tell(self, trouble: str, error: BaseException, say: Callable[..., object]) -> None:
        if trouble != self._trouble:
            say("no worker can be woken", why=str(error))
        self._trouble = trouble


def _was_told_to_stop(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, SystemExit):
        error = error.__context__
    return error is not None
