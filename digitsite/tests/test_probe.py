"""The question that a container or the supervisor asks a web process."""

import os
import subprocess
import sys
import time
from pathlib import Path

from digitsite import probe
from digitsite.tests import processes
from digitsite.tests.processes import ROOT, Web


def test_a_process_that_can_answer_is_ready(server: Web) -> None:
    assert probe.is_ready("127.0.0.1", server.port)
    assert probe.is_ready("0.0.0.0", server.port)


def test_nothing_else_is(server: Web) -> None:
    assert not probe.is_ready("127.0.0.1", processes.free_port())


def test_a_container_asks_as_its_environment_says(server: Web) -> None:
    for port, status in ((server.port, 0), (processes.free_port(), 1)):
        settings = processes.environment(server.state, PORT=port, ORIGINS="https://a.b")
        command = [sys.executable, "-m", "digitsite.probe"]
        assert subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode == status


def test_a_heart_that_has_not_beaten_lately_is_ill(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    assert not probe.is_beating(file)
    file.touch()
    assert probe.is_beating(file)
    os.utime(file, (0, time.time() - probe.LATELY - 1))
    assert not probe.is_beating(file)


def test_a_container_of_a_worker_asks_for_its_heart(tmp_path: Path) -> None:
    settings = processes.environment(tmp_path, HEARTBEAT_FILE=tmp_path / "heartbeat")
    command = [sys.executable, "-m", "digitsite.probe", "heartbeat"]
    assert subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode == 1
    (tmp_path / "heartbeat").touch()
    assert subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode == 0
