"""Asks a web process of ours whether it can answer: for the supervisor and for container checks.

`python -m digitsite.probe` exits with 0 when it can. Standard library only, so that it is quick.
"""

import http.client
import os
import sys

READY = "/health/ready"
TIMEOUT = 2.0
EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}  # noqa: S104


def is_ready(host: str, port: int, name: str) -> bool:
    """Ask the server on `host`; `name` is a Host that it accepts."""
    address = EVERY_INTERFACE.get(host, host).strip("[]")
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.request("GET", READY, headers={"Host": name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Probe the server of this container, as its environment describes it."""
    host = os.environ.get("DIGITSITE_HOST") or "127.0.0.1"
    port = int(os.environ.get("DIGITSITE_PORT") or 8000)
    origin = os.environ.get("DIGITSITE_ORIGINS", "").partition(",")[0].strip()
    return 0 if is_ready(host, port, origin.partition("://")[2].rstrip("/") or "127.0.0.1") else 1


if __name__ == "__main__":
    sys.exit(main())
