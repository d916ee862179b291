"""Looks that may hang: one at a time, kept for a moment, and nobody waits for long."""

import asyncio
import threading
import time
from threading import Event

import pytest

from recognizer import glance as module
from recognizer.glance import Glance
from recognizer.tests.clock import Clock

NAME = "glance-under-test"
PATIENCE = 60.0  # seconds; a shared machine can be slow


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that says how old a look is; who waits for one waits in real time."""
    fixed = Clock()
    monkeypatch.setattr(module, "time", fixed)
    return fixed


class Look:
    """A look that takes as long as a test wants, and finds how often there was one."""

    def __init__(self) -> None:
        self.may_end = Event()
        self.may_end.set()
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        self.may_end.wait(PATIENCE)
        return self.times


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def end(look: Look) -> None:
    """Let a look that hangs come to its end, and wait for it."""
    look.may_end.set()
    for thread in threads():
        thread.join(PATIENCE)


def glance(look: Look, *, patience: float = PATIENCE) -> Glance[int]:
    return Glance(look, name=NAME, kept=0.2, patience=patience)


async def test_many_who_ask_at_once_share_one_look() -> None:
    look = Look()
    found = glance(look)
    assert await asyncio.gather(*(found.ask() for _ in range(50))) == [1] * 50


async def test_what_was_found_is_kept_for_a_moment_and_no_longer(clock: Clock) -> None:
    found = glance(Look())
    assert await found.ask() == 1
    clock.now += 0.15
    assert await found.ask() == 1
    clock.now += 0.1
    assert await found.ask() == 2


async def test_nobody_waits_long_for_a_look_that_hangs_and_none_is_begun_beside_it(
    clock: Clock,
) -> None:
    look = Look()
    look.may_end.clear()
    found = glance(look, patience=0.2)
    began = time.monotonic()
    answers = await asyncio.gather(*(found.ask() for _ in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {TimeoutError}
    assert time.monotonic() - began < 5
    clock.now += 0.2
    for _ in range(50):  # those who come later do not even wait
        with pytest.raises(TimeoutError):
            await found.ask()
    assert time.monotonic() - began < 5  # each alone would wait as long: 10 s
    assert (look.times, len(threads())) == (1, 1)
    await asyncio.to_thread(end, look)
    assert await found.ask() == 1  # by now it has ended
    assert not threads()


async def test_the_loop_goes_on_while_a_look_hangs() -> None:
    look = Look()
    look.may_end.clear()
    asked = asyncio.create_task(glance(look).ask())
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not asked.done()
    look.may_end.set()
    assert await asked == 1


async def test_a_fault_of_a_look_is_not_hidden_and_not_kept_for_ever(clock: Clock) -> None:
    faults = [RuntimeError("a fault")]

    def look() -> int:
        if faults:
            raise faults.pop()
        return 7

    found = Glance(look, name=NAME, kept=0.05, patience=PATIENCE)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await found.ask()
    clock.now += 0.1
    assert await found.ask() == 7


def test_it_serves_one_loop_after_another() -> None:
    look = Look()
    look.may_end.clear()
    found = glance(look, patience=0.2)
    with pytest.raises(TimeoutError):
        asyncio.run(found.ask())
    end(look)
    assert asyncio.run(found.ask()) == 1
