"""Batching: one go for all of one turn, in order; nobody waits long, nobody pays for another."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from recognizer.batching import Batch


class Sums:
    """Answers a number with its double, and remembers what was asked together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


@pytest.fixture
def sums() -> Sums:
    return Sums()


async def asked(batch: Batch[int, int], number: int) -> int:
    return await batch.ask(number)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 10))


def test_what_is_asked_in_one_turn_is_answered_in_one_go(sums: Sums) -> None:
    async def three() -> list[int]:
        batch = Batch(sums, most=16)
        return await asyncio.gather(*(asked(batch, number) for number in (3, 1, 2)))

    assert run(three()) == [6, 2, 4]
    assert sums.batches == [[3, 1, 2]]


def test_a_lone_question_waits_for_no_other(sums: Sums) -> None:
    async def one_after_the_other() -> int:
        batch = Batch(sums, most=16)
        assert await asked(batch, 1) == 2
        return await asked(batch, 2)

    assert run(one_after_the_other()) == 4
    assert sums.batches == [[1], [2]]


def test_the_loop_has_a_turn_between_two_goes(sums: Sums) -> None:
    seen: list[int] = []

    async def look() -> None:
        for _ in range(6):
            seen.append(len(sums.batches))
            await asyncio.sleep(0)

    async def many() -> list[Any]:
        batch = Batch(sums, most=2)
        *answers, _ = await asyncio.gather(*(asked(batch, number) for number in range(5)), look())
        return answers

    assert run(many()) == [0, 2, 4, 6, 8]
    assert sums.batches == [[0, 1], [2, 3], [4]]
    assert {1, 2} <= set(seen)


def test_the_fault_of_one_is_not_everybody_s(sums: Sums) -> None:
    async def three() -> list[Any]:
        batch = Batch(sums, most=16)
        return await asyncio.gather(
            *(asked(batch, number) for number in (1, 13, 2)), return_exceptions=True
        )

    first, fault, last = run(three())
    assert (first, last) == (2, 4)
    assert isinstance(fault, ValueError)


def test_who_has_gone_is_not_answered(sums: Sums) -> None:
    async def one_leaves() -> int:
        batch = Batch(sums, most=16)
        gone = asyncio.ensure_future(asked(batch, 1))
        await asyncio.sleep(0)
        stays = asyncio.ensure_future(asked(batch, 2))
        gone.cancel()
        return await stays

    assert run(one_leaves()) == 4
    assert sums.batches == [[2]]


def test_what_waited_in_a_loop_that_ended_stands_in_nobody_s_way(sums: Sums) -> None:
    batch = Batch(sums, most=16)

    async def ask_and_leave() -> None:
        batch.ask(1)

    asyncio.run(ask_and_leave())
    sums.batches.clear()
    assert run(asked(batch, 2)) == 4
    assert sums.batches == [[2]]
