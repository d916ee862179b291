"""What is read from the database when somebody asks how the site is: metrics and remarks.

Other rooms add what they know. It is read at most every few seconds, however many ask, and left
out while the database does not answer. `look` asks the database; Prometheus' own collecting never
does, as it may happen on the event loop.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from django.db import Error as DatabaseFailure
from prometheus_client import REGISTRY, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from recognizer import outages

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 5.0
_GRACE_SECONDS: Final = 1.0  # between looking and collecting


@dataclass(frozen=True)
class Reading:
    """What was found."""

    metrics: tuple[Metric, ...] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)  # what is unusual, in words


Read = Callable[[], Reading]


class Figures(Collector):
    """The latest reading of everything that was added."""

    def __init__(self) -> None:
        self._reads: list[Read] = []
        self._latest = Reading()
        self._due = 0.0  # monotonic time at which it is read again
        self._lock = Lock()

    def add(self, read: Read) -> None:
        """Read this, too; once, however often it is added."""
        if read not in self._reads:
            self._reads.append(read)

    def look(self) -> Reading:
        """Return a reading that is at most `KEPT_SECONDS` old; asks the database."""
        with self._lock:
            if time.monotonic() >= self._due:
                self._latest = self._read()
                self._due = time.monotonic() + KEPT_SECONDS
            return self._latest

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of the latest reading, for Prometheus.

        None where that is old: whoever looked still waits for the database.
        """
        is_old = time.monotonic() > self._due + _GRACE_SECONDS
        return () if is_old else self._latest.metrics

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not ask the database for names."""
        return ()

    def _read(self) -> Reading:
        try:
            readings = [read() for read in self._reads]
        except DatabaseFailure as error:
            logger.info("figures are left out: the database %s (%s)", outages.told(error), error)
            return Reading()
        return Reading(
            tuple(metric for reading in readings for metric in reading.metrics),
            {name: text for reading in readings for name, text in reading.remarks.items()},
        )


def gauge(name: str, says: str, value: float) -> Metric:
    """Return a gauge with one value."""
    return GaugeMetricFamily(name, says, value=value)


def gauges(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return a gauge with a value for each value of a label."""
    family = GaugeMetricFamily(name, says, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family


figures: Final = Figures()
REGISTRY.register(figures)
