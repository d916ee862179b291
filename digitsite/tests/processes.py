"""Real processes for the tests: started on a free port, spoken to with raw sockets, ended."""

import atexit
import base64
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
PATIENCE = 180.0  # seconds; a shared machine can be slow
GO_ON = "commandline.run(sys.argv)"
_reserved = ExitStack()  # sockets that hold the ports that were given away
atexit.register(_reserved.close)


def missing(what: str) -> NoReturn:
    """Skip a test on a person's machine; fail it where everything has to be there."""
    if os.environ.get("DIGITSITE_TEST_STRICT") == "1":
        pytest.fail(what)
    pytest.skip(what)


def free_port() -> int:
    """Return a port that nothing listens on, and that nobody else is given while the tests run.

    Linux lets a server listen beside a socket that is only bound, where both may share. Elsewhere
    the port is free at the moment, and somebody else may be quicker.
    """
    with ExitStack() as stack:
        probe = stack.enter_context(socket.socket())
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        if sys.platform == "linux":
            _reserved.push(stack.pop_all())
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Return what `condition` gives once it is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.02)
    return value


def environment(state: Path, **settings: object) -> dict[str, str]:
    """Return this process's environment with other DIGITSITE_ settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGITSITE_")}
    clean.pop("DJANGO_SETTINGS_MODULE", None)
    clean["DIGITSITE_STATE"] = str(state)
    return clean | {f"DIGITSITE_{name}": str(value) for name, value in settings.items()}


def start(
    *arguments: str, state: Path, log: Path, before: object = "", **settings: object
) -> subprocess.Popen[bytes]:
    """Start `manage.py` with its output in `log`; `before` is Python that it runs first."""
    program = ["manage.py"]
    if before:
        program = ["-c", f"import sys\nfrom digitsite import commandline\n{before}\n{GO_ON}"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=ROOT,
            env=environment(state, **settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def run(*arguments: str, state: Path, **settings: object) -> tuple[int, str]:
    """Run `manage.py` to its end; return the status and everything it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(state, **settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout


class Web:
    """A `manage.py web` process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, state: Path, log: Path) -> None:
        self.process = process
        self.port = port
        self.state = state
        self._log = log

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    @property
    def origin(self) -> str:
        """The origin of its page."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """Open a TCP connection."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(("127.0.0.1", self.port))
        except OSError:
            connection.close()
            raise
        return connection

    def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send raw bytes on a new connection and read one answer."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask for a path."""
        lines = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"} | headers
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        return self.ask(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())

    def memory(self) -> int:
        """Resident bytes of the process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the process is gone")


@contextmanager
def web(state: Path, log: Path, *, before: object = "", **settings: object) -> Iterator[Web]:
    """Run a web process until the block ends; `before` is Python that it runs first."""
    port = free_port()
    process = start("web", "--port", str(port), state=state, log=log, before=before, **settings)
    try:
        running = Web(process, port, state, log)
        wait_for(
            lambda: "listening" in running.log or process.poll() is not None,
            "the web process",
        )
        assert process.poll() is None, running.log
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one HTTP answer: status, headers in lower case, body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return 0, {}, data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    length = int(headers.get("content-length", 0))
    while len(body) < length:
        body += connection.recv(65536)
    return int(status.split()[1]), headers, body


class Socket:
    """A websocket client that does no more than it is told."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.reason = ""  # with which the server has closed
        self._data = b""

    @classmethod
    def open(
        cls,
        server: Web,
        *,
        path: str = "/ws/draw/",
        headers: dict[str, str | None] | None = None,
        receive_buffer: int | None = None,
        over: socket.socket | None = None,
    ) -> tuple[int, "Socket"]:
        """Shake hands; return the status and the socket. A header of None is left out.

        `over` is a connection that was made before.
        """
        connection = over or server.connect(receive_buffer)
        lines: dict[str, str | None] = {
            "Host": f"127.0.0.1:{server.port}",
            "Origin": server.origin,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
            "Sec-WebSocket-Version": "13",
        }
        lines.update(headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        connection.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                break
            answer += byte
        return int(answer.split()[1]) if answer else 0, cls(connection)

    def send(self, payload: bytes | dict[str, Any], opcode: int = 1) -> None:
        """Send one frame, masked with zeros."""
        self.connection.sendall(frame(payload, opcode))

    def read(self) -> tuple[int, bytes]:
        """Read one frame: opcode and payload. (8, code) is a close, (-1, b"") a lost connection."""
        head = self._take(2)
        if len(head) < 2:
            return -1, b""
        length = head[1] & 127
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return head[0] & 15, self._take(length)

    def read_until_close(self) -> int:
        """Read on until the server closes; return the close code, 1006 where there is none."""
        while True:
            opcode, payload = self.read()
            if opcode == 8:
                self.reason = payload[2:].decode()
                return int.from_bytes(payload[:2])
            if opcode == -1:
                return 1006

    def _take(self, count: int) -> bytes:
        while len(self._data) < count:
            try:
                chunk = self.connection.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                return b""
            self._data += chunk
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def close(self) -> None:
        """Close the TCP connection without a word."""
        self.connection.close()


def frame(payload: bytes | dict[str, Any], opcode: int = 1) -> bytes:
    """Return the bytes of one frame from a client."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    if len(data) < 126:
        length = bytes([128 | len(data)])
    elif len(data) < 65536:
        length = bytes([128 | 126]) + struct.pack("!H", len(data))
    else:
        length = bytes([128 | 127]) + struct.pack("!Q", len(data))
    return bytes([128 | opcode]) + length + bytes(4) + data
