"""The product's `web` command with the predictor called inline, or on a thread of its own.

Only for `benchmarks.inference_thread`: the product itself has no such switch. Both ways sample the
event loop's lag more often than the product does, so that a short run has a p99.
"""

import asyncio
import copy
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")

from digitsite import commandline
from recognizer import consumers, metrics
from recognizer.strokes import Ink

LAG_PERIOD = 0.01  # s

_pool = ThreadPoolExecutor(1, "inference")


class Still:
    """A drawing that no longer grows, for the thread to read while the real one goes on."""

    def __init__(self, ink: Ink) -> None:
        self._ink = ink

    def __len__(self) -> int:
        return len(self._ink)

    def ink(self) -> Ink:
        """Return the strokes."""
        return self._ink


class ThreadedConsumer(consumers.DrawConsumer):
    """Answers as DrawConsumer does, but rasterises and predicts on the thread."""

    async def _answer(self) -> None:
        loop = asyncio.get_running_loop()
        queued = loop.time() - max(self._arrived, self._live.opened)
        started = time.perf_counter()
        session: Any = copy.copy(self._session)
        session.drawing = Still(self._session.drawing.ink())
        prediction = await loop.run_in_executor(_pool, session.predict)
        predicted = time.perf_counter()
        await self._send(prediction)
        sent = time.perf_counter()
        metrics.PREDICTIONS.labels("socket").inc()
        metrics.PREDICT_SECONDS.labels("queue").observe(queued)
        metrics.PREDICT_SECONDS.labels("model").observe(predicted - started)
        metrics.PREDICT_SECONDS.labels("send").observe(sent - predicted)
        metrics.PREDICT_SECONDS.labels("total").observe(queued + sent - started)


def main() -> None:
    """Run the command line that follows `inline` or `thread`."""
    way, *command = sys.argv[1:]
    metrics._LAG_PERIOD = LAG_PERIOD  # a measurement may look closer
    if way == "thread":
        consumers.DrawConsumer = ThreadedConsumer  # type: ignore[misc] # before routing imports it
    commandline.run(["manage.py", *command])


if __name__ == "__main__":
    main()
