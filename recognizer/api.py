"""HTTP `/api/v1/`: predictions from strokes, images or files, and which versions there are.

Views read a request (`payloads.py`), ask the recogniser and answer. Other rooms add their routers.
"""

import asyncio
import base64
from typing import Any, Final

import cv2
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError as InvalidParameters
from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from recognizer import metrics, serving, versions
from recognizer.alphabet import CHARSETS, Charset
from recognizer.messages import Sample
from recognizer.payloads import (
    ApiError,
    ErrorOut,
    charset_of,
    decode_base64,
    error_response,
    ink_of,
    json_body,
    read_image,
    uploaded_file,
    validation_response,
)
from recognizer.predictor import Prediction, Predictor
from recognizer.quotas import Buckets
from recognizer.rasterizer import Raster, rasterise

api = NinjaAPI(
    title="digitsite",
    version="1",
    description="Handwritten digits and letters to calibrated probabilities.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api-v1",
)

api.exception_handler(ApiError)(error_response)
api.exception_handler(InvalidParameters)(validation_response)

_buckets = Buckets(settings.HTTP_PREDICTIONS_PER_SECOND, settings.HTTP_PREDICTION_BURST)


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
    serving: bool = Field(description="whether the process that was asked answers with it")
    champion: bool = Field(description="whether every process ought to")
    live: tuple[int, int] | None = Field(description="in how many of how many processes it is live")
    architecture: dict[str, Any]
    metrics: dict[str, Any]
    sha256: dict[str, str]


class VersionsOut(Schema):
    """All versions on this machine, newest first."""

    serving: int | None
    champion: int | None = Field(description="null while the database does not answer")
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
    predictor = serving_predictor()
    kind = request.content_type
    if kind == "application/json":
        body = json_body(request, _PREDICT_IN)
        charset = body.charset
        if body.image is None:
            ink = ink_of(body.strokes or [])
            return _answer(predictor.predict(ink, charset), charset, rasterise(ink))
        content = decode_base64(body.image)
    elif kind == "multipart/form-data":
        content, form = uploaded_file(request)
        charset = charset_of(form)
    else:
        raise ApiError(415, "content_type", "send application/json or multipart/form-data")
    raster = await read_image(content)
    return _answer(predictor.predict_raster(raster, charset), charset, raster)


@api.get("/versions", response={200: VersionsOut})
async def list_versions(request: HttpRequest) -> VersionsOut:
    """List the model versions on this machine and say which one answers."""
    try:
        active = serving.current().card
    except serving.Unavailable:
        active = None
    cards = await asyncio.to_thread(versions.cards)
    known = await sync_to_async(versions.known)()
    if known is not None:  # a folder alone is not a version
        cards = {number: card for number, card in cards.items() if number in known.live}
    if active is not None:
        cards = {**cards, active.number: active}
    return VersionsOut(
        serving=active.number if active else None,
        champion=known.champion if known else None,
        versions=[
            VersionOut(
                serving=card is active,
                champion=known is not None and known.champion == number,
                live=known.live.get(number) if known else None,
                # The slices are long, and the model card shows them.
                **card.model_dump(include=set(_CARD_FIELDS), exclude={"metrics": {"slices"}}),
            )
            for number, card in sorted(cards.items(), reverse=True)
        ],
    )


_CARD_FIELDS: Final = ("number", "name", "created", "architecture", "metrics", "sha256")


def serving_predictor() -> Predictor:
    """Return the predictor that answers now.

    Raises:
        ApiError: no version can be served.
    """
    try:
        return serving.current()
    except serving.Unavailable as error:
        raise ApiError(503, "unavailable", str(error), retry=5) from error


_PREDICT_IN: Final = TypeAdapter(PredictIn)


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
