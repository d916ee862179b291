"""Work beside the event loop: in turn, bounded, and the loop goes on."""

import asyncio
import threading

import pytest

from recognizer.aside import Aside, Busy


async def test_it_returns_what_the_work_returns_and_raises_what_it_raises() -> None:
    aside = Aside("test", most=1)

    def fail() -> None:
        raise KeyError("x")

    assert await aside.run(lambda: 7) == 7
    with pytest.raises(KeyError):
        await aside.run(fail)
    assert await aside.run(lambda: 8) == 8


async def test_the_loop_goes_on_and_what_is_too_much_is_refused() -> None:
    aside = Aside("test", most=2)
    gate = threading.Event()
    first, second = (asyncio.create_task(aside.run(gate.wait)) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await aside.run(gate.wait)
    gate.set()
    assert await first
    assert await second
    assert await aside.run(lambda: "again") == "again"


async def test_it_is_done_in_one_thread_that_is_not_the_loop_s() -> None:
    aside = Aside("test", most=8)
    threads = await asyncio.gather(*(aside.run(threading.get_ident) for _ in range(8)))
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads
