"""How this process and what it needs are: for load balancers, people and Prometheus.

Each look is bounded in time and shared by all who ask (`glance.py`), so neither a database that
hangs nor a flood of questions holds anybody up. Knows nothing about requests.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connections
from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector
from redis.backoff import NoBackoff
from redis.retry import Retry

from recognizer import places, publishing, pulse, schema, serving, watching
from recognizer.checkpoints import CheckpointError, verify
from recognizer.figures import Reading, figures, gauge, gauges
from recognizer.glance import Glance

_REDIS_SECONDS: Final = 0.7  # below a glance's patience, so that Redis is told by its own error
_FILES_SECONDS: Final = 10.0  # between two looks: a version's digests take some milliseconds
_SILENT: Final = "it does not answer within a second"
_DATABASE_ADVICE: Final = (
    "see that it runs, may be written and has room, with `manage.py doctor`; predictions go on, "
    "corrections are kept by the page"
)
_BEHIND: Final = (
    "it lacks tables or columns of this version, so that some requests fail: run "
    "`manage.py prepare`; predictions go on"
)
_REDIS_ADVICE: Final = "start it, or see DIGITSITE_REDIS_URL; until then nothing is learned"
_DISK_ADVICE: Final = "make room: nothing new is stored there until then"
_MODEL_ADVICE: Final = "see the log; restore the weights or a backup, and start this process again"


@dataclass(frozen=True)
class Check:
    """What was found of one thing."""

    state: str  # ok, none (there is none, by choice), or what is wrong in a word
    says: str = ""  # what is wrong, and what to do

    @property
    def is_well(self) -> bool:
        """Whether nobody need look at it."""
        return self.state in {"ok", "none"}


@dataclass(frozen=True)
class Outlook:
    """Everything that was found."""

    version: int | None
    checks: dict[str, Check]
    remarks: dict[str, str] = field(default_factory=dict)  # what is unusual and no fault

    @property
    def status(self) -> str:
        """`unavailable` without a model, `degraded` while something else is out of order.

        Whatever else is missing is missing for every process alike, and each can still answer
        drawings: to take them all out of the balance would turn a loss of corrections, which the
        page keeps, into a site that is gone.
        """
        if self.version is None:
            return "unavailable"
        return "ok" if all(check.is_well for check in self.checks.values()) else "degraded"

    @property
    def details(self) -> dict[str, str]:
        """What somebody should look at, in sentences."""
        wrong = {name: check.says for name, check in self.checks.items() if not check.is_well}
        return self.remarks | wrong


async def look() -> Outlook:
    """Look at everything; takes a second at most, whatever hangs."""
    (database, reading), redis_server, disk, champion = await asyncio.gather(
        _database(), _redis(), _disk(), _champion()
    )
    checks = {
        "model": _model(),
        "champion": champion,
        "database": database,
        "redis": redis_server,
        "disk": disk,
    }
    surroundings.note(checks)
    return Outlook(_version(), checks, dict(reading.remarks))


def _version() -> int | None:
    try:
        return serving.current().version
    except serving.Unavailable:
        return None


def _model() -> Check:
    if _version() is None:
        return Check("down", f"no model version can be served: {_MODEL_ADVICE}")
    return Check("ok")


async def _champion() -> Check:
    """Whether what is served is what ought to be, and could be loaded again."""
    served = _version()
    if refused := serving.pinned_refusal():
        return Check("refused", f"version {served} answers: the pinned one was refused: {refused}")
    if (refusal := watching.refusal()) is None:
        return await _files()
    answers = "nothing" if served is None else f"version {served}"
    return Check(
        "refused",
        f"version {refusal.target.number} should be served and was refused ({refusal.why}), so "
        f"{answers} answers: restore its folder, which is tried again by itself, or roll "
        "back with `manage.py rollback`",
    )


def _ask_files() -> tuple[int | None, str]:
    """Return which version answers, and why it could not be loaded again; empty where it could."""
    number = _version()
    try:
        if settings.MODEL_DIR:
            verify(settings.MODEL_DIR)
        elif served := watching.serves():
            publishing.require_kept(served.folder, served.sha256)
    except (CheckpointError, OSError) as error:
        return number, serving.without_folders(error)
    return number, ""


async def _files() -> Check:
    """Whether another process could begin with what this one has in its memory."""
    try:
        number, why = await files_glance.ask()
    except TimeoutError:
        return Check("ok")  # `disk` tells of folders that hang
    if not why or number != _version():  # another one answers since that look
        return Check("ok")
    return Check(
        "damaged",
        f"version {number} goes on answering from memory, but its files are not whole any more "
        f"({why}), so that no process could start with it: restore its folder, or roll back with "
        "`manage.py rollback`",
    )


def _ask_database() -> tuple[pulse.Beat, bool, Reading]:
    try:
        if not pulse.ours.is_fresh:
            with suppress(DatabaseFailure):  # the pulse has noted it
                pulse.ours.beat(pulse.try_now)
        return pulse.ours.latest, schema.ours.is_behind(), figures.look()
    finally:
        connections.close_all()  # this thread ends


async def _database() -> tuple[Check, Reading]:
    try:
        beat, is_behind, reading = await database_glance.ask()
    except TimeoutError:
        return Check("down", f"{_SILENT}: {_DATABASE_ADVICE}"), Reading()
    if beat.state != "ok":
        return Check(beat.state, f"{beat.says}: {_DATABASE_ADVICE}"), reading
    return Check("behind", _BEHIND) if is_behind else Check("ok"), reading


def _ask_redis() -> Check:
    if not settings.REDIS_URL:
        return Check("none")
    try:
        _client(settings.REDIS_URL).ping()
    except (redis.RedisError, OSError) as error:
        return Check("down", f"{type(error).__name__}: {_REDIS_ADVICE}")
    return Check("ok")


async def _redis() -> Check:
    try:
        return await redis_glance.ask()
    except TimeoutError:
        return Check("down", f"{_SILENT}: {_REDIS_ADVICE}")


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def _disk() -> Check:
    try:
        found = await disk_glance.ask()
    except TimeoutError:
        surroundings.free = {}
        return Check("down", f"{_SILENT}: see that shared folders are reachable")
    surroundings.free = {name: left for name, left in found.items() if left is not None}
    if not (wanting := places.lacking(found)):
        return Check("ok")
    least = places.MIN_FREE_BYTES >> 20
    says = ", ".join(
        f"{name} (cannot be asked)" if found[name] is None else name for name in wanting
    )
    return Check("down", f"less than {least} MB free for {says}: {_DISK_ADVICE}")


class Surroundings(Collector):
    """What was found last, as metrics."""

    def __init__(self) -> None:
        self.free: dict[str, int] = {}
        self._up: dict[str, bool] = {}
        self._is_whole: bool | None = None

    def note(self, checks: dict[str, Check]) -> None:
        """Remember what is up."""
        named = {name: checks[name] for name in ("database", "redis")}
        self._up = {n: check.state != "down" for n, check in named.items() if check.state != "none"}
        self._is_whole = checks["champion"].state != "damaged"

    def collect(self) -> Iterable[Metric]:
        """Return the metrics; what was not looked at is left out."""
        says = {"database": "1: the database takes writes", "redis": "1: Redis answers"}
        for name, is_up in self._up.items():
            yield gauge(f"{name}_up", says[name], is_up)
        if self._is_whole is not None:
            says_whole = "1: the version that answers could be loaded once more"
            yield gauge("model_files_whole", says_whole, self._is_whole)
        if self.free:
            yield gauges("disk_free_bytes", "Free space by what is written", "place", self.free)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not look."""
        return ()


database_glance: Final = Glance(_ask_database, name="look-database")
redis_glance: Final = Glance(_ask_redis, name="look-redis")
files_glance: Final = Glance(_ask_files, name="look-files", kept=_FILES_SECONDS)
disk_glance: Final[Glance[Any]] = Glance(places.free, name="look-disk")
surroundings: Final = Surroundings()
REGISTRY.register(surroundings)
