"""Looks up what people have named, and keeps the memories of those who ask by HTTP.

The rows are the truth: a memory belongs to one model version and is built again for the next one
(`building.py`). Asking the database takes milliseconds, in its thread and never on the stroke path.
Knows nothing about sockets.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error
from django.http import HttpRequest

from feedback import people
from feedback.building import built
from feedback.models import Correction
from feedback.people import Person
from recognizer.memory import Memory
from recognizer.predictor import Predictor

logger = logging.getLogger(__name__)

_LOOKED_AT: Final = 8  # times as many corrections as a memory holds: most may repeat one another
_KEPT: Final = 64  # memories of those who ask by HTTP: one request after another
_PATIENCE: Final = 1.0  # s that an answer by HTTP waits for a memory
_TRIED: Final = 1.25  # times as many different drawings: `Memory` keeps the useful ones


@dataclass(frozen=True)
class _Built:
    ids: list[UUID]  # what it was built from
    memory: Memory


_under_way: set[asyncio.Future[Memory | None]] = set()  # the loop itself would forget them
_builds: dict[tuple[object, ...], asyncio.Task[Memory | None]] = {}  # by ids and version
_recent: OrderedDict[str, _Built] = OrderedDict()  # by person, who asked last at the end


async def of_request(request: HttpRequest, predictor: Predictor) -> Memory | None:
    """Return the memory of who sends a request, None where that is nobody known.

    Without the database the network alone answers, and also where it would have to be waited for.
    """
    if people.COOKIE not in request.COOKIES and settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    looking = asyncio.ensure_future(_looked_up(request, predictor))
    _under_way.add(looking)
    looking.add_done_callback(_under_way.discard)
    # Not cancelled: the database's thread goes on in any case, and the next request finds it built.
    await asyncio.wait({looking}, timeout=_PATIENCE)
    return looking.result() if looking.done() else None


async def _looked_up(request: HttpRequest, predictor: Predictor) -> Memory | None:
    try:
        person, ids = await database_sync_to_async(_newest)(request)
        found = _recent.pop(person.key, None)
        if not ids:
            return None
        if found is None or (found.ids, found.memory.version) != (ids, predictor.version):
            memory = await _built_once(ids, predictor)
            found = None if memory is None else _Built(ids, memory)
    except Error:
        logger.warning("a personal memory could not be looked up")
        return None
    if found is None:
        return None
    _recent[person.key] = found
    if len(_recent) > _KEPT:
        _recent.popitem(last=False)
    return found.memory


async def _built_once(ids: list[UUID], predictor: Predictor) -> Memory | None:
    """Build a memory, or wait for the one that another request has begun to build."""
    key = (*ids, predictor.version)
    task = _builds.get(key)
    if task is None or task.get_loop() is not asyncio.get_running_loop():
        task = _builds[key] = asyncio.ensure_future(built(ids, predictor))
        task.add_done_callback(lambda _: _builds.pop(key, None))
    return await asyncio.shield(task)


def ids_of(persons: Sequence[Person]) -> list[list[UUID]]:
    """Return what each of these has named, the newest first.

    One question for all of those who have named nothing.
    """
    keys = {key for person in persons for key in person.keys}
    rows = Correction.objects.visible_to(keys).remembered()
    taught = set(rows.order_by().values_list("submitter", flat=True).distinct())
    return [[] if taught.isdisjoint(person.keys) else _different(person) for person in persons]


def _newest(request: HttpRequest) -> tuple[Person, list[UUID]]:
    person = people.of_request(request)
    return person, [] if person.is_new else _different(person)


def _different(person: Person) -> list[UUID]:
    """Return the newest of a person's drawings; of copies only the newest, as the last word."""
    newest = (
        Correction.objects.visible_to(person.keys)
        .remembered()
        .newest_first()
        .values_list("pk", "duplicate_of")[: _LOOKED_AT * settings.MEMORY_SIZE]
    )
    found: dict[UUID, UUID] = {}
    for pk, item in newest:
        found.setdefault(item or pk, pk)
    return list(found.values())[: int(_TRIED * settings.MEMORY_SIZE)]
