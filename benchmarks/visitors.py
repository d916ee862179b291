"""Many pages that have lost their server: each comes back by itself, as `socket.js` has it.

Sockets as thin as they can be, so that the figures are the server's: a handshake, its `hello`, and
an answer to pings. Knows nothing about drawings.
"""

import asyncio
import base64
import contextlib
import math
import os
import random
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from benchmarks.server import HOST, Server

FIRST: Final = 0.5  # s; these as in static/js/socket.js
SOON: Final = 1.0
SHARE: Final = 1 / 15  # of the time without a connection
LONGEST: Final = 30.0
RESTART: Final = (2.0, 8.0)
RESTARTS: Final = {1012, 1013}
IMPATIENT: Final = 0.05  # s between the attempts of somebody who knows no back-off
GIVE_UP: Final = 5.0  # s that one attempt may take, as in static/js/socket.js

SWITCHING: Final = 101
LOST: Final = 1006
SERVER_ERROR: Final = 500
PING, PONG, CLOSE = 9, 10, 8
WAITED_FOR: Final = 60.0  # s that all of them are waited for
LOOK_EVERY: Final = 0.02


class Line(asyncio.Protocol):
    """One websocket from its handshake to its end."""

    def __init__(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[bool] = loop.create_future()  # hello has come; False: refused
        self.closed: asyncio.Future[int] = loop.create_future()  # the close code
        self._request = request
        self._data = b""
        self.status = 0  # of the handshake
        self._code = LOST
        self._is_open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take what has come, frame by frame."""
        self._data += data
        if not self._is_open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self.status = int(head[9:12])
            if self.status != SWITCHING:
                self.leave()
                return
            self._is_open, self._data = True, rest
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        if not self.opened.done():
            self.opened.set_result(False)
        if not self.closed.done():
            self.closed.set_result(self._code)

    def leave(self) -> None:
        """Be gone without a word, as a closed laptop is."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self._code = int.from_bytes(payload[:2])
            self._send(CLOSE, payload[:2])
        elif opcode == PING:
            self._send(PONG, payload)
        elif not self.opened.done():
            assert b'"hello"' in payload, payload
            self.opened.set_result(True)

    def _send(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        self._transport.write(bytes([128 | opcode, 128 | len(payload)]) + bytes(4) + payload)

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        start, length = 2, data[1]
        if length == 126:
            start, length = 4, int.from_bytes(data[2:4])
        if len(data) < start + length:
            return None
        self._data = data[start + length :]
        return data[0] & 15, data[start : start + length]


class Visitor:
    """One page: connected, or on its way back."""

    def __init__(self, server: Server, cookie: str, rng: random.Random) -> None:
        lines = {
            "Host": f"{HOST}:{server.port}",
            "Origin": server.origin,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        } | ({"Cookie": cookie} if cookie else {})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._request = f"GET /ws/draw/ HTTP/1.1\r\n{head}\r\n".encode()
        self._port = server.port
        self._rng = rng
        self.is_patient = True
        self._line: Line | None = None
        self.attempts = 0
        self.since: float | None = None  # when it was greeted; None while it is on its way
        self.codes: list[int] = []  # with which its sockets ended
        self.refusals: list[int] = []  # with which its handshakes were refused

    async def stay(self) -> None:
        """Connect, and again whenever the connection is lost; until cancelled."""
        lost: float | None = None  # when there was last a connection
        while True:
            code = LOST
            if await self._connect():
                assert self._line is not None
                self.since = perf_counter()
                code = await self._line.closed
                self.since = None
                self.codes.append(code)
                lost = None  # as on a page that was open for a while
            away = 0.0 if lost is None else perf_counter() - lost
            lost = perf_counter() - away
            await asyncio.sleep(self._delay(away, code))

    def lose(self) -> None:
        """Lose the connection."""
        if self._line is not None:
            self._line.leave()

    async def _connect(self) -> bool:
        self.attempts += 1
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(GIVE_UP):
                _, self._line = await loop.create_connection(
                    lambda: Line(self._request), HOST, self._port
                )
                opened = await asyncio.shield(self._line.opened)
                if not opened and self._line.status:
                    self.refusals.append(self._line.status)
                return opened
        self.lose()
        return False

    def _delay(self, away: float, code: int) -> float:
        if not self.is_patient:
            return IMPATIENT
        longest = min(LONGEST, max(SOON if away else FIRST, away * SHARE))
        wait = longest * self._rng.uniform(0.5, 1)
        return wait + self._rng.uniform(*RESTART) if code in RESTARTS else wait


class Visitors:
    """All of them."""

    def __init__(self, server: Server, cookies: Sequence[str], seed: int) -> None:
        rng = random.Random(seed)
        self._visitors = [Visitor(server, cookie, rng) for cookie in cookies]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def failures(self) -> int:
        """How many handshakes the server has answered with an error of its own."""
        return sum(status >= SERVER_ERROR for one in self._visitors for status in one.refusals)

    def come(self) -> None:
        """Let all of them connect."""
        self._tasks = [asyncio.create_task(visitor.stay()) for visitor in self._visitors]

    async def back(self, since: float) -> list[float]:
        """Wait until all are connected; return after how many seconds each was, from `since`.

        Whoever is not within a minute is infinitely late.
        """
        end = perf_counter() + WAITED_FOR
        while math.inf in (late := [self._late(one, since) for one in self._visitors]):
            if perf_counter() > end:
                break
            await asyncio.sleep(LOOK_EVERY)
        return late

    def lose(self, *, patient: bool) -> None:
        """Cut all connections; everybody comes back as the page does, or else at once."""
        for visitor in self._visitors:
            visitor.is_patient = patient
            visitor.lose()

    def be_patient(self) -> None:
        """From now on everybody comes back as the page does."""
        for visitor in self._visitors:
            visitor.is_patient = True

    async def leave(self) -> None:
        """Let all of them go, for good."""
        for task in self._tasks:
            task.cancel()
        self.lose(patient=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @staticmethod
    def _late(visitor: Visitor, since: float) -> float:
        greeted = visitor.since
        return math.inf if greeted is None or greeted < since else greeted - since
