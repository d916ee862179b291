"""Builds a person's memory from the rows of what they have named, a few drawings at a time.

In the event loop, and one memory after the other: after a hot swap or a restart everybody's is
built again. A thread would hold up the answers to all who draw by more than these steps do, since
it and the loop wait for each other's interpreter (docs/experiments.md, "Hot swap").
"""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings

from feedback.models import Correction, Verdict
from recognizer.alphabet import INDEX
from recognizer.memory import Memory, MemoryParameters
from recognizer.predictor import Predictor

_FEW: Final = 8  # drawings that do not wait for those with more
_STEP: Final = 0.002  # s, and at least one drawing, which takes what answering it takes
_REST: Final = 2.0  # times as long as a step, for all others who want an answer

_Turns = tuple[asyncio.Lock, asyncio.Lock]  # of those with few drawings, and of the others

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


def empty(predictor: Predictor) -> Memory:
    """Return a memory of nothing."""
    return Memory(predictor.version, parameters=MemoryParameters(capacity=settings.MEMORY_SIZE))


async def built(
    ids: Sequence[UUID], predictor: Predictor, is_wanted: Callable[[], bool] = lambda: True
) -> Memory | None:
    """Build the memory of these corrections for a model version, after those who came before.

    Returns None where it is not wanted any more. Raises `django.db.Error`.
    """
    memory = empty(predictor)
    turns = _turns.setdefault(asyncio.get_running_loop(), (asyncio.Lock(), asyncio.Lock()))
    async with turns[len(ids) > _FEW]:
        # Not before it is their turn: strokes take a hundred times what is kept of them.
        rows = await database_sync_to_async(_rows)(ids) if ids and is_wanted() else []
        begin = perf_counter()
        for row in rows:
            if not is_wanted():
                break
            memory = remember(memory, predictor, row)
            if (spent := perf_counter() - begin) >= _STEP:
                await asyncio.sleep(_REST * spent)
                begin = perf_counter()
    return memory if is_wanted() else None


def remember(memory: Memory, predictor: Predictor, row: Correction) -> Memory:
    """Return the memory with one drawing more."""
    # From the strokes: a new version may come with a rasteriser that draws differently.
    ink = row.ink
    features = predictor.features(row.raster if ink is None else predictor.draw(ink))
    was_correction = row.verdict == Verdict.CORRECTED
    return memory.remember(features, INDEX[row.submitted_label], was_correction=was_correction)


def _rows(ids: Sequence[UUID]) -> list[Correction]:
    """Return what was named, oldest first."""
    rows = Correction.objects.only("created", "strokes", "pixels", "submitted_label", "verdict")
    return sorted(rows.in_bulk(ids).values(), key=lambda row: (row.created, row.pk))
