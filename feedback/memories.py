"""Builds a person's memory from what they submitted.

The rows are the truth: a memory belongs to one model version and is built again for the next one.
Everything here takes milliseconds to tenths of a second, so it runs in a thread, never on the
stroke path. Knows nothing about sockets.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.conf import settings

from feedback.models import Correction, Verdict
from feedback.people import Person
from recognizer.alphabet import INDEX
from recognizer.memory import Memory, MemoryParameters
from recognizer.predictor import Predictor
from recognizer.rasterizer import Raster, rasterise

Named = tuple[Raster, str, str]  # drawing, label, verdict

_LOOKED_AT: Final = 8  # times as many corrections as a memory holds: most may repeat one another
_TRIED: Final = 1.25  # times as many different drawings: `Memory` keeps the useful ones


def empty(predictor: Predictor) -> Memory:
    """Return a memory of nothing."""
    return Memory(predictor.version, parameters=MemoryParameters(capacity=settings.MEMORY_SIZE))


def recall(person: Person, predictor: Predictor) -> Memory:
    """Build a person's memory for a model version, the newest and most useful drawings in it."""
    return build(drawings(person), predictor)


def drawings(person: Person) -> list[Named]:
    """Return what a person has named, oldest first; the part that asks the database."""
    rows = Correction.objects.in_bulk(_different(person))
    return [
        # From the strokes: a new version may come with a rasteriser that draws differently.
        (row.raster if row.ink is None else rasterise(row.ink), row.submitted_label, row.verdict)
        for row in sorted(rows.values(), key=lambda row: (row.created, row.pk))
    ]


def build(named: Iterable[Named], predictor: Predictor) -> Memory:
    """Build a memory of named drawings; asks the database nothing."""
    memory = empty(predictor)
    for raster, label, verdict in named:
        memory = remember(memory, predictor, raster, label, verdict)
    return memory


def remember(
    memory: Memory, predictor: Predictor, raster: Raster, label: str, verdict: str
) -> Memory:
    """Return the memory with one drawing more."""
    return memory.remember(
        predictor.features(raster),
        INDEX[label],
        was_correction=verdict == Verdict.CORRECTED,
    )


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
