"""What an HTTP request asks the recogniser: a drawing or a picture, among which characters.

One way in for predictions and explanations: the same limits, the same refusals. Knows nothing about
what is answered.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final, Self

import cv2
from django.http import HttpRequest
from ninja import Schema
from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from recognizer import serving
from recognizer.alphabet import CHARSETS, Charset
from recognizer.apart import is_several
from recognizer.directions import Seen
from recognizer.memory import Memory
from recognizer.messages import LabelText, Sample
from recognizer.openapi import request_body
from recognizer.payloads import (
    ApiError,
    ErrorOut,
    charset_of,
    decode_base64,
    ink_of,
    json_body,
    read_image,
    uploaded_file,
)
from recognizer.predictor import Prediction, Predictor
from recognizer.quotas import Buckets
from recognizer.rasterizer import Raster, is_degenerate, rasterise
from recognizer.strokes import Ink

ERRORS: Final = dict.fromkeys((400, 413, 415, 422, 429, 503), ErrorOut)
_EXAMPLE: Final = {"strokes": [[[10, 0], [10, 60]]], "charset": "digits"}


class Drawn(Schema):
    """A drawing, as strokes or as a picture."""

    model_config = ConfigDict(extra="forbid", strict=True)

    strokes: list[list[Sample]] | None = Field(
        None, description="Strokes of [x, y] or [x, y, t]: any units, y down, t in milliseconds"
    )
    image: str | None = Field(
        None, description="PNG, JPEG or WebP of one character: a data URL, or plain base64"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.strokes is None) == (self.image is None):
            raise ValueError("send either strokes or image")
        return self


class PredictIn(Drawn):
    """A drawing, as strokes or as a picture."""

    charset: Charset = "all"


class ExplainIn(PredictIn):
    """A drawing, as strokes or as a picture, and the label that is to be explained."""

    label: LabelText | None = Field(
        None, description="What to explain: one of 0-9 or a-z; by default the likeliest"
    )


def described(schema: type[PredictIn], **fields: Any) -> dict[str, Any]:
    """Return what the OpenAPI document says of a body; `fields` are those of a form besides."""
    form = {"charset": {"type": "string", "enum": list(CHARSETS)}, **fields}
    return request_body(schema, form, _EXAMPLE, either=[("strokes", "image")])


@dataclass(frozen=True)
class Asked:
    """What a request is about."""

    raster: Raster
    charset: Charset
    label: object  # what is to be explained, as it was sent
    readable: bool  # whether there is ink with an extent
    several: bool = False  # whether its strokes are several characters
    ink: Ink | None = None  # None: it is a picture

    def seen(self, predictor: Predictor) -> Seen:
        """Return it as a version sees it."""
        return self.raster if self.ink is None else predictor.draw(self.ink, self.raster)

    def prediction(self, predictor: Predictor, memory: Memory | None = None) -> Prediction:
        """Return the answer, with what is remembered of who asks."""
        if not self.readable:
            return predictor.nothing(self.charset)
        seen = self.seen(predictor)
        return predictor.predict_raster(seen, self.charset, memory, several=self.several)


def take(buckets: Buckets, request: HttpRequest) -> None:
    """Count a request.

    Raises:
        ApiError: this address has asked too often.
    """
    bucket = buckets.of(request.META.get("REMOTE_ADDR", "unknown"))
    if not bucket.take():
        raise ApiError(429, "rate", "too many requests: slow down", retry=bucket.retry_after())


def serving_predictor() -> Predictor:
    """Return the predictor that answers now.

    Raises:
        ApiError: no version can be served.
    """
    try:
        return serving.current()
    except serving.Unavailable as error:
        raise ApiError(503, "unavailable", str(error), retry=5) from error


async def asked(request: HttpRequest, adapter: TypeAdapter[Any], *fields: str) -> Asked:
    """Read a request.

    Args:
        request: as it came.
        adapter: of the schema that its JSON has to fit.
        fields: of a form, besides its file and its charset.

    Raises:
        ApiError: it is not what we take, or there is nothing in its picture.
    """
    kind = request.content_type
    if kind == "application/json":
        body = json_body(request, adapter)
        label = getattr(body, "label", None)
        if body.image is None:
            ink = ink_of(body.strokes or [])
            readable, several = not is_degenerate(ink), is_several(ink)
            return Asked(rasterise(ink), body.charset, label, readable, several, ink)
        content, charset, field = decode_base64(body.image), body.charset, "image"
    elif kind == "multipart/form-data":
        content, form = uploaded_file(request, "charset", *fields)
        charset, label, field = charset_of(form), form.get("label"), "file"
    else:
        raise ApiError(415, "content_type", "send application/json or multipart/form-data")
    raster = await read_image(content, field)
    return Asked(raster, charset, label, bool(raster.any()))


def png_url(raster: Raster) -> str:
    """Return an image as a PNG in a data URL."""
    return data_url(cv2.imencode(".png", raster)[1].tobytes())


def data_url(png: bytes) -> str:
    """Return the data URL of a PNG."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
