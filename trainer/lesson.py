"""What a run learns from: approved corrections as rows, as an identity, and as arrays.

The order is that of the ids, so that the outcome does not depend on who was approved when: a
version with a revoked correction taken out is, to the byte, the version that never had it. Asks
the database; knows nothing about networks.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from feedback.models import Correction
from recognizer.alphabet import INDEX
from recognizer.directions import Seen, planes

if TYPE_CHECKING:  # torch: a web process imports this module
    from trainer.finetune import Corrections

Entry = list[str]  # id, label, digest


class Changed(Exception):
    """What was to be learned is not what is approved by now."""


def approved_entries() -> list[Entry]:
    """Return all approved corrections, in the order of their ids."""
    rows = Correction.objects.approved().order_by("pk")
    return sorted(entry_of(row) for row in rows.iterator(chunk_size=500))


def entry_of(row: Correction) -> Entry:
    """Return what identifies a correction as a lesson."""
    content = hashlib.sha256(bytes(row.pixels))
    content.update(json.dumps(row.strokes, separators=(",", ":")).encode())
    return [str(row.pk), row.label, content.hexdigest()[:32]]


def identity(
    entries: Sequence[Entry], config: Sequence[Mapping[str, Any]], limits: Mapping[str, int]
) -> str:
    """Return a digest of what decides the outcome beside the champion, its anchor and the base."""
    whole = json.dumps([list(entries), list(config), limits], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def gather(entries: Sequence[Entry], *, still_approved: bool = True) -> "Corrections":
    """Return the corrections of a run or of a version as arrays.

    Raises:
        Changed: one was revoked, relabelled, altered or erased.
    """
    from trainer.characters import stack_of  # noqa: PLC0415
    from trainer.finetune import Corrections  # noqa: PLC0415 - torch

    rows = _rows(entry[0] for entry in entries)
    drawn: list[Seen] = []
    labels, submitters, inks = [], [], []
    for pk, label, digest in entries:
        row = rows.get(UUID(pk))
        if row is None:
            raise Changed(f"correction {pk} was erased")
        if entry_of(row)[2] != digest:
            raise Changed(f"correction {pk} was altered")
        if still_approved and (row.status != "approved" or row.label != label):
            raise Changed(f"correction {pk} is {row.status} ({row.label}), not approved ({label})")
        ink = row.ink
        # From the strokes: the rasteriser that serves is the one that teaches.
        drawn.append(row.raster if ink is None else planes(ink))
        labels.append(INDEX[label])
        submitters.append(row.submitter)
        inks.append(ink)
    return Corrections(
        stack_of(drawn, directed=True),
        np.array(labels, np.int64),
        tuple(submitters),
        tuple(inks),
    )


def still_approved(entries: Sequence[Entry]) -> bool:
    """Say whether every correction is still approved as it was learned."""
    labels = {UUID(entry[0]): entry[1] for entry in entries}
    found = dict(
        row
        for first in range(0, len(entries), 500)
        for row in Correction.objects.approved()
        .filter(pk__in=list(labels)[first : first + 500])
        .values_list("pk", "label")
    )
    return found == labels


def _rows(ids: Iterable[str]) -> dict[UUID, Correction]:
    wanted = [UUID(pk) for pk in ids]
    rows: dict[UUID, Correction] = {}
    for first in range(0, len(wanted), 500):
        rows |= Correction.objects.in_bulk(wanted[first : first + 500])
    return rows
