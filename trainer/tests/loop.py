"""The learning loop as real processes, for tests that kill them: web, workers, beat, Redis.

Everything is on one temporary state directory; what has happened is read from its database.
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil
import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from digitsite import private_redis
from digitsite.private_redis import PrivateRedis
from digitsite.tests import processes
from digitsite.tests.processes import ROOT, Web, missing, wait_for
from recognizer.alphabet import LABELS
from recognizer.checkpoints import CARD
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.strokes import Drawing
from trainer import preparing, synthesis

PATIENCE = 240.0  # seconds; training on a shared machine can be slow
KICKED = "0 units of work are open"
LEASE = 6  # seconds
LOOKS = 20  # kicks at once
LOG_TAIL = 3_000  # characters of each log, for the message of a test that fails
BUSY = 0.1  # seconds of CPU time; looking for work takes hundredths
OPEN = ("queued", "running", "gating")

Strokes = list[list[list[float]]]
T = TypeVar("T")


@dataclass
class Loop:
    """Everything that runs, by its name."""

    folder: Path
    redis: PrivateRedis
    settings: dict[str, Any]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The state directory that all share."""
        return self.folder / "state"

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of our commands; its log has its name."""
        log = self.folder / f"{name}.log"
        self.running[name] = processes.start(*arguments, state=self.state, log=log, **self.settings)
        return self.running[name]

    def start_redis(self) -> None:
        """Start Redis, or start it again with what it has on its disk."""
        server = private_redis.find_server()
        if server is None:
            missing("there is no redis-server")
        self.running["redis"] = subprocess.Popen(
            self.redis.command(server), stdout=subprocess.DEVNULL
        )
        wait_for(self.redis_answers, "Redis")

    def redis_answers(self) -> bool:
        """Say whether Redis takes commands."""
        try:
            with self.redis_client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def redis_client(self) -> Redis:
        """Return a connection to the private Redis."""
        return Redis.from_url(
            self.redis.url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )

    def said(self, name: str) -> str:
        """Return the log of one process."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @cached_property
    def web(self) -> Web:
        """The web process, listening."""
        port = processes.free_port()
        process = self.start("web", "web", "--port", str(port))
        web = Web(process, port, self.state, self.folder / "web.log")
        wait_for(lambda: "listening" in web.log or process.poll() is not None, "the web process")
        assert process.poll() is None, web.log
        return web

    @cached_property
    def reviewer(self) -> subprocess.Popen[str]:
        """The process of `reviewer.py`."""
        environment = processes.environment(self.state, **self.settings)
        return subprocess.Popen(
            [sys.executable, "-m", "trainer.tests.reviewer"],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "digitsite.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str) -> Any:
        """Let the reviewer do something."""
        process = self.reviewer
        assert process.stdin
        assert process.stdout
        process.stdin.write(command + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the site's database; never waits for a writer."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.state / 'db.sqlite3'}?mode=ro", uri=True)
        ) as connection:
            return connection.execute(statement).fetchall()

    def post(self, path: str, **content: Any) -> tuple[int, Any]:
        """Send JSON to the web process."""
        body = json.dumps(content).encode()
        head = (
            f"POST /api/v1/{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.web.port}\r\n"
            "Connection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        status, _, answer = self.web.ask(head.encode() + body)
        return status, json.loads(answer)

    def correct(self, count: int) -> None:
        """Send so many drawings, each with its right label."""
        for label, strokes in islice(self._drawings, count):
            status, answer = self.post("corrections", strokes=strokes, label=label)
            assert status == 201, answer

    def teach(self, count: int = 4) -> None:
        """Have so many corrections sent and approved."""
        self.correct(count)
        assert len(self.ask("approve")) == count

    def phase(self) -> str:
        """Return what is being done: "training" only while steps are being taken."""
        runs = self.query(
            "SELECT status, steps, done FROM trainer_trainingrun AS run"
            " JOIN trainer_challenger AS challenger ON challenger.run_id = run.id"
            " ORDER BY run.id DESC LIMIT 1"
        )
        if not runs or runs[0][0] not in OPEN:
            return ""
        status, steps, is_built = runs[0]
        if status == "gating":
            return "judging"
        return "training" if steps and not is_built else "waiting"

    def promotions(self) -> list[int]:
        """Return the versions that the machine made champion, in their order."""
        rows = self.query(
            "SELECT to_version_id FROM recognizer_promotion WHERE run IS NOT NULL ORDER BY id"
        )
        return [version for (version,) in rows]

    def unlearned(self) -> set[tuple[str, str]]:
        """Return what is approved and not among the champion's lessons, or the other way round."""
        approved = self.query("SELECT id, label FROM feedback_correction WHERE status = 'approved'")
        lessons = self.query(
            "SELECT correction, label FROM feedback_lesson WHERE version ="
            " (SELECT version_id FROM recognizer_champion)"
        )
        return set(approved) ^ set(lessons)

    def runs(self) -> str:
        """Return what became of the runs, for the message of a test that fails."""
        rows = self.query("SELECT id, status, problem FROM trainer_trainingrun ORDER BY id")
        lines = self.query("SELECT run_id, text FROM trainer_runline ORDER BY id")
        return "\n".join(map(str, rows + lines))

    def wait_for(self, condition: Callable[[], T], what: str) -> T:
        """Wait with patience; who waits in vain reads what became of the runs and processes."""
        try:
            return wait_for(condition, what, PATIENCE)
        except AssertionError as error:
            error.add_note(self.runs())
            for name, process in self.running.items():
                error.add_note(f"{name} has ended with {process.poll()}")
            for log in sorted(self.folder.glob("*.log")):
                error.add_note(f"{log.name}:\n{log.read_text(errors='replace')[-LOG_TAIL:]}")
            raise

    def kicks(self) -> dict[str, int]:
        """Return how often each worker looked and found nothing to do."""
        return {name: self.said(name).count(KICKED) for name in self.running if "worker" in name}

    def have_each_look(self) -> None:
        """Wait until each worker has looked and found nothing to do.

        One alone may take all that beat sends; so they are sent more at once than one can answer
        before the others, again and again, as one may be about to begin or to connect.
        """
        before = self.kicks()

        def have_looked() -> bool:
            self.ask(f"look {LOOKS}")
            time.sleep(1)
            return all(count > before[name] + 1 for name, count in self.kicks().items())

        self.wait_for(have_looked, "workers, each of them, that have nothing to do")

    def busy_worker(self) -> tuple[str, psutil.Process]:
        """Return the worker that computes, and the child of it that does."""
        children = {
            name: child
            for name, process in self.running.items()
            if "worker" in name
            for child in psutil.Process(process.pid).children()
        }
        before = {name: cpu_seconds(child) for name, child in children.items()}

        def busy() -> str | None:
            used = {name: cpu_seconds(child) - before[name] for name, child in children.items()}
            return next((name for name, seconds in used.items() if seconds > BUSY), None)

        name = self.wait_for(busy, "a worker that computes")
        assert name
        return name, children[name]

    @cached_property
    def _drawings(self) -> Iterator[tuple[str, Strokes]]:
        return drawings()

    def stop(self) -> None:
        """Stop all at once."""
        if "reviewer" in self.__dict__:
            self.reviewer.kill()
            self.reviewer.communicate()
        redis = self.running.pop("redis", None)  # the last: workers take their leave of it
        for processes_ in (list(self.running.values()), [redis] if redis else []):
            for process in processes_:
                process.terminate()
            for process in processes_:
                try:
                    process.wait(processes.PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def drawings(seed: int = 7) -> Iterator[tuple[str, Strokes]]:
    """Write characters that the anchor reads right: the gate lets a version learn those."""
    anchor = Predictor.load(PACKAGED_ANCHOR)
    rng = np.random.default_rng(seed)
    writer = 0
    while True:
        style = synthesis.writer_style((seed, writer))
        for label in rng.permutation(LABELS).tolist():
            drawn = synthesis.draw(label, style, rng)
            strokes = [(500 + 400 * stroke).round(1).tolist() for stroke in drawn]
            if anchor.predict(Drawing.of(strokes).ink(), "all").label == label:
                yield label, strokes
        writer += 1


@contextmanager
def running(folder: Path, lease: int = LEASE, **more: object) -> Iterator[Loop]:
    """Run Redis, a web process, two workers and beat until the block ends."""
    redis = PrivateRedis(folder / "redis")
    settings = {
        "REDIS_URL": redis.url,
        "DATA_DIR": folder / "no data",
        "LOG_LEVEL": "DEBUG",
        "TRAIN_SMALL": 1,
        "TRAIN_AFTER_SECONDS": 0,
        "TRAIN_KICK_SECONDS": 1,
        "TRAIN_LEASE_SECONDS": lease,
        "WORKER_GRACE_SECONDS": 1,
    } | more
    with ExitStack() as stack:
        stack.callback(redis.clean_up)
        loop = Loop(folder, redis, settings)
        stack.callback(loop.stop)
        # A run builds the base itself, so that a busy worker is one that works for the run.
        mark = preparing.mark(loop.state, sha256((PACKAGED_ANCHOR / CARD).read_bytes()).hexdigest())
        mark.parent.mkdir(parents=True)
        mark.touch()
        loop.start_redis()
        assert loop.web
        assert loop.reviewer
        for name in ("worker-1", "worker-2"):
            loop.start(name, "worker")
        loop.start("beat", "beat")
        yield loop


def caught(loop: Loop, phase: str, victims: Callable[[str, psutil.Process], None]) -> None:
    """Wait for a phase, freeze the worker that is in it, and do with it what is asked."""
    loop.wait_for(lambda: loop.phase() == phase, phase)
    name, child = loop.busy_worker()
    send(signal.SIGSTOP, child)
    if loop.phase() != phase:
        send(signal.SIGCONT, child)  # or the other tests fail, too
        pytest.fail("it was over before the worker could be frozen")
    victims(name, child)


@contextmanager
def learned_once(loop: Loop) -> Iterator[None]:
    """Demand that what is taught in the block is learned, once, and that every worker goes on."""
    before = loop.promotions()
    yield
    loop.wait_for(
        lambda: loop.promotions() != before and not loop.unlearned(),
        "a version that has learned everything",
    )
    loop.have_each_look()
    promotions = loop.promotions()
    assert len(promotions) == len(before) + 1, loop.runs()
    assert promotions == sorted(set(promotions)), loop.runs()
    assert not loop.unlearned()
    assert loop.query("SELECT count(*) FROM trainer_trainingrun WHERE status <> 'promoted'") == [
        (0,)
    ], loop.runs()


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process has used; none where it is gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all below it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def send(number: signal.Signals, *victims: psutil.Process) -> None:
    """Send a signal to processes that may be gone by now."""
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
