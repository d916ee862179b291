"""A process that is told to stop ends, whatever it waits for.

Celery takes leave of its broker before it ends. Where that does not answer, it asks again and
again, for minutes or for ever, and whoever stopped it waits, or is gone and leaves it behind.
Knows nothing about what the process does.
"""

import os
import signal
import threading
from types import FrameType
from typing import Final

import structlog

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGQUIT)
OVERDUE: Final = 70  # exit status
_LAST_WORDS_SECONDS: Final = 1.0

log = structlog.get_logger("digitsite.ending")


def end_within(seconds: float) -> None:
    """End this process so long after it is first told to stop, if it has not ended before.

    What handles those signals by now goes on doing so: call this after it was set.
    """
    process = os.getpid()
    begun = threading.Event()

    def limited(number: signal.Signals) -> None:
        before = signal.getsignal(number)
        if not callable(before):
            return  # ignored, or ends the process at once

        def handle(received: int, frame: FrameType | None) -> None:
            # A forked child has this handler, too, and nobody who would wait for its thread.
            if os.getpid() == process and not begun.is_set():
                begun.set()
                timer = threading.Timer(seconds, _end, [seconds])
                timer.daemon = True
                timer.start()
            before(received, frame)

        signal.signal(number, handle)

    for number in STOP_SIGNALS:
        limited(number)


def _end(seconds: float) -> None:
    # From a thread of its own: a log that nobody reads may block for ever.
    said = threading.Thread(
        target=log.critical,
        args=["still here after it was told to stop: ends at once"],
        kwargs={"seconds": round(seconds)},
        daemon=True,
    )
    said.start()
    said.join(_LAST_WORDS_SECONDS)
    os._exit(OVERDUE)
