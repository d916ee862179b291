"""As fast as the server can: many drawers, one frame in flight each, every frame answered.

Sends what the page sends while characters grow, without its pace, to a server without throttle.
So each frame costs one prediction, and predictions for each second of the server's CPU can be
divided by what raster and model alone reach on the very same drawings.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection

from benchmarks import wire
from benchmarks.drawer import ANSWER_SECONDS, open_socket
from benchmarks.limits import Limit, measure
from benchmarks.pen import Growth
from benchmarks.server import Server
from recognizer.predictor import Predictor

DRAWERS = 16


class WrongAnswer(RuntimeError):
    """A frame was not answered by exactly one prediction; the figures would mean nothing."""


@dataclass(frozen=True)
class Pass:
    """All drawings once through the sockets, and once in the loop beside. Times in s."""

    predictions: int
    wall: float
    server_cpu: float
    client_cpu: float
    limit: Limit

    @property
    def per_cpu_second(self) -> float:
        """Predictions for each second of the server's CPU time."""
        return self.predictions / self.server_cpu

    @property
    def ratio(self) -> float:
        """The share of the limit that is left, for each core."""
        return self.per_cpu_second / self.limit.per_cpu_second


def frames(grown: Growth) -> list[str]:
    """Return one frame for each stage of a character, without numbers."""
    first = wire.encode({"type": "drawing", "strokes": grown.first})
    rest = [wire.encode(wire.points_frame(b.stroke, b.start, b.points)) for b in grown.rest]
    return [first, *rest]


async def compare(
    server: Server, predictor: Predictor, grown: Sequence[Growth], seconds: float
) -> list[Pass]:
    """Alternate between loop and sockets until the time is over; at least one pass each."""
    work = [frames(one) for one in grown]
    inks = [ink for one in grown for ink in one.inks]
    await _through_sockets(server, work[:20])  # warm up
    measure(predictor, inks[:200])
    passes: list[Pass] = []
    end = time.perf_counter() + seconds
    while not passes or time.perf_counter() < end:
        limit = measure(predictor, inks)
        cpu, mine, begin = server.cpu_seconds(), time.process_time(), time.perf_counter()
        predictions = await _through_sockets(server, work)
        wall = time.perf_counter() - begin
        used = time.process_time() - mine
        passes.append(Pass(predictions, wall, server.cpu_seconds() - cpu, used, limit))
    return passes


async def _through_sockets(server: Server, work: Sequence[list[str]]) -> int:
    waiting = deque(work)

    async def drawer() -> int:
        n = 0
        async with open_socket(server) as socket, asyncio.timeout(120):
            while waiting:
                for frame in waiting.popleft():
                    n += 1
                    await _ask(socket, frame, n)
        return n

    async with asyncio.TaskGroup() as everybody:
        tasks = [everybody.create_task(drawer()) for _ in range(DRAWERS)]
    return sum(task.result() for task in tasks)


async def _ask(socket: ClientConnection, frame: str, n: int) -> None:
    await socket.send(wire.numbered(frame, n))
    answer = json.loads(await asyncio.wait_for(socket.recv(), ANSWER_SECONDS))
    if answer["type"] != "prediction" or answer["covers"] != n:
        raise WrongAnswer(f"frame {n} was answered by {answer}")
