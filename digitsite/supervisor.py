"""Runs a few processes as one: starts them, shows what they say, restarts what dies, stops all.

It knows nothing about what the processes do, and nothing about Django.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

TICK_SECONDS = 0.1
FIRST_PAUSE = 0.1  # before the first restart; doubled each time
LONGEST_PAUSE = 10.0
SETTLED_SECONDS = 30.0  # a process that lived so long starts again without a pause
STOP_SECONDS = 8.0  # before a process that does not stop is killed
LONGEST_LINE = 16 * 1024
TETHER = Path(__file__).with_name("tether.py")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Spec:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    late: bool = False  # starts once the others are ready, and never keeps them from it


class Failed(Exception):
    """A process ended before everything had started: it would only end again."""


class Child:
    """A spec and the process that runs it now, if one does."""

    def __init__(self, spec: Spec, say: Callable[[str, str], None]) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self._say = say
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._start_at = 0.0
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the process in a session of its own: a Ctrl-C is ours to pass on."""
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(TETHER), str(os.getpid()), *self.spec.command],
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | self.spec.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None  # noqa: S101 - for the type checker
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()

    def look(self) -> bool:
        """Start the process again when it is time; return whether it has just ended."""
        if self.process is None:
            if time.monotonic() >= self._start_at:
                self.start()
            return False
        status = self.process.poll()
        if status is None:
            return False
        self._finish()
        self._say("serve", f"{self.spec.name} {ending(status)}")
        now = time.monotonic()
        if now - self._started > SETTLED_SECONDS:
            self._pause = FIRST_PAUSE
        self._start_at = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True

    def stop(self) -> None:
        """Ask the process to stop, wait, and kill it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._say("serve", f"{self.spec.name} did not stop and is killed")
            self.process.kill()
            self.process.wait()
        self._finish()

    def _finish(self) -> None:
        """Let the last lines be read, and forget the process."""
        if self._reader is not None:
            self._reader.join(1)
        self.process = None

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(LONGEST_LINE):
                self._say(self.spec.name, line.decode("utf-8", "replace").rstrip("\n"))


class Supervisor:
    """Keeps the processes of `specs` running, in their order, until told to stop."""

    def __init__(self, specs: Sequence[Spec], record: Path, *, output: IO[str]) -> None:
        self._output = output
        self._width = max(len(spec.name) for spec in [*specs, Spec("serve", [])])
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._record = record
        self.children = [Child(spec, self.say) for spec in specs]

    def run(self, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` once `is_ready`, and return after a clean stop.

        What is late starts after that.

        Raises:
            Failed: a process ended before that; its own lines say why.
        """
        for number in STOP_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
                signal.signal(number, lambda *_: self._stopping.set())
        ready = False
        try:
            while not self._stopping.wait(TICK_SECONDS):
                for child in self.children:
                    if child.spec.late and not ready:
                        continue
                    before = child.process
                    if child.look() and not ready:
                        raise Failed(child.spec.name)
                    if child.process is not before:
                        self._write_record()
                if not ready and is_ready():
                    ready = True
                    on_ready()
        finally:
            self._stop()

    def say(self, name: str, line: str) -> None:
        """Print a line of one process. A terminal that is gone must not block the processes."""
        with self._writing, contextlib.suppress(OSError, ValueError):
            print(f"{name:<{self._width}} | {line}", file=self._output, flush=True)

    def _stop(self) -> None:
        for child in reversed(self.children):
            child.stop()
        self._record.unlink(missing_ok=True)

    def _write_record(self) -> None:
        pids = [child.process.pid for child in self.children if child.process]
        with contextlib.suppress(OSError):  # a full disk must not stop what runs
            born = {
                pid: psutil.Process(pid).create_time() for pid in pids if psutil.pid_exists(pid)
            }
            self._record.write_text(json.dumps(born))


def stop_leftovers(record: Path) -> int:
    """Stop what a supervisor that was killed has left running; return how many there were.

    Process numbers are used again, so one counts only with the time at which it was born.
    """
    try:
        born = json.loads(record.read_text())
    except (OSError, ValueError):
        return 0
    left = []
    for pid, when in born.items():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(int(pid))
            if process.create_time() == when:
                process.terminate()
                left.append(process)
    _, stubborn = psutil.wait_procs(left, timeout=STOP_SECONDS)
    for process in stubborn:
        process.kill()
    record.unlink(missing_ok=True)
    return len(left)


def ending(status: int) -> str:
    """Say in words how a process ended."""
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
