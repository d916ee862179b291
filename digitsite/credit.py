"""A worker that counts messages as taken, but has nothing to do with them, connects again.

A worker of ours takes one message at a time. With Redis the count of what it has taken is kept by
kombu: it falls when a message is acknowledged. Where that fails, as Redis has just been restarted,
Celery writes "Couldn't ack" and goes on; and since such a worker asks Redis for nothing meanwhile,
it may not notice that its connection was lost. It would look well and do nothing for ever.
"""

from typing import Any, Final

from celery import bootsteps
from celery.worker import state
from celery.worker.consumer.tasks import Tasks

SECONDS: Final = 2.0  # between two looks; an acknowledgement takes milliseconds


class Credit(bootsteps.StartStopStep):
    """A step of the worker's consumer, once for each of its connections."""

    requires = (Tasks,)

    def __init__(self, consumer: Any, **options: Any) -> None:
        """Look at nothing yet."""
        self._timer: Any = None
        self._is_suspect = False
        super().__init__(consumer, **options)

    def include_if(self, parent: Any) -> bool:
        """Take part with Redis alone: RabbitMQ counts itself, and its connection is always read."""
        return bool(parent.app.connection_for_read().transport.driver_type == "redis")

    def start(self, parent: Any) -> None:
        """Begin to look, now that messages are taken."""
        self._is_suspect = False
        self._timer = parent.timer.call_repeatedly(SECONDS, self.look, (parent,))

    def stop(self, parent: Any) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def look(self, consumer: Any) -> None:
        """Compare what was taken with what there is to do, by the second look in a row.

        Raises:
            ConnectionError: it does not fit. Celery connects again, and the count begins anew.
        """
        qos = consumer.task_consumer.channel.qos
        taken = len(qos._delivered) - len(qos._dirty)  # what `can_consume` compares
        had = set(state.reserved_requests) | set(state.scheduled_requests)
        is_lost = taken > len(had)
        if self._is_suspect and is_lost:
            raise ConnectionError("something that is done could not be acknowledged")
        self._is_suspect = is_lost
