"""HTTP `/api/v1/corrections`: submit, follow, delete, export.

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
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from ninja.responses import Status as Answer
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from feedback import erasure, exports, people, receipts
from feedback.models import Correction, CorrectionQuerySet, Device, ReceiptStatus, Status, Verdict
from feedback.origins import require_same_origin
from feedback.submissions import (
    Differs,
    NotALabel,
    Refused,
    Shown,
    Strokes,
    Submission,
    Taken,
    TooMany,
    checked_label,
    submit,
)
from feedback.thumbnails import png
from recognizer import openapi
from recognizer.alphabet import CHARSETS, Charset
from recognizer.messages import LabelText, Sample
from recognizer.payloads import (
    ApiError,
    ErrorOut,
    charset_of,
    decode_base64,
    ink_of,
    json_body,
    read_image,
    unfit,
    uploaded_file,
)
from recognizer.questions import serving_predictor
from recognizer.rasterizer import Raster, is_degenerate, rasterise

EXPORT: Final = "feedback.export_correction"
_MOST_RECENT: Final = 50
_PICTURE: Final = 96  # pixels, of the pictures in the list

router = Router(tags=["corrections"])


class Said(Schema):
    """What a person says about a drawing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    label: LabelText | None = Field(None, description="What it is: one of 0-9 or a-z")
    correct: bool | None = Field(None, description="true: the prediction was right")
    id: UUID | None = Field(None, description="Yours to choose; sent twice, it is one correction")
    device: Device | None = Field(None, description="What it was drawn with")
    charset: Charset = "all"

    @model_validator(mode="after")
    def _one_of_two(self) -> "Said":
        if (self.label is None) == (self.correct is None):
            raise ValueError("send either label or correct")
        if self.correct is False:
            raise ValueError("say what it is by sending its label")
        return self


class CorrectionIn(Said):
    """A drawing, as strokes or as a picture, and what it is."""

    strokes: list[list[Sample]] | None = Field(
        None, description="Strokes of [x, y] or [x, y, t]: any units, y down, t in milliseconds"
    )
    image: str | None = Field(
        None, description="PNG, JPEG or WebP of one character: a data URL, or plain base64"
    )

    @model_validator(mode="after")
    def _one_source(self) -> "CorrectionIn":
        if (self.strokes is None) == (self.image is None):
            raise ValueError("send either strokes or image")
        return self


class Recent(Schema):
    """How many of my corrections."""

    limit: int = Field(12, ge=1, le=_MOST_RECENT)


class Chosen(Schema):
    """Which corrections to export."""

    status: list[Status] = Field([], description="Only these; all where none is named")


class ReceiptOut(Schema):
    """What has become of a correction."""

    id: UUID
    status: ReceiptStatus
    version: int | None = Field(description="The version that learned from it, once it is live")
    serving: tuple[int, int] | None = Field(
        description="How many of how many processes serve what it taught, once it is live"
    )
    label: str
    predicted: str | None
    created: datetime
    decided: datetime | None


class MineOut(ReceiptOut):
    """One of my corrections."""

    image: str = Field(description="The drawing as a PNG data URL: black ink, no ground")


class DeletedOut(Schema):
    """How many corrections were deleted."""

    deleted: int


_ERRORS: Final = dict.fromkeys((400, 403, 404, 409, 413, 415, 422, 429, 503, 507), ErrorOut)
_NO_EXPORT: Final = dict.fromkeys((403, 404, 422), ErrorOut)
_FORM: Final = {
    "label": {"type": "string"},
    "correct": {"type": "string", "enum": ["true"]},
    "id": {"type": "string", "format": "uuid"},
    "device": {"type": "string", "enum": list(Device.values)},
    "charset": {"type": "string", "enum": list(CHARSETS)},
}
_BODY: Final = openapi.request_body(
    CorrectionIn,
    _FORM,
    {"strokes": [[[0, 0], [40, 0], [15, 60]]], "label": "7"},
    either=[("strokes", "image"), ("label", "correct")],
    either_of_form=[("label", "correct")],
)
_CORRECTION_IN: Final = TypeAdapter(CorrectionIn)
_in_thread: Final = database_sync_to_async


@router.post(
    "/corrections", response={200: ReceiptOut, 201: ReceiptOut, **_ERRORS}, openapi_extra=_BODY
)
async def submit_correction(request: HttpRequest, response: HttpResponse) -> Answer[ReceiptOut]:
    """Say what a drawing is. 201 is sent once it is stored; 200 if it was sent before.

    An id is for one drawing and one label: with another of either it is refused with 409.
    """
    require_same_origin(request)
    try:
        said, raster, strokes = await _read(request)
        person = await _in_thread(people.of_request)(request)
        submission = _submission(request, person, said, raster, strokes)
        receipt, is_new = await _in_thread(_store)(submission)
    except Refused as error:
        raise _refusal(error) from error
    if person.is_new:
        people.introduce(response, person)
    return Answer(201 if is_new else 200, receipt)


@router.get("/corrections", response={200: list[MineOut], 422: ErrorOut})
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


@router.delete("/corrections", response={200: DeletedOut, **_ERRORS})
async def delete_my_corrections(request: HttpRequest) -> DeletedOut:
    """Delete everything that this browser or this user has submitted."""
    return await _delete(request, lambda person: erasure.withdraw_all(person.keys))


@router.get(
    "/corrections.csv",
    response=_NO_EXPORT,
    openapi_extra=openapi.file("A table: label and 784 pixels", exports.CONTENT_TYPES["csv"]),
)
async def export_csv(request: HttpRequest, chosen: Query[Chosen]) -> HttpResponseBase:
    """Export label and 784 pixels (0 paper … 255 ink), one line an item. Permission needed."""
    return await _export(request, "csv", chosen.status)


@router.get(
    "/corrections.jsonl",
    response=_NO_EXPORT,
    openapi_extra=openapi.file("One JSON object a line", exports.CONTENT_TYPES["jsonl"]),
)
async def export_jsonl(request: HttpRequest, chosen: Query[Chosen]) -> HttpResponseBase:
    """Export strokes and history, one JSON object a line. Permission needed."""
    return await _export(request, "jsonl", chosen.status)


@router.get(
    "/corrections.npz",
    response=_NO_EXPORT,
    openapi_extra=openapi.file("A NumPy archive", exports.CONTENT_TYPES["npz"], binary=True),
)
async def export_npz(request: HttpRequest, chosen: Query[Chosen]) -> HttpResponseBase:
    """Export images and labels as a NumPy archive. Permission needed."""
    return await _export(request, "npz", chosen.status)


@router.get("/corrections/{id}", response={200: ReceiptOut, 404: ErrorOut, 422: ErrorOut})
async def read_receipt(request: HttpRequest, id: UUID) -> ReceiptOut:  # noqa: A002
    """Tell what has become of a correction. Whoever knows its id may ask."""
    receipt = await _in_thread(_find)(id)
    if receipt is None:
        raise _nowhere()
    return receipt


@router.delete("/corrections/{id}", response={200: DeletedOut, **_ERRORS})
async def delete_correction(request: HttpRequest, id: UUID) -> DeletedOut:  # noqa: A002
    """Delete one of my corrections: strokes, picture and all."""
    deleted = await _delete(request, lambda person: erasure.withdraw([id], person.keys))
    if deleted.deleted:
        return deleted
    if await _in_thread(Correction.objects.filter(pk=id).exists)():
        raise ApiError(403, "owner", "only who submitted a correction can delete it")
    raise _nowhere()


async def _read(request: HttpRequest) -> tuple[Said, Raster, Strokes | None]:
    """Return what is said, about which picture, and its strokes if it came with them."""
    if request.content_type == "application/json":
        body = json_body(request, _CORRECTION_IN)
        if body.strokes is None:
            return body, await read_image(decode_base64(body.image or ""), "image"), None
        ink = ink_of(body.strokes)
        if is_degenerate(ink):
            raise ApiError(422, "empty", "there is no drawing: send strokes with ink", "strokes")
        return body, rasterise(ink), [stroke for stroke in body.strokes if stroke]
    if request.content_type == "multipart/form-data":
        content, form = uploaded_file(request)
        charset = charset_of(form)
        names = ("label", "correct", "id", "device")
        fields = {name: str(form[name]) for name in names if name in form}
        return _said({**fields, "charset": charset}), await read_image(content, "file"), None
    raise ApiError(415, "content_type", "send application/json or multipart/form-data")


def _said(fields: dict[str, str]) -> Said:
    """Read what a form says: all of it is text."""
    try:
        return Said.model_validate(fields, strict=False)
    except ValidationError as error:
        raise unfit(error) from None


def _submission(
    request: HttpRequest,
    person: people.Person,
    said: Said,
    raster: Raster,
    strokes: Strokes | None,
) -> Submission:
    prediction = serving_predictor().predict_raster(raster, said.charset)
    if said.label is not None:
        label = checked_label(str(said.label))
    elif prediction.label is None:
        raise ApiError(422, "empty", "there was no answer to confirm: send its label", "correct")
    else:
        label = prediction.label
    return Submission(
        person=person,
        address=request.META.get("REMOTE_ADDR", "unknown"),
        label=label,
        verdict=Verdict.CONFIRMED if label == prediction.label else Verdict.CORRECTED,
        shown=Shown(
            label=prediction.label, confidence=prediction.confidence, version=prediction.version
        ),
        charset=said.charset,
        raster=raster,
        strokes=strokes,
        device=said.device or (Device.UPLOAD if strokes is None else Device.API),
        id=said.id,
        names=said.label is not None,
    )


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
        label=row.label,
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


async def _export(request: HttpRequest, form: str, status: list[Status]) -> HttpResponseBase:
    user = await request.auser()
    if not await user.ahas_perm(EXPORT):
        raise ApiError(403, "permission", "exporting needs the permission to export corrections")

    def start() -> HttpResponseBase:
        corrections: CorrectionQuerySet = Correction.objects.all()
        if status:
            corrections = corrections.filter(status__in=status)
        if not corrections.exists():
            raise ApiError(404, "nothing", _NOTHING)
        return exports.download(request, corrections, form)

    return await _in_thread(start)()


_NOTHING: Final = (
    "there are no corrections to export yet: draw something and say what it is, "
    "or ask for another status"
)
