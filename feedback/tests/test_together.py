"""Questions to the database that come at the same moment are answered together."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest
from django.db import OperationalError

from feedback.together import Together

PATIENCE = 10  # seconds


class Desk:
    """Answers with the square of a number, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_busy, self.is_open = Event(), Event()
        self.together = Together(self.answer)

    def answer(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        self.is_busy.set()
        assert self.is_open.wait(PATIENCE)
        if 13 in numbers:
            raise OperationalError("gone")
        return [number**2 if number else 1 // number for number in numbers]

    async def ask(self, *numbers: int) -> list[int | BaseException]:
        """Ask for the first, and for all others while that is being answered."""
        first = asyncio.create_task(self.together.ask(numbers[0]))
        await asyncio.to_thread(self.is_busy.wait, PATIENCE)
        others = [asyncio.create_task(self.together.ask(number)) for number in numbers[1:]]
        await asyncio.sleep(0)
        self.is_open.set()
        return await asyncio.gather(first, *others, return_exceptions=True)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_whoever_asks_meanwhile_shares_the_next_answer(desk: Desk) -> None:
    assert await desk.ask(1, 2, 3, 4) == [1, 4, 9, 16]
    assert desk.asked == [[1], [2, 3, 4]]


async def test_a_crowd_does_not_keep_the_thread_for_itself(desk: Desk) -> None:
    numbers = [number + 20 for number in range(200)]
    assert await desk.ask(*numbers) == [number**2 for number in numbers]
    assert max(map(len, desk.asked)) < 50


async def test_the_fault_of_one_is_not_everybody_s(desk: Desk) -> None:
    first, second, fault, fourth = await desk.ask(1, 2, 0, 4)
    assert (first, second, fourth) == (1, 4, 16)
    assert isinstance(fault, ZeroDivisionError)


async def test_a_database_that_is_gone_is_not_asked_for_each_of_them(desk: Desk) -> None:
    answers = await desk.ask(1, 2, 13, 4)
    assert answers[0] == 1
    assert all(isinstance(answer, OperationalError) for answer in answers[1:])
    assert len(desk.asked) == 2


async def test_it_answers_again_after_it_has_failed(desk: Desk) -> None:
    await desk.ask(13)
    assert await desk.together.ask(3) == 9


async def test_a_loop_that_ends_leaves_nobody_to_the_next(desk: Desk) -> None:
    waiting = asyncio.create_task(desk.together.ask(1))
    await asyncio.to_thread(desk.is_busy.wait, PATIENCE)
    late = asyncio.create_task(desk.together.ask(2))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.wait([waiting, late])
    desk.is_open.set()
    assert await desk.together.ask(3) == 9
    assert desk.asked[-1] == [3]
