"""Builds a person's memory from the rows of what they have named, a few drawings at a time.

In the event loop, and one memory after the other: after a hot swap or a restart everybody's is
built again. A thread would hold up the answers to all who draw by more than these steps do, since
it and the loop wait for each other's interpreter (docs/experiments.md). Asks the database nothing.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from django.conf import settings

from feedback.models import Correction, Verdict
from recognizer.alphabet import INDEX
from recognizer.memory import Memory, MemoryParameters
from recognizer.predictor import Predictor
from recognizer.rasterizer import Raster, rasterise

Named = Sequence[Correction]  # what a person has named, oldest first

_STEP: Final = 4  # drawings: two milliseconds
_REST: Final = 2.0  # times as long as a step, for all others who want an answer

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def empty(predictor: Predictor) -> Memory:
    """Return a memory of nothing."""
    return Memory(predictor.version, parameters=MemoryParameters(capacity=settings.MEMORY_SIZE))


async def built(named: Named, predictor: Predictor) -> Memory:
    """Return the memory of named drawings for a model version, after those that others wait for."""
    memory = empty(predictor)
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        for start in range(0, len(named), _STEP):
            begin = perf_counter()
            memory = _with(memory, named[start : start + _STEP], predictor)
            await asyncio.sleep(_REST * (perf_counter() - begin))
    return memory


def remember(memory: Memory, predictor: Predictor, row: Correction) -> Memory:
    """Return the memory with one drawing more."""
    return _with(memory, [row], predictor)


def _with(memory: Memory, named: Named, predictor: Predictor) -> Memory:
    found = predictor.features_of(np.stack([_drawn(row) for row in named]))
    for row, features in zip(named, found, strict=True):
        was_correction = row.verdict == Verdict.CORRECTED
        memory = memory.remember(
            features, INDEX[row.submitted_label], was_correction=was_correction
        )
    return memory


def _drawn(row: Correction) -> Raster:
    # From the strokes: a new version may come with a rasteriser that draws differently.
    ink = row.ink
    return row.raster if ink is None else rasterise(ink)
