"""A private RabbitMQ for a test, which may be killed and started again."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import kombu

from digitsite.tests.processes import free_port, missing, wait_for

# The program itself: what Debian has in /usr/sbin becomes another user first.
_PROGRAMS: Final = ("/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server") or "")
_CONFIGURATION: Final = """\
listeners.tcp.default = 127.0.0.1:{port}
default_user = site
default_pass = {password}
"""


class Rabbit:
    """The server, the daemon that Erlang wants beside it, and the address."""

    def __init__(self, folder: Path) -> None:
        program = next((each for each in _PROGRAMS if Path(each).is_file()), None)
        epmd = shutil.which("epmd")
        if program is None or epmd is None:
            missing("there is no rabbitmq-server")
        self._program = program
        self._folder = folder
        folder.mkdir()
        port, distribution, names = free_port(), free_port(), free_port()
        password = secrets.token_urlsafe(32)
        (folder / "rabbit.conf").write_text(_CONFIGURATION.format(port=port, password=password))
        (folder / "plugins").write_text("[].\n")
        self.url = f"amqp://site:{password}@127.0.0.1:{port}//"
        self._environment = os.environ | {
            "HOME": str(folder),  # of Erlang's cookie
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbit.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        }
        self._epmd = subprocess.Popen([epmd], env=self._environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, also again with what it has on its disk."""
        with (self._folder / "out").open("ab") as output:
            # A group of its own, as Erlang starts helpers that have to end with it.
            self._process = subprocess.Popen(
                [self._program],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_for(self.answers, "RabbitMQ")

    def answers(self) -> bool:
        """Say whether it takes connections."""
        assert self._process
        assert self._process.poll() is None, (self._folder / "out").read_text(errors="replace")
        try:
            with kombu.Connection(self.url, connect_timeout=1) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and all that it has started."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def clean_up(self) -> None:
        """Leave nothing of it that runs."""
        self.kill()
        self._epmd.kill()
        self._epmd.wait()


@contextmanager
def private_rabbit(folder: Path) -> Iterator[Rabbit]:
    """Run a RabbitMQ until the block ends."""
    rabbit = Rabbit(folder)
    try:
        rabbit.start()
        yield rabbit
    finally:
        rabbit.clean_up()
