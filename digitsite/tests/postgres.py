"""A PostgreSQL server for the tests: made anew, reachable through one private socket, thrown away.

`python -m digitsite.tests.postgres COMMAND…` runs a command, such as pytest, on one.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")  # its programs are not on the path
ACCOUNT = "postgres"  # the server refuses to run as root
# What is thrown away needs no care for a loss of power.
CARELESS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    pid: int

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql:///{database}?host={quote(str(self.folder))}&user={ACCOUNT}"

    def query(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction; return its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


def program(name: str) -> Path | None:
    """Return where one of the server's programs is, or None."""
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = shutil.which(name)
    return versions[-1] if versions else Path(found) if found else None


def is_installed() -> bool:
    """Say whether a server can be started here."""
    return program("initdb") is not None


@contextmanager
def server() -> Iterator[Server]:
    """Run a server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="digitsite-pg-"))  # short: a socket's path has to be
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        _run("initdb", "-D", data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "-N", "--locale=C")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} {CARELESS}"
        control = ("pg_ctl", "-D", data, "-w", "-s")
        _run(*control, "-l", folder / "log", "-o", options, "start")
        try:
            yield Server(folder, int((data / "postmaster.pid").read_text().split()[0]))
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, *arguments: object) -> None:
    path = program(name)
    assert path is not None, f"{name} is not installed"
    subprocess.run(
        [str(path), *map(str, arguments)],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=ACCOUNT if os.geteuid() == 0 else None,
        group=ACCOUNT if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
    )


if __name__ == "__main__":
    with server() as running:
        named = os.environ | {"DIGITSITE_TEST_DATABASE_URL": running.url()}
        sys.exit(subprocess.run(sys.argv[1:], env=named, check=False).returncode)
