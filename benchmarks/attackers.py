"""Clients without manners: some never read what they are sent, one sends without end.

Runs as a process of its own so that it takes nothing from those who are measured; ends by itself
after its time. Speaks WebSocket by hand, because no library would behave like this.
"""

import asyncio
import base64
import contextlib
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from benchmarks import wire
from benchmarks.server import HOST, Server

SMALL_WINDOW: Final = 4096  # bytes that a client that never reads lets the kernel take for it
DEAF_EVERY: Final = 0.020  # s between frames of a client that never reads: below the rate limit
TICK: Final = 0.010  # s between bursts of the one that floods
STROKE_POINTS: Final = 400


@dataclass(frozen=True)
class Attack:
    """Who attacks a server, for how long, and how hard."""

    port: int
    deaf: int  # clients that never read
    flood: int  # messages a second of the one that sends without end; 0 for nobody
    seconds: float


@dataclass
class Damage:
    """What the attackers got through."""

    flooded: int = 0  # messages handed to the kernel by the one that floods
    reconnects: int = 0  # times that the server closed its connection
    deaf_frames: int = 0
    deaf_dropped: int = 0  # connections of those that never read that the server ended


@contextlib.contextmanager
def attack(
    server: Server, *, deaf: int, flood: int, seconds: float
) -> Iterator["Connection[None, Damage]"]:
    """Attack in the background; the connection yields the `Damage` at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_run, args=(Attack(server.port, deaf, flood, seconds), theirs), daemon=True
    )
    process.start()
    try:
        yield ours
        process.join(seconds)
    finally:
        if process.is_alive():
            process.terminate()
            process.join()


def client_frame(text: str) -> bytes:
    """Return a text frame with a mask of zeros, which leaves the payload as it is."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 2**16:
        length = bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8)
    return b"\x81" + length + bytes(wire.MASK) + payload


def scribble() -> Iterator[bytes]:
    """Return valid frames without end: a stroke that grows a point at a time, then a new canvas."""
    while True:
        for index in range(STROKE_POINTS):
            point = [100 + 2 * index, 500 + (index % 7) * 40]
            yield client_frame(wire.encode(wire.points_frame(0, index, [point])))
        yield client_frame(json.dumps({"type": "clear"}))


def _run(plan: Attack, report: "Connection[Damage, None]") -> None:
    report.send(asyncio.run(_everybody(plan)))


async def _everybody(plan: Attack) -> Damage:
    damage = Damage()
    end = time.monotonic() + plan.seconds
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(plan.seconds + 2), asyncio.TaskGroup() as group:
            for _ in range(plan.deaf):
                group.create_task(_deaf(plan, damage, end))
            if plan.flood:
                group.create_task(_flood(plan, damage, end))
    return damage


async def _deaf(plan: Attack, damage: Damage, end: float) -> None:
    """Draw at a polite pace and never read; come back when dropped."""
    while time.monotonic() < end:
        connection = await _open(plan.port, SMALL_WINDOW)
        try:
            for frame in scribble():
                await _send(connection, frame)
                damage.deaf_frames += 1
                await asyncio.sleep(DEAF_EVERY)
                if time.monotonic() > end:
                    return
        except OSError:
            damage.deaf_dropped += 1
        finally:
            connection.close()


async def _flood(plan: Attack, damage: Damage, end: float) -> None:
    """Send as many messages as ordered; come back at once whenever the server closes."""
    burst = max(1, round(plan.flood * TICK))
    while time.monotonic() < end:
        connection = await _open(plan.port)
        reading = asyncio.create_task(_read(connection))
        frames = scribble()
        due = time.monotonic()
        try:
            while not reading.done() and time.monotonic() < end:
                await _send(connection, b"".join(next(frames) for _ in range(burst)))
                damage.flooded += burst
                due = max(due + TICK, time.monotonic() - TICK)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        except OSError:
            pass
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            connection.close()
        if time.monotonic() < end:
            damage.reconnects += 1


async def _send(connection: socket.socket, frames: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, frames)


async def _read(connection: socket.socket) -> None:
    """Throw away what comes, until the server closes."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while await loop.sock_recv(connection, 65536):
            pass


async def _open(port: int, window: int | None = None) -> socket.socket:
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setblocking(False)
    if window:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /ws/draw/ HTTP/1.1\r\nHost: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    )
    try:
        await loop.sock_connect(connection, (HOST, port))
        await loop.sock_sendall(connection, request.encode())
        status = await loop.sock_recv(connection, 256)
    except OSError:
        connection.close()
        raise
    if b" 101 " not in status:
        connection.close()
        raise ConnectionError(f"the server refused the connection: {status!r}")
    return connection
