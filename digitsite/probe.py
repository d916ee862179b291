"""Asks a process of ours whether it is well: for the supervisor and for container checks.

`python -m digitsite.probe` exits with 0 when the web process can answer, `python -m digitsite.probe
heartbeat` when a worker or beat has lately touched its file. Standard library only, so that it is
quick.
"""

import http.client
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

READY = "/health/ready"
TIMEOUT = 2.0
LATELY = 60.0  # seconds; the heart beats every few
EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}  # noqa: S104


def is_ready(host: str, port: int) -> bool:
    """Ask the server on `host`."""
    address = EVERY_INTERFACE.get(host, host).strip("[]")
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.request("GET", READY)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_beating(file: Path) -> bool:
    """Say whether the file was touched lately."""
    try:
        return time.time() - file.stat().st_mtime < LATELY
    except OSError:
        return False


def main(arguments: Sequence[str]) -> int:
    """Probe the process of this container, as its environment describes it."""
    if arguments:
        return 0 if is_beating(Path(os.environ["DIGITSITE_HEARTBEAT_FILE"])) else 1
    host = os.environ.get("DIGITSITE_HOST") or "127.0.0.1"
    port = int(os.environ.get("DIGITSITE_PORT") or 8000)
    return 0 if is_ready(host, port) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
