"""One person at the page: draws characters at their pace over a socket and notes what comes back.

Knows the protocol from the client's side; knows nothing about the server's insides or what the
figures mean.
"""

import asyncio
import contextlib
import json
import random
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from benchmarks import wire
from benchmarks.pen import Replay
from benchmarks.server import Server
from recognizer.alphabet import INDEX, Charset

ANSWER_SECONDS: Final = 5.0
LOOK: Final = (0.2, 0.5)  # s that a person looks at the answer before the next character


@dataclass(frozen=True)
class Answer:
    """What the server made of a finished character."""

    set: str
    charset: Charset
    rank: int  # of the true label among the 36, from 0
    abstain: bool


@dataclass
class Notes:
    """What happened, over all drawers that share it. Times in s."""

    drawings: int = 0
    answers: list[Answer] = field(default_factory=list)
    trips: list[float] = field(default_factory=list)  # frame sent → prediction that covers it
    ages: list[float] = field(default_factory=list)  # pen at the newest point → the same
    late: list[float] = field(default_factory=list)  # frame due → frame sent: our own slowness
    pen_seconds: float = 0.0
    updates: int = 0  # predictions that arrived while the pen was down
    frames_up: int = 0  # points and clear frames
    bytes_up: int = 0
    ink_predictions: int = 0  # predictions of what the pen drew, without blank ones
    bytes_down: int = 0  # payload of those
    predictions: int = 0  # all of them
    unanswered: int = 0
    mixed: int = 0  # drawings that were answered by more than one version
    swaps: list[tuple[float, int]] = field(default_factory=list)  # when told of which version
    errors: Counter[str] = field(default_factory=Counter)


class Drawer:
    """One connection that draws; only one drawing at a time."""

    def __init__(self, socket: ClientConnection, notes: Notes) -> None:
        self._socket = socket
        self._notes = notes
        self._n = 0
        self._begins = 0  # the number of this drawing's first frame
        self._sent: deque[tuple[int, float, float | None]] = deque()  # n, sent, pen was there
        self._charset: Charset = "all"
        self._inking = False
        self._arrivals: list[float] = []
        self._versions: set[int] = set()  # that have answered this drawing
        self._last: dict[str, Any] = {}
        self._answered = asyncio.Event()

    async def draw(self, replay: Replay, charset: Charset, *, ask_all: bool = False) -> None:
        """Draw one character, wait for the answer to its last point, and clear the canvas."""
        if charset != self._charset:
            await self._choose(charset)
        begin = await self._trace(replay)
        if await self._covered():
            self._note_answer(replay)
        self._inking = False
        self._notes.drawings += 1
        self._notes.mixed += len(self._versions) > 1
        self._notes.pen_seconds += replay.pen_seconds
        self._notes.updates += sum(
            begin + down <= at <= begin + up for at in self._arrivals for down, up in replay.down
        )
        if ask_all and charset != "all":
            await self._choose("all")
            if await self._covered():
                self._note_answer(replay)
        await self._send('{"type":"clear"}')
        self._notes.frames_up += 1

    async def listen(self) -> None:
        """Take what the server sends, until the connection ends."""
        async for message in self._socket:
            now = perf_counter()
            frame = json.loads(message)
            if frame["type"] == "prediction":
                self._predicted(frame, now, len(message))
            elif frame["type"] == "version":
                self._notes.swaps.append((now, frame["version"]))
            elif frame["type"] == "error":
                self._notes.errors[frame["code"]] += 1

    async def _trace(self, replay: Replay) -> float:
        self._arrivals = []
        self._versions = set()
        self._begins = self._n + 1
        self._inking = True
        begin = perf_counter()
        for batch in replay.batches:
            due = begin + batch.at
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            text = wire.encode(wire.points_frame(batch.stroke, batch.start, batch.points))
            self._notes.late.append(perf_counter() - due)
            self._notes.frames_up += 1
            await self._send(text, begin + batch.newest)
        return begin

    async def _choose(self, charset: Charset) -> None:
        bytes_up = self._notes.bytes_up
        await self._send(wire.encode({"type": "charset", "charset": charset}))
        self._notes.bytes_up = bytes_up  # asked for by the measurement, not by the pen
        self._charset = charset

    async def _send(self, text: str, newest: float | None = None) -> None:
        self._n += 1
        text = wire.numbered(text, self._n)
        self._notes.bytes_up += wire.client_bytes(text)
        self._answered.clear()
        self._sent.append((self._n, perf_counter(), newest))
        await self._socket.send(text)

    async def _covered(self) -> bool:
        """Wait for a prediction that covers everything sent."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._answered.wait()
        except TimeoutError:
            self._notes.unanswered += 1
            return False
        return True

    def _predicted(self, frame: dict[str, Any], now: float, size: int) -> None:
        self._notes.predictions += 1
        # Late answers to the drawing before say nothing about this one.
        if self._inking and frame["covers"] >= max(self._begins, self._sent_first()):
            self._notes.ink_predictions += 1
            self._notes.bytes_down += size
            self._arrivals.append(now)
            self._versions.add(frame["version"])
        while self._sent and self._sent[0][0] <= frame["covers"]:
            _, sent, newest = self._sent.popleft()
            if newest is not None:
                self._notes.trips.append(now - sent)
                self._notes.ages.append(now - newest)
        self._last = frame
        if frame["covers"] == self._n:
            self._answered.set()

    def _sent_first(self) -> int:
        """The number of the oldest frame with points that waits for its answer."""
        return next((n for n, _, newest in self._sent if newest is not None), self._n + 1)

    def _note_answer(self, replay: Replay) -> None:
        probabilities = self._last["probabilities"]
        character = replay.character
        mine = probabilities[INDEX[character.label]]
        rank = sum(probability > mine for probability in probabilities)
        abstain = self._last["abstain"]
        self._notes.answers.append(Answer(character.set, self._charset, rank, abstain))


@contextlib.asynccontextmanager
async def at_the_page(server: Server, notes: Notes, cookie: str = "") -> AsyncIterator[Drawer]:
    """Open a socket as the page does, greet, and listen in the background."""
    async with open_socket(server, cookie) as socket:
        drawer = Drawer(socket, notes)
        listening = asyncio.create_task(drawer.listen())
        try:
            yield drawer
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening


@contextlib.asynccontextmanager
async def open_socket(server: Server, cookie: str = "") -> AsyncIterator[ClientConnection]:
    """Connect with the page's origin and take the server's greeting."""
    # Without compression: the server offers none, and the byte counts are of plain frames.
    async with connect(
        server.socket_url,
        origin=server.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else None,
        compression=None,
        proxy=None,
        max_queue=None,
        ping_interval=None,
        close_timeout=2,
    ) as socket:
        hello = json.loads(await socket.recv())
        if hello["type"] != "hello":
            raise RuntimeError(f"the server did not greet: {hello}")
        yield socket


async def draw_all(
    server: Server,
    replays: list[Replay],
    *,
    drawers: int,
    seconds: float,
    seed: int,
    charset: Charset | None = None,
) -> Notes:
    """Let `drawers` people draw the characters, each the next that nobody has drawn.

    Ends when all are drawn, or begins no new one after `seconds`. With `charset` None everybody
    draws with the right hint and then looks at the answer without it.
    """
    notes = Notes()
    waiting = deque(replays)
    end = perf_counter() + seconds

    async def person(number: int) -> None:
        temper = random.Random(f"{seed}/{number}")
        async with at_the_page(server, notes) as drawer:
            await asyncio.sleep(temper.uniform(0, 1))  # people do not start on a signal
            while waiting and perf_counter() < end:
                replay = waiting.popleft()
                await drawer.draw(replay, charset or replay.character.hint, ask_all=charset is None)
                await asyncio.sleep(temper.uniform(*LOOK))

    async with asyncio.TaskGroup() as everybody:
        for number in range(drawers):
            everybody.create_task(person(number))
    return notes
