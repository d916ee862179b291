"""Hints between processes that there is another champion. They may be lost: the row is the truth.

Nothing here raises, and nothing takes longer than a moment, whatever Redis does.
"""

import logging
import time
from threading import Event, Thread
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

_SECONDS: Final = 1.0  # for one exchange with Redis
_SLICE: Final = 0.2  # seconds in which a wait notices that it should end
_FIRST_PAUSE: Final = 2.0  # seconds until a lost connection is tried again; then doubled
_LONGEST_PAUSE: Final = 30.0


def channel() -> str:
    """Return the name of the channel, which installations that share a Redis tell apart."""
    return f"{settings.REDIS_PREFIX}:champion"


def announce() -> None:
    """Wake the watchers of all processes, if Redis is there to do it."""
    if not settings.REDIS_URL:
        return
    sending = Thread(target=_send, name="announce", daemon=True)
    sending.start()
    sending.join(_SLICE)  # a command that ends at once would take the thread with it


class Hints:
    """One process's subscription; without Redis it is a plain wait."""

    def __init__(self) -> None:
        self._subscription: Any = None
        self._try_at = 0.0
        self._pause = _FIRST_PAUSE

    def wait(self, seconds: float, stop: Event) -> None:
        """Return at a hint, after `seconds`, or soon after `stop` is set."""
        end = time.monotonic() + seconds
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            if not self._subscribed():
                stop.wait(left)
            elif self._heard(min(left, _SLICE)):
                return

    def close(self) -> None:
        """Leave Redis."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            try:
                subscription.close()
            except (redis.RedisError, OSError):
                logger.debug("the subscription was gone already")

    def _subscribed(self) -> bool:
        if self._subscription is not None:
            return True
        if not settings.REDIS_URL or time.monotonic() < self._try_at:
            return False
        try:
            subscription: Any = _client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            subscription.subscribe(channel())
        except (redis.RedisError, OSError):
            self._lost()
            return False
        self._subscription = subscription
        self._pause = _FIRST_PAUSE
        return True

    def _heard(self, seconds: float) -> bool:
        try:
            return self._subscription.get_message(timeout=seconds) is not None
        except (redis.RedisError, OSError):
            self._lost()
            return False

    def _lost(self) -> None:
        self.close()
        self._try_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


def _send() -> None:
    try:
        with _client() as client:
            client.publish(channel(), "look")
    except (redis.RedisError, OSError):
        logger.info("no hint was sent: Redis does not answer, and the watchers look by themselves")


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_SECONDS,
        socket_connect_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
