"""HTTP `/api/v1/`: predictions from strokes, images or files, and which versions there are.

Views read a request, ask the recogniser and answer; errors have one JSON shape and never name an
exception. The work on pictures happens on a small pool of threads with a bounded queue.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import cv2
from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Schema
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from recognizer import metrics, serving, versions
from recognizer.alphabet import CHARSETS, Charset
from recognizer.images import ImageError, ImageLimits, rasterise_image
from recognizer.messages import Sample
from recognizer.predictor import Prediction, Predictor
from recognizer.quotas import Buckets
from recognizer.rasterizer import Raster, rasterise
from recognizer.strokes import Drawing, DrawingError, Ink, Limits

api = NinjaAPI(
    title="digitsite",
    version="1",
    description="Handwritten digits and letters to calibrated probabilities.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api-v1",
)

_IMAGE_STATUS: Final = {
    "too_large": 413,
    "unsupported": 415,
    "not_an_image": 400,
    "nothing_found": 422,
    "several_found": 422,
}
_QUEUE = 16  # pictures waiting; more are asked to come back
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")
_waiting = 0
_buckets = Buckets(settings.HTTP_PREDICTIONS_PER_SECOND, settings.HTTP_PREDICTION_BURST)


class ApiError(Exception):
    """An answer other than success; raised anywhere below a view."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, retry: float = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "field": field}}
        self.retry = retry


class ErrorDetail(Schema):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    field: str | None


class ErrorOut(Schema):
    """Every error of this API."""

    error: ErrorDetail


class PredictIn(Schema):
    """A drawing, as strokes or as a picture."""

    model_config = ConfigDict(extra="forbid", strict=True)

    strokes: list[list[Sample]] | None = Field(
        None, description="Strokes of [x, y] or [x, y, t]: any units, y down, t in milliseconds"
    )
    image: str | None = Field(
        None, description="PNG, JPEG or WebP of one character: a data URL, or plain base64"
    )
    charset: Charset = "all"

    @model_validator(mode="after")
    def _one_source(self) -> "PredictIn":
        if (self.strokes is None) == (self.image is None):
            raise ValueError("send either strokes or image")
        return self


class PredictOut(Schema):
    """A calibrated prediction and the image that it was made from."""

    version: int
    label: str | None = Field(description="null when there is nothing to read, or it abstains")
    confidence: float
    abstain: bool
    probabilities: list[float] = Field(description="36 numbers in the order 0-9, a-z")
    charset: Charset
    image: str = Field(description="What the network saw: a 28x28 PNG as a data URL")


class VersionOut(Schema):
    """A model version, as its card tells it."""

    number: int
    name: str
    created: str
    serving: bool
    architecture: dict[str, Any]
    metrics: dict[str, Any]
    sha256: dict[str, str]


class VersionsOut(Schema):
    """All versions on this machine, newest first."""

    serving: int | None
    versions: list[VersionOut]


_ERRORS: Final = dict.fromkeys((400, 413, 415, 422, 429, 503), ErrorOut)
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": PredictIn.model_json_schema(),
                "example": {"strokes": [[[10, 0], [10, 60]]], "charset": "digits"},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "charset": {"type": "string", "enum": list(CHARSETS)},
                    },
                }
            },
        },
    }
}


@api.post("/predict", response={200: PredictOut, **_ERRORS}, openapi_extra=_BODY)
async def predict(request: HttpRequest) -> PredictOut:
    """Predict one character from strokes, a picture in JSON, or an uploaded file."""
    bucket = _buckets.of(request.META.get("REMOTE_ADDR", "unknown"))
    if not bucket.take():
        raise ApiError(429, "rate", "too many requests: slow down", retry=bucket.retry_after())
    predictor = _predictor()
    kind = request.content_type
    if kind == "application/json":
        body = _json_body(request)
        charset = body.charset
        if body.image is None:
            ink = _ink(body.strokes or [])
            return _answer(predictor.predict(ink, charset), charset, rasterise(ink))
        content = _base64(body.image)
    elif kind == "multipart/form-data":
        content, charset = _multipart(request)
    else:
        raise ApiError(415, "content_type", "send application/json or multipart/form-data")
    raster = await _read_image(content)
    return _answer(predictor.predict_raster(raster, charset), charset, raster)


@api.get("/versions", response={200: VersionsOut})
async def list_versions(request: HttpRequest) -> VersionsOut:
    """List the model versions on this machine and say which one answers."""
    try:
        active = serving.current().card
    except serving.Unavailable:
        active = None
    cards = await asyncio.to_thread(versions.cards)
    if active is not None:
        cards = {**cards, active.number: active}
    return VersionsOut(
        serving=active.number if active else None,
        versions=[
            VersionOut(serving=active == card, **card.model_dump(include=set(_CARD_FIELDS)))
            for _, card in sorted(cards.items(), reverse=True)
        ],
    )


_CARD_FIELDS: Final = ("number", "name", "created", "architecture", "metrics", "sha256")


@api.exception_handler(ApiError)
def _on_api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    response = JsonResponse(error.body, status=error.status)
    if error.status in (429, 503):
        response["Retry-After"] = str(max(1, round(error.retry)))
    return response


def _predictor() -> Predictor:
    try:
        return serving.current()
    except serving.Unavailable as error:
        raise ApiError(503, "unavailable", str(error), retry=5) from error


_PREDICT_IN: Final = TypeAdapter(PredictIn)


def _json_body(request: HttpRequest) -> PredictIn:
    try:
        return _PREDICT_IN.validate_json(request.body)
    except RequestDataTooBig as error:
        raise ApiError(413, "too_large", "the request is too large") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] in ("json_invalid", "model_attributes_type") and not first["loc"]:
            raise ApiError(400, "json", "the body is not a JSON object") from None
        field = ".".join(str(part) for part in first["loc"]) or None
        raise ApiError(422, "field", first["msg"], field) from None


def _base64(text: str) -> bytes:
    """Decode a data URL or plain base64."""
    header, _, payload = text.rpartition(",")
    if header and not (header.startswith("data:") and header.endswith(";base64")):
        raise ApiError(400, "base64", "image is neither a data URL nor base64", "image")
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, "base64", "image is not valid base64", "image") from error


def _ink(strokes: list[list[list[float]]]) -> Ink:
    limits = Limits(settings.MAX_STROKES, settings.MAX_POINTS)
    try:
        return Drawing.of(strokes, limits).ink()
    except DrawingError as error:
        raise ApiError(422, error.code, str(error), "strokes") from error


def _multipart(request: HttpRequest) -> tuple[bytes, Charset]:
    try:
        form, file = request.POST, request.FILES.get("file")
    except RequestDataTooBig as error:
        raise ApiError(413, "too_large", "the request is too large") from error
    except (MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        raise ApiError(400, "multipart", "the form data is malformed") from error
    if file is None or file.size is None:
        raise ApiError(422, "field", "the form has no file of that name", "file")
    charset = next((known for known in CHARSETS if known == form.get("charset", "all")), None)
    if charset is None:
        raise ApiError(422, "field", f"charset is one of {', '.join(CHARSETS)}", "charset")
    return file.read(), charset


async def _read_image(content: bytes) -> Raster:
    limits = ImageLimits(settings.IMAGE_BYTES, settings.IMAGE_PIXELS)
    try:
        return await _on_pool(lambda: rasterise_image(content, limits))
    except ImageError as error:
        raise ApiError(_IMAGE_STATUS[error.code], error.code, str(error), "image") from error


async def _on_pool(work: Callable[[], Raster]) -> Raster:
    global _waiting
    if _waiting >= _QUEUE:
        raise ApiError(503, "busy", "too many pictures at once: try again shortly", retry=1)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    finally:
        _waiting -= 1


def _answer(prediction: Prediction, charset: Charset, raster: Raster) -> PredictOut:
    metrics.PREDICTIONS.labels("http").inc()
    png = cv2.imencode(".png", raster)[1].tobytes()
    return PredictOut(
        version=prediction.version,
        label=prediction.label,
        confidence=prediction.confidence,
        abstain=prediction.abstain,
        probabilities=list(prediction.probabilities),
        charset=charset,
        image="data:image/png;base64," + base64.b64encode(png).decode(),
    )
