"""A reverse proxy for tests: each connection goes to the next process that takes it.

It does no more than Caddy does before it has sent anything on: who does not accept is passed over.
What has been sent is never sent again.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

HOST = "127.0.0.1"
PIECE = 65_536


class Front:
    """Passes connections on, in a thread of its own."""

    def __init__(self, port: int, behind: Sequence[int]) -> None:
        self._port = port
        self._behind = behind  # their ports
        self._turn = count()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def start(self) -> None:
        """Take connections from now on."""
        self._thread.start()
        assert self._listening.wait(10)

    def stop(self) -> None:
        """Take none any more, and cut those that are left."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        passing: set[asyncio.Task[None]] = set()

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            passing.add(task := asyncio.ensure_future(self._pass(reader, writer)))
            task.add_done_callback(passing.discard)

        async with await asyncio.start_server(accepted, HOST, self._port):
            self._listening.set()
            await self._ended.wait()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            found = await self._next()
            if found is None:
                return
            with contextlib.closing(found[1]):
                # Either side ends both: nobody here closes one half of a connection.
                ways = [
                    asyncio.ensure_future(_carry(reader, found[1])),
                    asyncio.ensure_future(_carry(found[0], writer)),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()

    async def _next(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._behind:
            port = self._behind[next(self._turn) % len(self._behind)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(HOST, port)
        return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()


@contextmanager
def front(port: int, behind: Sequence[int]) -> Iterator[str]:
    """Run a proxy on `port` until the block ends; give its address."""
    running = Front(port, behind)
    running.start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        running.stop()
