"""A private Redis for a test, which may be killed and started again."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from digitsite import private_redis
from digitsite.private_redis import PrivateRedis
from digitsite.tests.processes import missing, wait_for


class Broker:
    """The server and its address."""

    def __init__(self, folder: Path) -> None:
        program = private_redis.find_server()
        if program is None:
            missing("there is no redis-server")
        self._private = PrivateRedis(folder)
        self._command = self._private.command(program)
        self.url = self._private.url
        self.start()

    def start(self) -> None:
        """Start the server, also again."""
        self._private.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self._private.socket.exists, "Redis")

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    def client(self) -> Redis:
        """Return a connection."""
        return Redis.from_url(self.url, decode_responses=True)

    def clean_up(self) -> None:
        """Leave nothing of it."""
        self.kill()
        self._private.clean_up()


@contextmanager
def private_broker(folder: Path) -> Iterator[Broker]:
    """Run a Redis until the block ends."""
    broker = Broker(folder)
    try:
        yield broker
    finally:
        broker.clean_up()
