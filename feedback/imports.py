"""Reads JSONL of ours back: the same rows with the same history.

The whole file is checked before the first row is written. What is here already is left alone, and
what its owner has deleted here does not come back. What was live elsewhere is not so here: another
installation's versions are not ours, so that stays in the history alone. Knows nothing about
permissions.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Final, Literal
from uuid import UUID

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from feedback import fingerprints, scoring
from feedback.exports import SCHEMA
from feedback.models import (
    PIXELS,
    Action,
    Correction,
    Device,
    ReceiptStatus,
    ReviewEvent,
    Status,
    Verdict,
)
from recognizer.alphabet import LABELS, Charset
from recognizer.messages import Sample
from recognizer.rasterizer import SIDE
from recognizer.strokes import Drawing, Limits

ADVICE: Final = "only what `manage.py export --format jsonl` wrote can be imported"
_BATCH: Final = 200
_ANY_SIZE: Final = Limits(strokes=2**31, points=2**31)

Label = Literal[LABELS]  # type: ignore[valid-type] # pydantic reads it as it runs
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(max_length=150)]


class ImportProblem(ValueError):
    """A file that is not an export of ours; the message names the line."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    stored: int = 0
    known: int = 0  # were here already
    erased: int = 0  # had been deleted here


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Event(_Part):
    action: Action
    by: Name | None
    at: AwareDatetime
    status: tuple[ReceiptStatus | Literal[""], ReceiptStatus | Literal[""]]
    label: tuple[Label | Literal[""], Label | Literal[""]]
    reason: Annotated[str, Field(max_length=500)]
    champion_version: Annotated[int, Field(ge=1)] | None


class _Anchor(_Part):
    digest: Annotated[str, Field(max_length=16)]
    label: Label | Literal[""]
    confidence: Share
    probability: Share


class _Line(_Part):
    schema_: Literal[SCHEMA] = Field(alias="schema")  # type: ignore[valid-type]
    id: UUID
    submitter: Annotated[str, Field(max_length=64, pattern=r"^(user|anonymous|imported):\S+$")]
    user: Name | None
    label: Label
    submitted_label: Label
    predicted: Label | None
    confidence: Share
    version: Annotated[int, Field(ge=0, lt=2**31)]
    personal: bool = False  # exports from before it was kept do not have it
    verdict: Verdict
    charset: Charset
    device: Device
    status: Status
    reviewer: Name | None
    created: AwareDatetime
    decided: AwareDatetime | None
    duplicate_of: UUID | None
    remembered: bool
    strokes: list[list[Sample]] | None
    pixels: str
    anchor: _Anchor
    doubt: Share
    risk: Share
    value: Share
    history: list[_Event]

    @field_validator("strokes")
    @classmethod
    def _drawable(cls, strokes: list[list[Sample]] | None) -> list[list[Sample]] | None:
        if strokes is not None:
            Drawing.of(strokes, _ANY_SIZE)
        return strokes

    @field_validator("pixels")
    @classmethod
    def _whole(cls, pixels: str) -> str:
        if len(base64.b64decode(pixels, validate=True)) != PIXELS:
            raise ValueError(f"a picture has {PIXELS} pixels")
        return pixels


def read(lines: Iterable[str]) -> Imported:
    """Import lines of an export; they are read twice, so give a list or a file that can rewind.

    Raises:
        ImportProblem: a line is not what `feedback.exports` writes; nothing has been stored.
    """
    for _ in _parsed(lines):
        pass
    if hasattr(lines, "seek"):
        lines.seek(0)
    total = Imported()
    parsed = _parsed(lines)
    while batch := list(islice(parsed, _BATCH)):
        with transaction.atomic():
            total = _store(batch, total)
    return total


def _parsed(lines: Iterable[str]) -> Iterator[_Line]:
    seen: set[UUID] = set()
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = _Line.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            where = f"line {number}" + (f", {field}" if field else "")
            if first["type"] == "json_invalid":
                raise ImportProblem(f"{where} is not JSON: {ADVICE}") from None
            raise ImportProblem(f"{where}: {first['msg']}") from None
        if line.id in seen:
            raise ImportProblem(f"line {number}: its id was on an earlier line")
        seen.add(line.id)
        yield line


def _store(batch: Sequence[_Line], total: Imported) -> Imported:
    ids = [line.id for line in batch]
    known = set(Correction.objects.filter(pk__in=ids).values_list("pk", flat=True))
    erased = (
        set(
            ReviewEvent.objects.filter(
                correction__in=ids, action__in=(Action.WITHDRAW, Action.EXPIRE)
            ).values_list("correction", flat=True)
        )
        - known
    )
    fresh = [line for line in batch if line.id not in known | erased]
    users = _users(fresh)
    Correction.objects.bulk_create([_row(line, users) for line in fresh])
    ReviewEvent.objects.bulk_create(
        [_event(line, event, users) for line in fresh for event in line.history]
    )
    _fold(fresh)
    return replace(
        total,
        stored=total.stored + len(fresh),
        known=total.known + len(known),
        erased=total.erased + len(erased),
    )


def _users(lines: Sequence[_Line]) -> dict[str | None, User]:
    names = {name for line in lines for name in (line.user, line.reviewer)}
    names |= {event.by for line in lines for event in line.history}
    found = User.objects.filter(username__in=[name for name in names if name])
    return {user.get_username(): user for user in found}


def _row(line: _Line, users: dict[str | None, User]) -> Correction:
    raster = np.frombuffer(base64.b64decode(line.pixels), np.uint8).reshape(SIDE, SIDE)
    anchor = scoring.anchor()
    same_anchor = anchor is not None and scoring.anchor_digest(anchor) == line.anchor.digest
    user = users.get(line.user)
    row = Correction(
        id=line.id,
        submitter=_submitter(line, user),
        user=user,
        strokes=line.strokes,
        pixels=raster.tobytes(),
        charset=line.charset,
        device=line.device,
        label=line.label,
        submitted_label=line.submitted_label,
        predicted=line.predicted,
        confidence=line.confidence,
        version=line.version,
        personal=line.personal,
        verdict=line.verdict,
        status=line.status,
        reviewer=users.get(line.reviewer),
        created=line.created,
        decided=line.decided,
        ink_hash=fingerprints.ink_hash(raster),
        near_hash=fingerprints.near_hash(raster),
        remembered=line.remembered,
        anchor=line.anchor.digest,
        anchor_label=line.anchor.label,
        anchor_confidence=line.anchor.confidence,
        anchor_probability=line.anchor.probability,
        doubt=line.doubt,
        risk=line.risk,
        value=line.value,
    )
    # Features of another anchor mean nothing beside ours; `review rescore` computes all anew.
    if anchor and same_anchor:
        row.features = scoring.features_of(anchor, row.seen(anchor))
    return row


def _submitter(line: _Line, user: User | None) -> str:
    """Return the submitter's key here: a user's number on another machine is somebody else's."""
    kind, _, _ = line.submitter.partition(":")
    if kind != "user":
        return line.submitter
    return f"user:{user.pk}" if user else f"imported:{line.user or line.id}"[:64]


def _event(line: _Line, event: _Event, users: dict[str | None, User]) -> ReviewEvent:
    return ReviewEvent(
        correction_id=line.id,
        action=event.action,
        actor=users.get(event.by),
        actor_name=event.by or "",
        status_before=event.status[0],
        status_after=event.status[1],
        label_before=event.label[0],
        label_after=event.label[1],
        reason=event.reason,
        champion_version=event.champion_version,
        created=event.at,
    )


def _fold(lines: Sequence[_Line]) -> None:
    """Fold copies into items that are here; an item comes before its copies in an export."""
    wanted = {line.id: line.duplicate_of for line in lines if line.duplicate_of}
    items = (
        set(Correction.objects.items().filter(pk__in=wanted.values()).values_list("pk", flat=True))
        - wanted.keys()
    )
    for copy, item in wanted.items():
        if item in items:
            Correction.objects.filter(pk=copy).update(duplicate_of=item)
    counts = Correction.objects.filter(duplicate_of__in=items).values("duplicate_of")
    for folded, count in counts.annotate(count=Count("pk")).values_list("duplicate_of", "count"):
        Correction.objects.filter(pk__in=[folded]).update(duplicates=count)
