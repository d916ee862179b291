"""Starts the real product for a measurement, watches it from outside, and stops it.

A fresh state directory and a free port each time; nothing of the installation is touched.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import usage
from benchmarks.handwriting import ROOT
from benchmarks.scrape import Scrape
from examples.client import socket_url

HOST: Final = "127.0.0.1"
PRODUCT: Final = ("manage.py",)
READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 15.0
# Everybody comes from one address here.
MANY_CONNECTIONS: Final = {"CONNECTIONS_PER_ADDRESS": "2000"}
# For measurements that go as fast as the server can.
NO_THROTTLE: Final = {
    "PREDICTION_INTERVAL_MS": "0",
    "FRAMES_PER_SECOND": "1000000",
    "FRAME_BURST": "1000000",
}


class ServerError(RuntimeError):
    """A server that did not start or did not last; the message has the end of its log."""


@dataclass(frozen=True)
class Server:
    """A running web process."""

    pid: int
    port: int

    @property
    def origin(self) -> str:
        """The origin that its page has, and its sockets ask for."""
        return f"http://{HOST}:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where the live path is."""
        return socket_url(self.origin)

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far."""
        return usage.cpu_seconds(self.pid)

    def rss_bytes(self) -> int:
        """Return the memory used now."""
        return usage.rss_bytes(self.pid)

    def open_files(self) -> int:
        """Return how many files and sockets it has open."""
        return usage.open_files(self.pid)

    def metrics(self) -> Scrape:
        """Ask for /metrics."""
        status, body = self.get("/metrics")
        if status != http.client.OK:
            raise ServerError(f"/metrics answered with status {status}")
        return Scrape(body)

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a page; return its status and text."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


@contextlib.contextmanager
def serve(
    settings: Mapping[str, str] | None = None, entry: Sequence[str] = PRODUCT
) -> Iterator[Server]:
    """Run `web` with these settings (names without DIGITSITE_), and stop it at the end.

    Args:
        settings: on top of the defaults and of room for many connections.
        entry: what stands between the interpreter and the command `web`.

    Raises:
        ServerError: it did not start; the message says why.
    """
    state = Path(tempfile.mkdtemp(prefix="digitsite-bench-"))
    environment = environment_of(state, settings or {})
    try:
        run([*PRODUCT, "migrate", "--verbosity", "0"], environment)
        with launch(environment, state / "web.log", entry) as server:
            yield server
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextlib.contextmanager
def launch(
    environment: Mapping[str, str],
    log: Path,
    entry: Sequence[str] = PRODUCT,
    *,
    port: int | None = None,
    root: Path = ROOT,
) -> Iterator[Server]:
    """Run one web process in an environment that is prepared, and stop it at the end.

    Args:
        environment: all of its environment.
        log: what it says.
        entry: what stands between the interpreter and the command `web`.
        port: the one to listen on; by default any that is free.
        root: the checkout that it runs.

    Raises:
        ServerError: it did not start, or did not last; the message says why.
    """
    port = port or free_port()
    command = [sys.executable, *entry, "web", "--host", HOST, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
    try:
        server = Server(process.pid, port)
        _wait_until_ready(server, process, log)
        yield server
        if process.poll() is not None:
            raise ServerError(f"the server died:\n{_tail(log)}")
    finally:
        stop(process)


def environment_of(state: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process on a state directory, with these settings."""
    # The person's own settings must not decide a measurement; which model it is about, they may.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DIGITSITE_")}
    if model := os.environ.get("DIGITSITE_MODEL"):
        ours["DIGITSITE_MODEL"] = model
    ours["DIGITSITE_STATE"] = str(state)
    ours["DIGITSITE_LOG_LEVEL"] = "WARNING"
    for name, value in {**MANY_CONNECTIONS, **settings}.items():
        ours[f"DIGITSITE_{name}"] = value
    return ours


def run(arguments: Sequence[str], environment: Mapping[str, str], root: Path = ROOT) -> str:
    """Run Python with these arguments to its end; return what it printed.

    Raises:
        ServerError: it failed; the message has what it said.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"the server did not start:\n{_tail(log)}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.get("/health/ready")[0] == http.client.OK:
                return
        time.sleep(0.1)
    raise ServerError(f"the server was not ready after {READY_SECONDS:.0f} s:\n{_tail(log)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, by force if it takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
