"""Looks that may hang: one at a time, kept for a moment, and nobody waits for long."""

import asyncio
import threading
import time
from threading import Event

import pytest

from recognizer.glance import Glance


class Look:
    """A look that takes as long as a test wants, and finds how often there was one."""

    def __init__(self) -> None:
        self.may_end = Event()
        self.may_end.set()
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        self.may_end.wait(10)
        return self.times


def threads() -> int:
    return sum(thread.name == "glance-under-test" for thread in threading.enumerate())


def glance(look: Look, *, kept: float = 0.2) -> Glance[int]:
    return Glance(look, name="glance-under-test", kept=kept, patience=0.2)


async def test_many_who_ask_at_once_share_one_look() -> None:
    look = Look()
    found = glance(look)
    assert await asyncio.gather(*(found.ask() for _ in range(50))) == [1] * 50


async def test_what_was_found_is_kept_for_a_moment_and_no_longer() -> None:
    found = glance(Look())
    assert (await found.ask(), await found.ask()) == (1, 1)
    await asyncio.sleep(0.25)
    assert await found.ask() == 2


async def test_nobody_waits_long_for_a_look_that_hangs_and_none_is_begun_beside_it() -> None:
    look = Look()
    look.may_end.clear()
    found = glance(look)
    began = time.monotonic()
    answers = await asyncio.gather(*(found.ask() for _ in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {TimeoutError}
    assert time.monotonic() - began < 2
    for _ in range(50):  # those who come later do not even wait
        with pytest.raises(TimeoutError):
            await found.ask()
    assert time.monotonic() - began < 2
    assert (look.times, threads()) == (1, 1)
    look.may_end.set()
    await asyncio.sleep(0.1)
    assert await found.ask() == 1  # by now it has ended
    assert threads() == 0


async def test_the_loop_goes_on_while_a_look_hangs() -> None:
    look = Look()
    look.may_end.clear()
    asked = asyncio.create_task(glance(look).ask())
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not asked.done()
    look.may_end.set()
    assert await asked == 1


async def test_a_fault_of_a_look_is_not_hidden_and_not_kept_for_ever() -> None:
    faults = [RuntimeError("a fault")]

    def look() -> int:
        if faults:
            raise faults.pop()
        return 7

    found = Glance(look, name="glance-under-test", kept=0.05)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await found.ask()
    await asyncio.sleep(0.1)
    assert await found.ask() == 7


def test_it_serves_one_loop_after_another() -> None:
    look = Look()
    look.may_end.clear()
    found = glance(look)
    with pytest.raises(TimeoutError):
        asyncio.run(found.ask())
    look.may_end.set()
    time.sleep(0.1)
    assert asyncio.run(found.ask()) == 1
