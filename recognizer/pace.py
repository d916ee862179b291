"""How far apart one connection's answers start: wider while the process is busy with everybody's.

A process that is asked for more answers than it has time for queues them, and a queue makes every
answer late. Fewer answers to each keep all of them prompt. Knows nothing about sockets or models.
"""

import math
from collections.abc import Callable
from time import perf_counter
from typing import Final

_MEMORY: Final = 1.0  # seconds over which the time spent is averaged
_EASY: Final = 0.4  # share of the time spent on answers up to which nobody has to wait
_MOST: Final = 2.4  # at the default of 50 ms this leaves eight answers a second


class Pace:
    """Measures the share of this process's time that answers take."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._since = clock()
        self._recent = 0.0  # seconds spent, fading

    def spent(self, seconds: float) -> None:
        """Say how long an answer took."""
        self._fade()
        self._recent += seconds

    @property
    def stretch(self) -> float:
        """By how much to lengthen the interval between answers: 1 to `_MOST`."""
        self._fade()
        busy = self._recent / _MEMORY
        return min(_MOST, max(1.0, busy / _EASY))

    def _fade(self) -> None:
        now = self._clock()
        self._recent *= math.exp((self._since - now) / _MEMORY)
        self._since = now
