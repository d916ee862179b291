"""People who draw at several web processes while something else is done, and what they notice.

Knows nothing about what is done meanwhile.
"""

import asyncio
import json
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psutil
from websockets.exceptions import ConnectionClosed

from benchmarks import report
from benchmarks.drawer import Notes, at_the_page
from benchmarks.fleet import Fleet
from benchmarks.pen import Replay
from benchmarks.server import Server, run

# s between two characters: two cores that also play the people cannot serve 200 who never pause.
PAUSE: Final = (3.0, 7.0)


@dataclass
class Phase:
    """What people at each process noted, and how versions spread meanwhile."""

    notes: list[Notes]  # one a process
    ramp: list[int] = field(default_factory=list)  # trips in each before everybody drew
    predictions: int = 0  # since then
    closed: int = 0
    wall: float = 0.0
    busy: float = 0.0  # percent of all cores
    spread: list[float] = field(default_factory=list)  # s from commit to the last process
    told: list[float] = field(default_factory=list)  # s until a socket of the last had its frame

    @property
    def trips(self) -> list[float]:
        """Pen to answer, of everybody, from when everybody drew."""
        return [
            trip
            for notes, before in zip(self.notes, self.ramp, strict=True)
            for trip in notes.trips[before:]
        ]

    def total(self, name: str) -> int:
        """Add up a count."""
        return sum(getattr(notes, name) for notes in self.notes)


@dataclass(frozen=True)
class Crowd:
    """Who draws what."""

    servers: Sequence[Server]
    sockets: int  # at each process
    replays: Sequence[Replay]
    seed: int
    cookies: Sequence[str] = ()  # of those whom the site knows; nobody else has any

    async def draw_while(self, work: Coroutine[Any, Any, Any], phase: Phase) -> None:
        """Let everybody draw until the work is done, which begins when everybody draws."""
        done = asyncio.Event()
        async with asyncio.TaskGroup() as everybody:
            for place, server in enumerate(self.servers):
                for number in range(self.sockets):
                    person = self._person(server, phase, place, number, done)
                    everybody.create_task(person)
            await asyncio.sleep(PAUSE[1])
            phase.ramp = [len(notes.trips) for notes in phase.notes]
            before = phase.total("predictions")
            psutil.cpu_percent()
            begin = time.perf_counter()
            try:
                await work
            finally:
                done.set()
            phase.wall = time.perf_counter() - begin
            phase.busy = psutil.cpu_percent()
            phase.predictions = phase.total("predictions") - before

    async def _person(
        self, server: Server, phase: Phase, place: int, number: int, done: asyncio.Event
    ) -> None:
        temper = random.Random(f"{self.seed}/{place}/{number}")
        known = place * self.sockets + number
        cookie = self.cookies[known] if known < len(self.cookies) else ""
        await asyncio.sleep(temper.uniform(0, PAUSE[1]))
        while not done.is_set():
            try:
                async with at_the_page(server, phase.notes[place], cookie) as drawer:
                    while not done.is_set():
                        await drawer.draw(temper.choice(self.replays), "all")
                        await asyncio.sleep(temper.uniform(*PAUSE))
            except (ConnectionClosed, OSError):
                phase.closed += 1


def new_phase(servers: Sequence[Server]) -> Phase:
    """Return a phase in which nothing has happened."""
    return Phase([Notes() for _ in servers])


def acquaintances(site: Fleet, people: int, taught: int) -> list[str]:
    """Let so many people have taught so many drawings each; return their cookies."""
    if not taught:
        return []
    report.progress(f"{people} people teach {taught} drawings each …")
    command = ["-m", "benchmarks.acquaintances", *map(str, (people, people, 0, taught))]
    ours = site.environment | {"DJANGO_SETTINGS_MODULE": "digitsite.settings"}
    cookies: list[str] = json.loads(run(command, ours))
    return cookies
