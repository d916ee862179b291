"""Errands run in turn, a bounded number of them, and one that fails does not stop the others."""

import asyncio
import logging

import pytest

from feedback.errands import Errand, Errands

NOTHING: list[int] = []


def noting(done: list[int], number: int, seconds: float = 0) -> Errand:
    async def errand() -> None:
        await asyncio.sleep(seconds)
        done.append(number)

    return errand


async def test_they_run_in_the_order_of_arrival() -> None:
    errands, done = Errands(9), NOTHING.copy()
    for number, seconds in enumerate((0.02, 0.0, 0.01)):
        assert errands.add(noting(done, number, seconds))
    await errands.finished()
    assert done == [0, 1, 2]


async def test_more_than_may_wait_are_refused() -> None:
    errands, done = Errands(2), NOTHING.copy()
    assert [errands.add(noting(done, number)) for number in range(3)] == [True, True, False]
    await errands.finished()
    assert errands.add(noting(done, 3))
    await errands.finished()
    assert done == [0, 1, 3]


async def test_one_that_fails_is_logged_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise RuntimeError("no")

    errands, done = Errands(9), NOTHING.copy()
    errands.add(fail)
    errands.add(noting(done, 1))
    with caplog.at_level(logging.ERROR):
        await errands.finished()
    assert done == [1]
    assert "an errand failed" in caplog.text


async def test_without_work_there_is_no_task() -> None:
    errands, done = Errands(9), NOTHING.copy()
    errands.add(noting(done, 1))
    await errands.finished()
    assert asyncio.all_tasks() == {asyncio.current_task()}
