"""HTTP `/api/v1/corrections`: submit, follow, delete. What goes out in files is `export_api.py`'s.

Views read a request, call the room's functions in the database's thread and answer. The router is
added to the recogniser's API by the site's routes.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Status as Answer
from pydantic import Field

from feedback import claims, erasure, people, receipts
from feedback.models import Correction, ReceiptStatus
from feedback.origins import require_same_origin
from feedback.submissions import Differs, NotALabel, Refused, Submission, Taken, TooMany, submit
from feedback.thumbnails import png
from recognizer.payloads import ApiError, ErrorOut

_MOST_RECENT: Final = 50
_PICTURE: Final = 96  # pixels, of the pictures in the list

router = Router(tags=["corrections"])


class Recent(Schema):
    """How many of my corrections."""

    limit: int = Field(12, ge=1, le=_MOST_RECENT)


class ReceiptOut(Schema):
    """What has become of a correction."""

    id: UUID
    status: ReceiptStatus
    version: int | None = Field(description="The version that learned from it, once it is live")
    serving: tuple[int, int] | None = Field(
        description="How many of how many processes serve what it taught, once it is live"
    )
    paused: bool = Field(
        description="Whether it waits for a training while learning is paused, so that none begins"
    )
    label: str = Field(description="What it is, also for whoever reviewed it")
    said: str = Field(description="What its sender said that it is")
    predicted: str | None
    created: datetime
    decided: datetime | None


class MineOut(ReceiptOut):
    """One of my corrections."""

    image: str = Field(description="The drawing as a PNG data URL: black ink, no ground")


class DeletedOut(Schema):
    """How many corrections were deleted."""

    deleted: int


_SUBMITTING: Final = dict.fromkeys((400, 403, 409, 413, 415, 422, 429, 503, 507), ErrorOut)
_LISTING: Final = dict.fromkeys((422, 503), ErrorOut)
_READING: Final = dict.fromkeys((404, 422, 503), ErrorOut)
_DELETING: Final = dict.fromkeys((403, 422, 507), ErrorOut)
_DELETING_ONE: Final = dict.fromkeys((403, 404, 422, 503, 507), ErrorOut)

_in_thread: Final = database_sync_to_async


@router.post(
    "/corrections",
    response={200: ReceiptOut, 201: ReceiptOut, **_SUBMITTING},
    openapi_extra=claims.BODY,
)
async def submit_correction(request: HttpRequest, response: HttpResponse) -> Answer[ReceiptOut]:
    """Say what a drawing is. 201 is sent once it is stored; 200 if it was sent before.

    An id is for one drawing and one label: with another of either it is refused with 409.
    """
    require_same_origin(request)
    try:
        said, raster, strokes = await claims.read(request)
        person = await _in_thread(people.of_request)(request)
        submission = await claims.submission_of(request, person, said, raster, strokes)
        receipt, is_new = await _in_thread(_store)(submission)
    except Refused as error:
        raise _refusal(error) from error
    if person.is_new and is_new:
        people.introduce(response, person)
    return Answer(201 if is_new else 200, receipt)


@router.get("/corrections", response={200: list[MineOut], **_LISTING})
async def list_my_corrections(request: HttpRequest, recent: Query[Recent]) -> list[MineOut]:
    """List what this browser or this user has submitted, the newest first."""

    def mine() -> list[MineOut]:
        person = people.of_request(request)
        if person.is_new:
            return []
        mine = Correction.objects.visible_to(person.keys).newest_first()
        rows = list(mine.defer("features")[: recent.limit])
        return [_mine(*pair) for pair in zip(rows, receipts.receipts_of(rows), strict=True)]

    return await _in_thread(mine)()


@router.delete("/corrections", response={200: DeletedOut, **_DELETING})
async def delete_my_corrections(request: HttpRequest) -> DeletedOut:
    """Delete everything that this browser or this user has submitted."""
    return await _delete(request, lambda person: erasure.withdraw_all(person.keys))


@router.get("/corrections/{id}", response={200: ReceiptOut, **_READING})
async def read_receipt(request: HttpRequest, id: UUID) -> ReceiptOut:  # noqa: A002
    """Tell what has become of a correction. Whoever knows its id may ask."""
    receipt = await _in_thread(_find)(id)
    if receipt is None:
        raise _nowhere()
    return receipt


@router.delete("/corrections/{id}", response={200: DeletedOut, **_DELETING_ONE})
async def delete_correction(request: HttpRequest, id: UUID) -> DeletedOut:  # noqa: A002
    """Delete one of my corrections: strokes, picture and all."""
    deleted = await _delete(request, lambda person: erasure.withdraw([id], person.keys))
    if deleted.deleted:
        return deleted
    if await _in_thread(Correction.objects.filter(pk=id).exists)():
        raise ApiError(403, "owner", "only who submitted a correction can delete it")
    raise _nowhere()


def _refusal(error: Refused) -> ApiError:
    match error:
        case TooMany():
            return ApiError(429, "rate", str(error), retry=error.retry)
        case Differs():
            return ApiError(409, "conflict", str(error), "id")
        case Taken():
            return ApiError(409, "id", str(error), "id")
        case NotALabel():
            return ApiError(422, "field", str(error), "label")
        case _:
            return ApiError(507, "unwritable", str(error))


def _nowhere() -> ApiError:
    return ApiError(404, "not_found", "there is no correction with this id")


def _store(submission: Submission) -> tuple[ReceiptOut, bool]:
    row, is_new = submit(submission)
    return _receipt(row, *receipts.receipts_of([row])), is_new


def _find(pk: UUID) -> ReceiptOut | None:
    row = Correction.objects.without_blobs().filter(pk=pk).first()
    return _receipt(row, *receipts.receipts_of([row])) if row else None


def _receipt(row: Correction, receipt: receipts.Receipt) -> ReceiptOut:
    return ReceiptOut(
        id=receipt.id,
        status=receipt.status,
        version=receipt.version,
        serving=receipt.serving,
        paused=receipt.paused,
        label=row.label,
        said=row.submitted_label,
        predicted=row.predicted,
        created=row.created,
        decided=row.decided,
    )


def _mine(row: Correction, receipt: receipts.Receipt) -> MineOut:
    image = "data:image/png;base64," + base64.b64encode(png(row.picture(_PICTURE))).decode()
    return MineOut(image=image, **_receipt(row, receipt).model_dump())


async def _delete(request: HttpRequest, erase: Callable[[people.Person], int]) -> DeletedOut:
    require_same_origin(request)

    def work() -> tuple[people.Person, int]:
        person = people.of_request(request)
        return person, 0 if person.is_new else erase(person)

    try:
        person, count = await _in_thread(work)()
    except DatabaseError as error:
        raise ApiError(507, "unwritable", "this cannot be done now: try again later") from error
    if count:
        receipts.watcher.taught_otherwise(person.keys)
    return DeletedOut(deleted=count)
