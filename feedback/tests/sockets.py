"""A client of the drawing socket for tests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator
from django.http import HttpRequest, HttpResponse

from digitsite.asgi import application
from feedback.people import COOKIE, introduced

ORIGIN = "http://127.0.0.1:8000"
PATIENCE = 10  # seconds; a shared machine can be slow


class Client:
    """A frame-speaking client of one connection."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self._socket = socket
        self.seen: list[dict[str, Any]] = []
        self.n = 0  # of the latest frame

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a frame with the next number."""
        self.n += 1
        await self._socket.send_to(text_data=json.dumps({"type": kind, "n": self.n, **fields}))

    async def receive(self) -> dict[str, Any]:
        """Return the next frame."""
        frame: dict[str, Any] = json.loads(await self._socket.receive_from(timeout=PATIENCE))
        self.seen.append(frame)
        return frame

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the next frame of a type that has these fields."""
        while True:
            frame = await self.receive()
            if frame["type"] == kind and fields.items() <= frame.items():
                return frame

    async def draw(self, strokes: list[list[list[float]]]) -> dict[str, Any]:
        """Send a whole drawing and return its prediction."""
        await self.send("drawing", strokes=strokes)
        return await self.until("prediction", covers=self.n)

    async def draw_until(self, strokes: list[list[list[float]]], **fields: Any) -> dict[str, Any]:
        """Send a whole drawing; return its first prediction with these fields."""
        answer = await self.draw(strokes)
        return (
            answer if fields.items() <= answer.items() else await self.until("prediction", **fields)
        )

    async def closed(self) -> tuple[int, str]:
        """Return the code and the reason with which the server closes, past what comes before."""
        while True:
            message = await self._socket.receive_output(timeout=PATIENCE)
            if message["type"] == "websocket.close":
                return message["code"], message.get("reason", "")

    async def is_silent(self, seconds: float = 0.3) -> bool:
        """Tell whether nothing arrives for a while."""
        return await self._socket.receive_nothing(timeout=seconds, interval=0.02)


@asynccontextmanager
async def connected(**cookies: str) -> AsyncIterator[Client]:
    """Open a socket, with cookies; past its hello."""
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", ORIGIN.encode())]
    headers += [(b"cookie", text.encode())] if text else []
    socket = WebsocketCommunicator(application, "/ws/draw/", headers=headers)
    accepted, _ = await socket.connect(timeout=10)
    assert accepted
    client = Client(socket)
    assert (await client.receive())["type"] == "hello"
    try:
        yield client
    finally:
        await socket.disconnect()


def key() -> str:
    """Return the cookie of a new browser."""
    response: HttpResponse = introduced(lambda _: HttpResponse())(HttpRequest())
    return str(response.cookies[COOKIE].value)
