"""The application does not depend on our server: uvicorn runs it too."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitsite.tests import processes
from digitsite.tests.processes import PATIENCE, Socket, Web, wait_for


@pytest.fixture
def uvicorn(state: Path, model: Path, tmp_path: Path) -> Iterator[Web]:
    port = processes.free_port()
    log = tmp_path / "log"
    command = [sys.executable, "-m", "uvicorn", "digitsite.asgi:application", "--port", str(port)]
    settings = processes.environment(state, MODEL=model, PORT=port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=processes.ROOT, env=settings, stdout=output, stderr=output
        )
    running = Web(process, port, state, log)
    try:
        wait_for(lambda: "running on" in running.log or process.poll() is not None, "uvicorn")
        yield running
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_uvicorn_serves_pages_and_sockets(uvicorn: Web) -> None:
    assert uvicorn.get("/health/ready")[0] == 200
    assert uvicorn.get("/static/admin/css/base.css")[0] == 200
    status, socket = Socket.open(uvicorn)
    assert status == 101
    assert b'"hello"' in socket.read()[1]
    socket.close()
    status, refused = Socket.open(uvicorn, headers={"Origin": "http://evil.example"})
    refused.close()
    assert status == 403
    assert "Traceback" not in uvicorn.log
