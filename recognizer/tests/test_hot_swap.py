"""Sockets hear of a hot swap and keep the version of the drawing that they are at."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from digitsite.asgi import application
from recognizer import consumers, serving
from recognizer.sockets import OpenSockets
from recognizer.tests.standin import predictor

PATIENCE = 10  # seconds; a shared machine can be slow
HEADERS = [(b"origin", b"http://127.0.0.1:8000"), (b"host", b"127.0.0.1:8000")]
POINTS = {"type": "points", "n": 1, "stroke": 0, "start": 0, "points": [[0, 0], [9, 9]]}

pytestmark = pytest.mark.usefixtures("standin")


@asynccontextmanager
async def connected() -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(application, "/ws/draw/", headers=HEADERS)
    assert (await socket.connect(timeout=PATIENCE))[0]
    assert (await receive(socket))["type"] == "hello"
    yield socket
    await socket.disconnect()


async def receive(socket: WebsocketCommunicator) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await socket.receive_from(timeout=PATIENCE))
    return frame


async def answer(socket: WebsocketCommunicator, frame: dict[str, Any]) -> dict[str, Any]:
    await socket.send_to(text_data=json.dumps(frame))
    return await receive(socket)


def swap(number: int, counts: tuple[int, int]) -> None:
    """Swap as the watcher does: in another thread."""

    def work() -> None:
        serving.serve(predictor(number=number))
        serving.tell(number, counts)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


async def test_every_open_socket_is_told_and_told_again() -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected()) for _ in range(25)]
        for counts in ((1, 2), (2, 2)):
            swap(8, counts)
            for socket in sockets:
                told = await receive(socket)
                assert told == {"type": "version", "version": 8, "serving": list(counts)}


async def test_a_drawing_in_progress_keeps_its_version_and_the_next_takes_the_new_one() -> None:
    async with connected() as socket:
        assert (await answer(socket, POINTS))["version"] == 7
        swap(8, (1, 1))
        assert (await receive(socket))["type"] == "version"
        assert (await answer(socket, {**POINTS, "n": 2, "start": 2}))["version"] == 7
        assert (await answer(socket, {"type": "undo", "n": 3}))["version"] == 8
        assert (await answer(socket, {**POINTS, "n": 4}))["version"] == 8


async def test_an_empty_canvas_takes_the_new_version_at_once() -> None:
    async with connected() as socket:
        swap(8, (1, 1))
        assert (await receive(socket))["version"] == 8
        assert (await answer(socket, POINTS))["version"] == 8


async def test_who_comes_after_a_swap_reads_it_in_the_hello() -> None:
    async with connected():
        swap(8, (1, 1))
    socket = WebsocketCommunicator(application, "/ws/draw/", headers=HEADERS)
    await socket.connect(timeout=PATIENCE)
    assert (await receive(socket))["version"] == 8
    assert await socket.receive_nothing()
    await socket.disconnect()


async def test_who_has_left_is_forgotten() -> None:
    async with connected():
        assert consumers._sockets._loops
    assert not consumers._sockets._loops
    swap(8, (1, 1))


async def test_one_that_does_not_read_keeps_nobody_waiting() -> None:
    sockets, never, heard = OpenSockets(), asyncio.Event(), asyncio.Event()

    async def stuck(_: str) -> None:
        await never.wait()

    async def reads(text: str) -> None:
        assert text == "news"
        heard.set()

    sockets.enter(stuck)
    sockets.enter(reads)
    threading.Thread(target=sockets.tell, args=["news"]).start()
    await asyncio.wait_for(heard.wait(), PATIENCE)
    never.set()
    await asyncio.sleep(0)


def test_a_loop_that_has_ended_is_no_trouble() -> None:
    sockets = OpenSockets()

    async def enter() -> None:
        async def send(_: str) -> None:
            raise AssertionError

        sockets.enter(send)

    asyncio.run(enter())
    sockets.tell("news")
