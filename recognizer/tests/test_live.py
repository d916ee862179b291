"""Latest wins: one answer at a time, never closer than the interval, the last state always."""

import asyncio
import random
from itertools import pairwise

import pytest

from recognizer.live import LatestWins
from recognizer.tests import virtual_time

INTERVAL = 0.05


class Canvas:
    """A state that only grows, and a record of when it was answered."""

    def __init__(self, duration: float = 0.0) -> None:
        self.newest = 0
        self.answers: list[tuple[float, float, int]] = []  # started, ended, state taken
        self.in_flight = 0
        self.duration = duration
        self.opened = asyncio.get_running_loop().time()

    async def answer(self) -> None:
        loop = asyncio.get_running_loop()
        assert self.in_flight == 0
        self.in_flight += 1
        started, taken = loop.time(), self.newest
        await asyncio.sleep(self.duration)
        self.answers.append((started - self.opened, loop.time(), taken))
        self.in_flight -= 1


async def replay(gaps: list[float], duration: float) -> Canvas:
    canvas = Canvas(duration)
    live = LatestWins(canvas.answer, lambda: INTERVAL)
    for gap in gaps:
        await asyncio.sleep(gap)
        canvas.newest += 1
        live.notify()
    await asyncio.sleep(INTERVAL + 2 * duration + 0.001)
    await live.close()
    return canvas


def test_the_last_state_is_answered_over_ten_thousand_random_timings() -> None:
    random_ = random.Random(20261120)

    async def all_of_them() -> None:
        for _ in range(10_000):
            duration = random_.choice([0.0, 0.001, 0.03, 0.2])
            gaps = [
                random_.choice([0.0, 0.004, random_.uniform(0, 0.15)])
                for _ in range(random_.randint(1, 12))
            ]
            canvas = await replay(gaps, duration)
            taken = [state for _, _, state in canvas.answers]
            starts = [start for start, _, _ in canvas.answers]
            assert taken[-1] == canvas.newest == len(gaps)
            assert taken == sorted(set(taken))  # newer each time: nothing stale, nothing twice
            for earlier, later in pairwise(starts):
                assert later - earlier >= INTERVAL - 1e-9
            assert starts[0] == pytest.approx(gaps[0])  # leading edge: the first at once

    virtual_time.run(all_of_them())


def test_a_lone_state_is_answered_at_once() -> None:
    canvas = virtual_time.run(replay([0.2], 0.0))
    assert [start for start, _, _ in canvas.answers] == [pytest.approx(0.2)]


def test_a_burst_costs_two_answers() -> None:
    canvas = virtual_time.run(replay([0.0] + [0.001] * 40, 0.0))
    assert [taken for _, _, taken in canvas.answers] == [1, 41]


def test_closing_stops_an_answer_in_flight() -> None:
    async def close_early() -> Canvas:
        canvas = Canvas(duration=1.0)
        live = LatestWins(canvas.answer, lambda: INTERVAL)
        live.notify()
        await asyncio.sleep(0.1)
        await live.close()
        await asyncio.sleep(2.0)
        return canvas

    assert virtual_time.run(close_early()).answers == []


def test_closing_before_anything_happened_is_harmless() -> None:
    async def close() -> None:
        await LatestWins(Canvas().answer, lambda: INTERVAL).close()

    virtual_time.run(close())


def test_a_failed_answer_is_raised_to_whoever_notifies_next() -> None:
    async def broken() -> None:
        raise RuntimeError("broken model")

    async def notify_twice() -> None:
        live = LatestWins(broken, lambda: INTERVAL)
        live.notify()
        await asyncio.sleep(0.1)
        live.notify()

    with pytest.raises(RuntimeError, match="broken model"):
        virtual_time.run(notify_twice())
