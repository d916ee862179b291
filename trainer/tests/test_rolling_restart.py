"""Every process is replaced, one after the other, while people draw and correct.

Behind a proxy nobody notices: no request fails, nothing that was acknowledged is missing, and a
version that is promoted meanwhile is soon the only one that answers.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from digitsite import private_redis
from digitsite.tests import processes
from digitsite.tests.front import front
from digitsite.tests.processes import missing, wait_for
from examples.client import Client
from trainer.tests.loop import Loop, Strokes, drawings, running

WEBS = ("web", "web-2", "web-3")
WORKERS = ("worker-1", "worker-2")
PAUSE = 0.1  # s that people pause: the processes that start want the machine, too
PERMITTED = 0.001  # of all requests
LISTENING, READY = "listening", "ready"  # what web and worker say once they work
FOLLOWED = 5.0  # s after which only the new version answers


@dataclass
class Log:
    """What people met."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    acknowledged: set[UUID] = field(default_factory=set)
    answers: list[tuple[float, int]] = field(default_factory=list)  # asked when, by which version

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count something that a person asks for, and whether it failed."""
        self.requests += 1
        try:
            yield
        except Exception as error:
            self.failures.append(f"{time.monotonic():.1f} {error!r}")

    def predicts(self, ask: Callable[[], dict[str, object]]) -> None:
        """Note which version answers."""
        begin = time.monotonic()
        with self.request():
            self.answers.append((begin, int(str(ask()["version"]))))

    def corrects(self, send: Callable[[], dict[str, object]]) -> None:
        """Note what is acknowledged."""
        with self.request():
            self.acknowledged.add(UUID(str(send()["id"])))


def by_http(url: str, log: Log, is_over: threading.Event, label: str, strokes: Strokes) -> None:
    client = Client(url)
    while not is_over.wait(PAUSE):
        for _ in range(4):
            log.predicts(partial(client.predict, strokes))
        log.corrects(partial(client.correct, strokes, label))


def by_socket(url: str, log: Log, is_over: threading.Event, label: str, strokes: Strokes) -> None:
    client = Client(url)
    client.exchange("GET", "/")  # with a cookie, whoever is back is the same as before
    with client.live() as canvas:
        while not is_over.wait(PAUSE):
            for stroke in strokes:
                canvas.points(stroke, new_stroke=True)
            log.predicts(canvas.prediction)
            log.corrects(partial(canvas.verdict, label))
            canvas.clear()


@contextmanager
def people(url: str) -> Iterator[Log]:
    """Let two people ask by HTTP and two draw until the block ends."""
    log, is_over = Log(), threading.Event()
    hands = zip((by_http, by_socket, by_http, by_socket), drawings(seed=16), strict=False)
    threads = [
        threading.Thread(target=act, args=(url, log, is_over, label, strokes))
        for act, (label, strokes) in hands
    ]
    for thread in threads:
        thread.start()
    try:
        yield log
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def replace(loop: Loop, commands: Mapping[str, tuple[str, ...]], sign: str) -> None:
    """End each as a deployment does, start it again and wait until it is there."""
    for name, arguments in commands.items():
        process = loop.running.pop(name)
        process.terminate()
        process.wait(processes.PATIENCE)
        times = loop.said(name).count(sign)
        loop.start(name, *arguments)
        wait_for(partial(says, loop, name, sign, times + 1), name)


def says(loop: Loop, name: str, sign: str, times: int = 1) -> bool:
    return loop.said(name).count(sign) >= times


def stored(loop: Loop) -> set[UUID]:
    return {UUID(pk) for (pk,) in loop.query("SELECT id FROM feedback_correction")}


def test_everything_is_replaced_and_nobody_notices(tmp_path: Path) -> None:
    if private_redis.find_server() is None:
        missing("there is no redis-server")
    port = processes.free_port()
    with running(tmp_path, ORIGINS=f"http://127.0.0.1:{port}") as loop:
        ports = [loop.web.port, *(processes.free_port() for _ in WEBS[1:])]
        webs = {name: ("web", "--port", str(its)) for name, its in zip(WEBS, ports, strict=True)}
        for name in WEBS[1:]:
            loop.start(name, *webs[name])
        for name in WEBS:
            wait_for(partial(says, loop, name, LISTENING), name)
        with front(port, ports) as url, people(url) as log, ThreadPoolExecutor() as pool:
            workers = pool.submit(replace, loop, dict.fromkeys(WORKERS, ("worker",)), READY)
            replace(loop, {WEBS[0]: webs.pop(WEBS[0])}, LISTENING)
            champion = loop.ask("promote")
            promoted = time.monotonic()
            replace(loop, webs, LISTENING)
            workers.result()
            wait_for(lambda: time.monotonic() > promoted + FOLLOWED + 1, "late answers")
        assert len(log.failures) <= PERMITTED * log.requests, log.failures
        assert log.acknowledged
        assert log.acknowledged <= stored(loop)
        late = {version for asked, version in log.answers if asked > promoted + FOLLOWED}
        assert late == {champion}
        for name in (*WEBS, *WORKERS):
            assert "Traceback" not in loop.said(name), loop.said(name)
