"""How far apart one connection's answers start: wider while the process is busy with everybody's.

A process that is asked for more answers than it has time for queues them, and a queue makes every
answer late. Fewer answers to each keep all of them prompt. Two signs of it: the share of its time
that answers take, and how late the event loop runs what is due, which also shows when it is others
on the machine that leave this process no time. Knows nothing about sockets or models.
"""

import math
from collections.abc import Callable
from time import perf_counter
from typing import Final

_MEMORY: Final = 1.0  # seconds over which the time spent is averaged
_EASY: Final = 0.3  # share of the time spent on answers up to which nobody has to wait
_PROMPT: Final = 0.01  # s that the event loop may be late before anybody has to wait
_LONGEST: Final = 0.1  # s: one long halt is over, and says no more about what comes than this
_SOONER: Final = 0.7  # how much of a lag that grows counts at once; a queue has to be seen early
_LATER: Final = 0.3  # … and of one that shrinks
_MOST: Final = 2.4  # at the default of 50 ms this leaves eight answers a second


class Pace:
    """Measures what answers take of this process's time, and how late its event loop is."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._since = clock()
        self._recent = 0.0  # seconds spent, fading
        self._lag = 0.0  # seconds, smoothed

    def spent(self, seconds: float) -> None:
        """Say how long an answer took."""
        self._fade()
        self._recent += seconds

    def late(self, seconds: float) -> None:
        """Say by how much the event loop was late; to be told several times a second."""
        seconds = min(seconds, _LONGEST)
        self._lag += (seconds - self._lag) * (_SOONER if seconds > self._lag else _LATER)

    @property
    def stretch(self) -> float:
        """By how much to lengthen the interval between answers: 1 to `_MOST`."""
        self._fade()
        busy = self._recent / _MEMORY
        return min(_MOST, max(1.0, busy / _EASY, self._lag / _PROMPT))

    def _fade(self) -> None:
        now = self._clock()
        self._recent *= math.exp((self._since - now) / _MEMORY)
        self._since = now
