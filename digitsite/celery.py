"""The Celery applications: `app` is what workers run, `clock` is what beat runs.

Imports no torch and touches no model: a process is only safe to fork while torch has not started
its threads. Web processes do not import this module. The clock knows tasks by name alone, so beat
loads neither Django's apps nor ours.
"""

import contextlib
import ctypes
import os
import signal
import stat
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Final

import structlog
from celery import Celery, bootsteps, signals
from celery.worker import state
from django.conf import settings
from django.utils.log import configure_logging
from kombu.entity import Exchange, Queue

from digitsite import broker
from digitsite.credit import Credit
from digitsite.ending import end_within

PR_SET_PDEATHSIG: Final = 1
STDERR: Final = 2
STUCK: Final = 70  # exit status
# To take leave of the broker, after the grace for the work at hand: Celery gives a silent one 5 s.
LEAVE_SECONDS: Final = 8.0
UNBEGUN_SECONDS: Final = 60.0  # a new child on a busy machine may take as long to begin

log = structlog.get_logger("digitsite.worker")


def application(name: str, **options: Any) -> Celery:
    """Return an application with our settings."""
    made = Celery(name, **options)
    exchange = Exchange("digitsite", "direct")
    arguments = broker.queue_arguments(settings.BROKER_URL)
    made.conf.update(
        settings.CELERY or {},
        task_queues=[
            Queue(queue, exchange, queue, queue_arguments=arguments) for queue in broker.QUEUES
        ],
    )
    return made


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
app = application("digitsite")
app.autodiscover_tasks(["trainer"])
clock = application("clock", fixups=[], set_as_current=False)

# Celery means those who accept pickled messages, and repeats it in every child.
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")


@signals.setup_logging.connect
def log_as_the_site_does(**_: Any) -> None:
    """Use Django's logging setting; a receiver keeps Celery from adding its own."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@signals.worker_process_init.connect
def die_with_the_parent(**_: Any) -> None:
    """Let no child outlive a worker that was killed, whatever it is computing. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@signals.worker_process_init.connect
def let_go_of_the_parent_s_sockets(**_: Any) -> None:
    """Keep none of the parent's connections open in a child. Linux only.

    One that the parent has closed would live on in the child, and the kernel go on waking the
    parent for it, which cannot stop that any more: it would spin for as long as the child lives.
    What takes a number keeps it, as the objects of the connections are here as well.
    """
    if sys.platform == "linux":
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
            with contextlib.suppress(OSError):  # the listing's own is gone by now
                if number > STDERR and stat.S_ISSOCK(os.fstat(number).st_mode):
                    os.dup2(nothing, number)
        os.close(nothing)


class Ending(bootsteps.StartStopStep):  # started once the handlers are set, before a connection
    """Lets the worker end in time, also where the broker has died or hangs."""

    def start(self, parent: Any) -> None:
        """Begin to listen for the signals."""
        end_within(settings.WORKER_GRACE_SECONDS + LEAVE_SECONDS)


app.steps["worker"].add(Ending)
app.steps["consumer"].add(Credit)


@signals.beat_init.connect  # as well
def end_beat_in_time(**_: Any) -> None:
    """Let beat end in time, which has nothing to finish."""
    end_within(LEAVE_SECONDS)


@signals.worker_ready.connect
def say_ready(**_: Any) -> None:
    """Say once that work is taken."""
    log.info("ready to learn")


class Patience:
    """Whether a worker's child begins what it is given; where children die or hang, nothing is."""

    def __init__(self) -> None:
        self._since: float | None = None  # monotonic time from which on something waits

    def lasts(self, waiting: int, begun: int, now: float) -> bool:
        """Say whether the child is well, with so many tasks given to it, and begun by it."""
        if begun or not waiting:
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is None or now - self._since <= UNBEGUN_SECONDS


_patience = Patience()


@signals.heartbeat_sent.connect  # by a worker's parent that is connected, every two seconds
def touch_if_the_child_is_well(**_: Any) -> None:
    """Leave a sign of life of parent and child: the parent alone would always say yes.

    What hangs in the middle of its work ends itself: `trainer/leases.py`. A child that does not
    even begin is ended with its parent, and whoever started that starts another.
    """
    waiting, begun = len(state.reserved_requests), len(state.active_requests)
    if _patience.lasts(waiting, begun, time.monotonic()):
        touch_heartbeat()
    else:
        log.critical("the child begins nothing: this worker ends, to be started again")
        os._exit(STUCK)  # its children die with it


@signals.after_task_publish.connect  # by beat
def touch_heartbeat(**_: Any) -> None:
    """Leave a sign of life for container checks."""
    if settings.HEARTBEAT_FILE:
        settings.HEARTBEAT_FILE.touch()
