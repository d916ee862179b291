"""Hot swap: each web process has one thread that makes it serve the champion.

It looks at the champion's row every second, sooner at a hint, loads what it finds beside the old
version and puts it in its place. Whatever fails, the old version goes on answering and the thread
goes on looking. Sockets hear of a swap through `serving.on_swap`.
"""

import atexit
import logging
import math
import os
import socket
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Lock, Thread, get_native_id
from typing import Final

import psutil
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import close_old_connections
from django.db.models.functions import Now
from django.utils import timezone

from recognizer import metrics, outages, publishing, pulse, registry, serving
from recognizer.models import ONLY, Champion, ServingProcess
from recognizer.notices import Hints
from recognizer.serving import Counts

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 5.0
COUNTING_SECONDS: Final = 15.0  # after a swap, in which the others follow
FORGOTTEN: Final = timedelta(days=1)  # after which the row of a process that is gone is removed
_TIDY_SECONDS: Final = 3600.0
_COUNTING_PAUSE: Final = 0.25
_COMPLETE_SECONDS: Final = 1.0  # for which the others may complete the news of a swap
_NICE: Final = 10
_FIRST_RETRY: Final = 5.0  # seconds until a version that was refused is tried again; then doubled
_LONGEST_RETRY: Final = 300.0
_STOP_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Target:
    """The version that ought to be served."""

    number: int
    folder: str
    sha256: str
    since: datetime  # when it was promoted


@dataclass
class Refusal:
    """A version that could not be loaded, and when it is tried again."""

    target: Target
    problem: str
    why: str  # the same without places on this machine
    again: float  # monotonic time
    pause: float = _FIRST_RETRY


class Watcher:
    """What one process knows of the champion and of itself. One thread uses it at a time."""

    def __init__(self) -> None:
        born = psutil.Process().create_time()
        self.process = f"{socket.gethostname()}:{os.getpid()}:{born:.2f}"
        self._born = born  # seconds since 1970
        self.refusal: Refusal | None = None
        self.serves: Target | None = None  # where what answers was loaded from
        self._loaded_at: datetime | None = None
        self._beat_at = 0.0  # monotonic time at which the next heartbeat is due
        self._tidy_at = 0.0
        self._counting_until = 0.0
        self._complete_by = 0.0  # until then only complete news is told
        self._told: tuple[int, Counts] | None = None
        self._is_down = False

    def step(self) -> None:
        """Look once, swap where that is due, and say what is served. Raises nothing."""
        try:
            self._follow()
            if time.monotonic() >= self._beat_at:
                self._beat()
            self._count()
        except DatabaseFailure as error:
            pulse.ours.fail(error)
            self._beat_at = 0.0  # whether it takes writes again is to be known at once
            if not self._is_down:
                what = outages.told(error)
                logger.warning("the champion is unknown: the database %s (%s)", what, error)
            self._is_down = True
        except Exception:
            logger.exception("the watch for new versions has failed and goes on")
        else:
            self._is_down = False

    @property
    def pause(self) -> float:
        """Seconds until the next look, which is sooner while others follow a swap."""
        is_counting = time.monotonic() < self._counting_until
        return min(settings.VERSION_POLL_SECONDS, _COUNTING_PAUSE if is_counting else math.inf)

    def leave(self) -> None:
        """Remove this process from the list of those that serve."""
        try:
            ServingProcess.objects.filter(pk=self.process).delete()
        except DatabaseFailure:
            logger.info("this process could not sign off: the database does not answer")

    def _follow(self) -> None:
        target = _target()
        if target is None or target.number == serving.served():
            self.serves = target or self.serves
            if self.refusal:
                self._forgive()
                self._beat_at = 0.0
            return
        if self.refusal and self.refusal.target != target:
            self._forgive()
        if self.refusal and time.monotonic() < self.refusal.again:
            return
        try:
            predictor = serving.load(publishing.fetch(target.folder, target.sha256))
        except Exception as error:  # a disk or a store may fail in ways of its own
            self._refuse(target, error)
            return
        self._forgive()
        # Neither its first version, nor one that was promoted before it was there.
        is_swap = self._loaded_at is not None and target.since.timestamp() >= self._born
        serving.serve(predictor)
        self.serves = target
        serving.remember_good(target.folder, target.sha256)
        now = time.monotonic()
        self._loaded_at = timezone.now()
        if is_swap:  # never below 0, whatever the clocks of several machines say
            late = (self._loaded_at - target.since).total_seconds()
            metrics.SWAP_SECONDS.observe(max(0.0, late))
        self._beat_at, self._counting_until, self._told = 0.0, now + COUNTING_SECONDS, None
        self._complete_by = now + _COMPLETE_SECONDS

    def _refuse(self, target: Target, error: Exception) -> None:
        metrics.MODEL_REJECTED.labels(type(error).__name__).inc()
        logger.error("model version %d refused: %s", target.number, error)
        pause = min(2 * self.refusal.pause, _LONGEST_RETRY) if self.refusal else _FIRST_RETRY
        why = serving.without_folders(error)
        self.refusal = Refusal(target, str(error), why, time.monotonic() + pause, pause)
        metrics.MODEL_REFUSED.set(target.number)
        self._beat_at = 0.0

    def _forgive(self) -> None:
        """Forget that a version was refused."""
        self.refusal = None
        metrics.MODEL_REFUSED.set(0)

    def _beat(self) -> None:
        """Write this process's row, by which it is also known that the database takes writes."""
        version = serving.served()
        if version is not None and self._loaded_at is None:  # the files alone were enough
            self._loaded_at = timezone.now()
        row = ServingProcess(
            process=self.process,
            version=version,
            loaded_at=self._loaded_at,
            seen_at=Now(),
            refused=self.refusal.target.number if self.refusal else None,
            problem=self.refusal.problem[:500] if self.refusal else "",
        )
        write = partial(
            ServingProcess.objects.bulk_create,
            [row],
            update_conflicts=True,
            unique_fields=["process"],
            update_fields=["version", "loaded_at", "seen_at", "refused", "problem"],
        )
        pulse.ours.beat(write)
        if time.monotonic() >= self._tidy_at:
            ServingProcess.objects.filter(seen_at__lt=Now() - FORGOTTEN).delete()
            self._tidy_at = time.monotonic() + _TIDY_SECONDS
        self._beat_at = time.monotonic() + HEARTBEAT_SECONDS

    def _count(self) -> None:
        """Tell how far a swap has come, for as long as that may change.

        All processes swap within a moment, and each frame to each socket takes time from those who
        draw: usually one frame tells it all.
        """
        version, now = serving.served(), time.monotonic()
        if version is None or now >= self._counting_until:
            return
        serve, processes = registry.serving_counts(version)
        news = (version, (serve, processes))
        if news != self._told and (serve >= processes or now >= self._complete_by):
            self._told = news
            serving.tell(*news)
        if serve >= processes:
            self._counting_until = 0.0


_watcher: Watcher | None = None
_thread: Thread | None = None
_stop = Event()
_starting = Lock()


def boot() -> None:
    """Serve the champion; where it cannot be had, the last good version or the packaged anchor."""
    if not settings.MODEL_DIR:
        _one().step()
        close_old_connections()  # this thread may never ask again
    if serving.served() is None:
        serving.boot()


def start() -> None:
    """Watch from now on, in a thread of its own; once, and not where a version is pinned."""
    global _thread, _stop
    if _thread is not None or settings.MODEL_DIR:
        return
    with _starting:
        if _thread is None:
            _stop = Event()
            _thread = Thread(target=_watch, args=(_one(), _stop), name="versions", daemon=True)
            _thread.start()
            atexit.register(stop)


def stop() -> None:
    """End the watch and sign off."""
    global _thread, _watcher
    if _thread is None:
        return
    _stop.set()
    _thread.join(_STOP_SECONDS)
    _thread = _watcher = None
    atexit.unregister(stop)


def refusal() -> Refusal | None:
    """Return which version this process should serve and cannot, where that is so."""
    return _watcher.refusal if _watcher else None


def serves() -> Target | None:
    """Return what this process has loaded and serves; None where it is pinned, or not known."""
    return _watcher.serves if _watcher else None


def _one() -> Watcher:
    global _watcher
    if _watcher is None:
        _watcher = Watcher()
    return _watcher


def _watch(watcher: Watcher, stop: Event) -> None:
    _yield_to_others()
    hints = Hints()
    while not stop.is_set():
        watcher.step()
        # An open connection would go on reading a database file that was replaced by a backup.
        close_old_connections()
        hints.wait(watcher.pause, stop)
    hints.close()
    watcher.leave()
    close_old_connections()


def _yield_to_others() -> None:
    """Lower this thread's priority: all processes load at once, and people are drawing."""
    if sys.platform == "linux":  # elsewhere the number would be taken for a process
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)


def _target() -> Target | None:
    row = (
        Champion.objects.filter(pk=ONLY)
        .values_list("version", "version__folder", "version__sha256", "promotion__created")
        .first()
    )
    return Target(*row) if row else None
