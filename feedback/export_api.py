"""HTTP `/api/v1/corrections.csv`, `.jsonl` and `.npz`: the data out, for who may export."""

from typing import Final

from channels.db import database_sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from feedback import exports
from feedback.models import Correction, CorrectionQuerySet, Status
from recognizer import openapi
from recognizer.payloads import ApiError, ErrorOut

EXPORT: Final = "feedback.export_correction"
_NO_EXPORT: Final = dict.fromkeys((403, 404, 422, 503), ErrorOut)

router = Router(tags=["corrections"])


class Chosen(Schema):
    """Which corrections to export."""

    status: list[Status] = Field([], description="Only these; all where none is named")


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

    return await database_sync_to_async(start)()


_NOTHING: Final = (
    "there are no corrections to export yet: draw something and say what it is, "
    "or ask for another status"
)
