"""Corrections as files: CSV and NPZ for training elsewhere, JSONL with everything.

Written in pieces, a few hundred rows at a time, so that a large export needs little memory and
holds no lock. Knows nothing about permissions.
"""

import base64
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import IO, Any, Final

import numpy as np
from channels.db import database_sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from feedback.models import PIXELS, Correction, CorrectionQuerySet, ReviewEvent
from recognizer.rasterizer import SIDE

SCHEMA: Final = 1
_BATCH: Final = 200
_BLOCK: Final = 2**18  # bytes

Format = Callable[[CorrectionQuerySet], Iterator[bytes]]


def csv(corrections: CorrectionQuerySet) -> Iterator[bytes]:
    """Yield lines of label and 784 pixels, 0 paper … 255 ink; copies are left out."""
    yield (",".join(["label", *(f"pixel{k}" for k in range(PIXELS))]) + "\r\n").encode()
    for rows in _batches(corrections.items().only("label", "pixels")):
        lines = (",".join([row.label, *map(str, bytes(row.pixels))]) + "\r\n" for row in rows)
        yield "".join(lines).encode()


def jsonl(corrections: CorrectionQuerySet) -> Iterator[bytes]:
    """Yield one JSON object a line: everything about a correction, copies and history included."""
    for rows in _batches(corrections.select_related("user", "reviewer")):
        events: dict[Any, list[ReviewEvent]] = {row.pk: [] for row in rows}
        for event in ReviewEvent.objects.filter(correction__in=list(events)).order_by("pk"):
            events[event.correction_id].append(event)
        lines = (json.dumps(_line(row, events[row.pk]), ensure_ascii=False) for row in rows)
        yield "".join(line + "\n" for line in lines).encode()


def npz(corrections: CorrectionQuerySet) -> Iterator[bytes]:
    """Yield a NumPy archive: images (n, 28, 28) uint8, labels, ids and states; no copies."""
    columns: dict[str, list[str]] = {"labels": [], "ids": [], "status": []}
    # The array's head says how many rows follow, and rows may be withdrawn meanwhile.
    with tempfile.TemporaryFile() as images:
        for rows in _batches(corrections.items().only("label", "status", "pixels")):
            for row in rows:
                images.write(bytes(row.pixels))
                columns["labels"].append(row.label)
                columns["ids"].append(str(row.pk))
                columns["status"].append(row.status)
        images.seek(0)
        yield from _archive(images, columns)


FORMATS: Final[dict[str, Format]] = {"csv": csv, "jsonl": jsonl, "npz": npz}
WITH_COPIES: Final = frozenset({"jsonl"})  # the others are for training: a drawing counts once
CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "npz": "application/zip",
}


def download(
    request: HttpRequest, corrections: CorrectionQuerySet, form: str
) -> StreamingHttpResponse:
    """Return a response that streams an export under either kind of server."""
    pieces = FORMATS[form](corrections)
    content = _aside(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[form])
    name = f"corrections-{timezone.now():%Y-%m-%d}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


async def _aside(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Make each piece in the thread of the database, and let others have it in between."""
    following = database_sync_to_async(lambda: next(pieces, None))
    while (piece := await following()) is not None:
        yield piece


def _batches(corrections: CorrectionQuerySet) -> Iterator[list[Correction]]:
    """Yield rows in the order of arrival, without a cursor that stays open."""
    ids = list(corrections.order_by("created", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH):
        yield list(corrections.filter(pk__in=ids[start : start + _BATCH]).order_by("created", "pk"))


def _line(row: Correction, events: list[ReviewEvent]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": str(row.pk),
        "submitter": row.submitter,
        "user": row.user.get_username() if row.user else None,
        "label": row.label,
        "submitted_label": row.submitted_label,
        "predicted": row.predicted,
        "confidence": row.confidence,
        "version": row.version,
        "personal": row.personal,
        "verdict": row.verdict,
        "charset": row.charset,
        "device": row.device,
        "status": row.status,
        "reviewer": row.reviewer.get_username() if row.reviewer else None,
        "created": row.created.isoformat(),
        "decided": row.decided.isoformat() if row.decided else None,
        "duplicate_of": str(row.duplicate_of_id) if row.duplicate_of_id else None,
        "remembered": row.remembered,
        "strokes": row.strokes,
        "pixels": base64.b64encode(bytes(row.pixels)).decode(),
        "anchor": {
            "digest": row.anchor,
            "label": row.anchor_label,
            "confidence": row.anchor_confidence,
            "probability": row.anchor_probability,
        },
        "doubt": row.doubt,
        "risk": row.risk,
        "value": row.value,
        "history": [_event(event) for event in events],
    }


def _event(event: ReviewEvent) -> dict[str, Any]:
    return {
        "action": event.action,
        "by": event.actor_name or None,
        "at": event.created.isoformat(),
        "status": [event.status_before, event.status_after],
        "label": [event.label_before, event.label_after],
        "reason": event.reason,
        "champion_version": event.champion_version,
    }


class _Sink(io.RawIOBase):
    """A file for `zipfile` that can only be written; what was written is taken out again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, piece: Any) -> int:
        """Keep a piece."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        """Return what has been written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _archive(images: IO[bytes], columns: dict[str, list[str]]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("images.npy", "w", force_zip64=True) as member:
            shape = (len(columns["labels"]), SIDE, SIDE)
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            while block := images.read(_BLOCK):
                member.write(block)
                yield sink.take()
        for name, values in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.save(member, np.array(values, np.str_), allow_pickle=False)
            yield sink.take()
    yield sink.take()
