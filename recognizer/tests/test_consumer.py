"""The socket: refusals first, then hello, answers and what happens to a drawing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from digitsite.asgi import application
from recognizer import consumers, serving
from recognizer.alphabet import LABELS
from recognizer.messages import PredictionFrame
from recognizer.pace import Pace
from recognizer.quotas import Connections
from recognizer.session import DrawSession
from recognizer.tests.standin import predictor

ORIGIN = (b"origin", b"http://127.0.0.1:8000")
HOST = (b"host", b"127.0.0.1:8000")
PATIENCE = 10  # seconds; a shared machine can be slow

pytestmark = pytest.mark.usefixtures("standin")


class Client:
    """A frame-speaking client of one connection."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket

    async def send(self, frame: dict[str, Any] | str) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        await self.socket.send_to(text_data=text)

    async def receive(self) -> dict[str, Any]:
        return json.loads(await self.socket.receive_from(timeout=PATIENCE))

    async def answer(self, frame: dict[str, Any] | str) -> dict[str, Any]:
        await self.send(frame)
        return await self.receive()

    async def closed_with(self) -> int:
        while True:
            message = await self.socket.receive_output(timeout=PATIENCE)
            if message["type"] != "websocket.send":
                assert message["type"] == "websocket.close"
                return message["code"]


@asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    socket = WebsocketCommunicator(application, "/ws/draw/", headers=[ORIGIN, HOST])
    accepted, _ = await socket.connect(timeout=PATIENCE)
    assert accepted
    yield Client(socket)
    await socket.disconnect()


@asynccontextmanager
async def drawing() -> AsyncIterator[Client]:
    async with connected() as client:
        assert (await client.receive())["type"] == "hello"
        yield client


def points(n: int, start: int = 0, stroke: int = 0, count: int = 3) -> dict[str, Any]:
    samples = [[start + k, 2 * (start + k)] for k in range(count)]
    return {"type": "points", "n": n, "stroke": stroke, "start": start, "points": samples}


BAD_FRAMES = [
    ("nonsense", "json"),
    ('{"type":"points","n":1}', "field"),
    ('{"type":"dance","n":1}', "type"),
    ('{"type":"verdict","label":"7","n":1}', "empty"),
    ('{"type":"points","n":1,"stroke":0,"start":0,"points":[[NaN,0]]}', "field"),
    ('{"type":"points","n":1,"stroke":0,"start":0,"points":[[1e999,0]]}', "field"),
    (json.dumps(points(1, start=4)), "gap"),
    (json.dumps(points(1, count=5001)), "limit"),
    ('{"type":"undo","pad":"' + "x" * 70_000 + '"}', "limit"),
]


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES, ids=range(len(BAD_FRAMES)))
async def test_a_bad_frame_gets_one_error_and_the_socket_stays(frame: str, code: str) -> None:
    async with drawing() as client:
        error = await client.answer(frame)
        assert (error["type"], error["code"]) == ("error", code)
        assert error["message"]
        answer = await client.answer(points(2))
        assert (answer["type"], answer["covers"]) == ("prediction", 2)


async def test_a_binary_frame_is_refused() -> None:
    async with drawing() as client:
        await client.socket.send_to(bytes_data=b"\x00")
        assert (await client.receive())["code"] == "json"


async def test_ten_bad_frames_in_a_minute_close_the_socket() -> None:
    async with connected() as client:
        for _ in range(10):
            await client.send("nonsense")
        assert await client.closed_with() == 1008


async def test_gaps_never_close_the_socket() -> None:
    async with drawing() as client:
        for _ in range(15):
            assert (await client.answer(points(1, start=9)))["code"] == "gap"
        assert (await client.answer(points(2)))["type"] == "prediction"


async def test_a_stroke_that_begins_without_points_is_no_gap_for_the_next() -> None:
    async with drawing() as client:
        begun = {"type": "points", "n": 1, "stroke": 0, "start": 0, "points": []}
        assert (await client.answer(begun))["label"] is None
        answer = await client.answer(points(2, stroke=1))
        assert (answer["type"], answer["covers"]) == ("prediction", 2)


async def test_frames_over_the_rate_are_dropped_with_an_error(settings: Settings) -> None:
    settings.FRAME_BURST = 2
    settings.FRAMES_PER_SECOND = 1
    async with drawing() as client:
        for n in (1, 2, 3):
            await client.send(points(n, start=3 * (n - 1)))
        frames = [await client.receive()]
        while frames[-1]["type"] != "error":
            frames.append(await client.receive())
        assert {frame["type"] for frame in frames[:-1]} <= {"prediction"}
        assert (frames[-1]["code"], frames[-1]["n"]) == ("rate", 3)


async def test_a_dropped_frame_without_a_number_is_dropped_without_one(settings: Settings) -> None:
    settings.FRAME_BURST = 1
    settings.FRAMES_PER_SECOND = 1
    async with drawing() as client:
        await client.answer({"type": "clear"})
        for frame in ({"type": "clear"}, "nonsense"):
            answer = await client.answer(frame)
            assert (answer["code"], answer["n"]) == ("rate", None)


async def test_connections_from_one_address_are_limited(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONNECTIONS_PER_ADDRESS = 1
    monkeypatch.setattr(consumers, "_connections", Connections())
    async with drawing(), connected() as second:
        assert (await second.receive())["code"] == "rate"
        assert await second.closed_with() == 1008
    async with drawing():
        pass  # the first one has left


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://127.0.0.1:9999", "https://127.0.0.1:8000"],
)
async def test_a_foreign_null_missing_or_other_port_origin_is_refused(origin: str | None) -> None:
    headers = [HOST] + ([(b"origin", origin.encode())] if origin else [])
    socket = WebsocketCommunicator(application, "/ws/draw/", headers=headers)
    accepted, _ = await socket.connect(timeout=PATIENCE)
    assert not accepted


@pytest.mark.usefixtures("nothing_served")
async def test_without_a_model_every_frame_is_answered_unavailable() -> None:
    async with connected() as client:
        assert (await client.receive())["version"] is None
        for n in range(12):
            error = await client.answer(points(n, start=3 * n))
            assert (error["type"], error["code"], error["n"]) == ("error", "unavailable", n)


async def test_hello_is_the_first_frame_and_tells_the_limits(settings: Settings) -> None:
    async with connected() as client:
        hello = await client.receive()
        assert hello["type"] == "hello"
        assert hello["protocol"] == 1
        assert hello["version"] == 7
        assert hello["labels"] == list(LABELS)
        assert hello["charset"] == "all"
        assert hello["limits"]["points"] == settings.MAX_POINTS
        assert hello["limits"]["interval_ms"] == 50


async def test_points_are_answered_by_a_prediction_that_covers_them() -> None:
    async with drawing() as client:
        answer = await client.answer(points(7))
        assert answer["covers"] == 7
        assert answer["version"] == 7
        assert answer["label"] == "3"
        assert answer["personal"] is False
        assert len(answer["probabilities"]) == 36


async def test_a_burst_is_answered_by_its_first_and_its_last_state(settings: Settings) -> None:
    settings.PREDICTION_INTERVAL_MS = 1000  # a burst is over before, also on a slow machine
    async with drawing() as client:
        for n in range(1, 30):
            await client.send(points(n, start=3 * (n - 1)))
        covers = [(await client.receive())["covers"]]
        while covers[-1] < 29:
            covers.append((await client.receive())["covers"])
        assert covers == sorted(set(covers))
        assert len(covers) <= 3


async def test_a_resend_is_harmless_and_still_answered() -> None:
    async with drawing() as client:
        await client.answer(points(1))
        assert (await client.answer(points(2)))["covers"] == 2


async def test_undo_and_clear_empty_the_canvas() -> None:
    async with drawing() as client:
        for frame in ({"type": "undo", "n": 2}, {"type": "clear", "n": 3}):
            await client.answer(points(1))
            answer = await client.answer(frame)
            assert (answer["label"], answer["abstain"]) == (None, True)


async def test_a_character_set_limits_the_probabilities() -> None:
    async with drawing() as client:
        await client.answer(points(1))
        answer = await client.answer({"type": "charset", "charset": "letters", "n": 2})
        assert sum(answer["probabilities"][:10]) == 0
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-4)


async def test_a_whole_drawing_replaces_what_was_there() -> None:
    async with drawing() as client:
        await client.answer(points(1))
        answer = await client.answer({"type": "drawing", "n": 2, "strokes": []})
        assert answer["label"] is None
        await client.answer({"type": "drawing", "n": 3, "strokes": [[[0, 0], [9, 9]]]})
        assert (await client.answer(points(4, start=2)))["covers"] == 4


async def test_a_new_version_waits_for_the_next_drawing() -> None:
    async with drawing() as client:
        assert (await client.answer(points(1)))["version"] == 7
        serving.serve(predictor(number=8))
        assert (await client.answer(points(2, start=3)))["version"] == 7
        assert (await client.answer({"type": "clear", "n": 3}))["version"] == 8


async def test_sockets_that_are_due_at_once_are_answered_in_one_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together: list[int] = []
    answer = consumers._batch._answer

    def counted(sessions: Sequence[DrawSession]) -> Sequence[PredictionFrame]:
        together.append(len(sessions))
        return answer(sessions)

    monkeypatch.setattr(consumers._batch, "_answer", counted)
    async with drawing() as one, drawing() as another:
        await one.send(points(1))
        await another.send(points(5))
        assert (await one.receive())["covers"] == 1
        assert (await another.receive())["covers"] == 5
    assert together == [2]


async def test_one_without_a_version_does_not_keep_another_from_its_own() -> None:
    async with drawing() as one, drawing() as another:
        assert (await one.answer(points(1)))["version"] == 7
        serving.serve(None)
        await one.send(points(2, start=3))
        await another.send(points(5))
        assert (await one.receive())["version"] == 7
        assert (await another.receive())["code"] == "unavailable"


async def test_a_closed_socket_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with drawing() as client:
        await client.answer(points(1))
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - before if "watch_loop_lag" not in repr(task)]
    assert not left


async def test_a_loop_that_was_kept_from_running_makes_answers_fewer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "_background", set())  # as in a process that has just started
    monkeypatch.setattr(consumers, "_pace", Pace())
    assert consumers._interval() == 0.05
    async with drawing() as client:
        await client.answer(points(1))
        time.sleep(0.3)  # noqa: ASYNC251 - nothing runs meanwhile, as on a machine busy with others
        await asyncio.sleep(0)  # what is due runs
        await asyncio.sleep(0.01)
        assert consumers._interval() > 0.06
    (watching,) = consumers._background
    watching.cancel()


async def test_the_stroke_path_asks_for_no_thread() -> None:
    """So no database either: Channels would look after its connections at every frame."""

    def refuse(*_: object, **__: object) -> Callable[..., Coroutine[Any, Any, None]]:
        raise AssertionError("a thread was asked for on the stroke path")

    async with drawing() as client:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr("asgiref.sync.SyncToAsync.__call__", refuse)
            assert (await client.answer(points(1)))["covers"] == 1
