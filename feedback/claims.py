"""What a request says that a drawing is: read, checked, and made into a submission.

Knows nothing about what is answered; storing is `submissions.py`'s.
"""

from typing import Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from feedback import memories
from feedback.models import Device, Strokes, Verdict
from feedback.people import Person
from feedback.submissions import Shown, Submission, checked_label
from recognizer import openapi
from recognizer.alphabet import CHARSETS, Charset
from recognizer.apart import is_several
from recognizer.messages import LabelText
from recognizer.payloads import (
    ApiError,
    charset_of,
    decode_base64,
    ink_of,
    json_body,
    read_image,
    unfit,
    uploaded_file,
)
from recognizer.questions import Drawn, serving_predictor
from recognizer.rasterizer import Raster, is_degenerate, rasterise


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


class CorrectionIn(Said, Drawn):
    """A drawing, as strokes or as a picture, and what it is."""


_FORM: Final = {
    "label": {"type": "string"},
    "correct": {"type": "string", "enum": ["true"]},
    "id": {"type": "string", "format": "uuid"},
    "device": {"type": "string", "enum": list(Device.values)},
    "charset": {"type": "string", "enum": list(CHARSETS)},
}
BODY: Final = openapi.request_body(
    CorrectionIn,
    _FORM,
    {"strokes": [[[0, 0], [40, 0], [15, 60]]], "label": "7"},
    either=[("strokes", "image"), ("label", "correct")],
    either_of_form=[("label", "correct")],
)
_CORRECTION_IN: Final = TypeAdapter(CorrectionIn)


async def read(request: HttpRequest) -> tuple[Said, Raster, Strokes | None]:
    """Return what is said, about which picture, and its strokes if it came with them.

    Raises:
        ApiError: it is not what we take, or there is nothing in its picture.
    """
    if request.content_type == "application/json":
        body = json_body(request, _CORRECTION_IN)
        if body.strokes is None:
            return body, await read_image(decode_base64(body.image or ""), "image"), None
        ink = ink_of(body.strokes)
        if is_degenerate(ink):
            raise ApiError(422, "empty", "there is no drawing: send strokes with ink", "strokes")
        return body, rasterise(ink), [stroke for stroke in body.strokes if stroke]
    if request.content_type == "multipart/form-data":
        content, form = uploaded_file(request, *_FORM)
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


async def submission_of(
    request: HttpRequest,
    person: Person,
    said: Said,
    raster: Raster,
    strokes: Strokes | None,
) -> Submission:
    """Return what is to be stored: what was said beside what they are answered to it now.

    Raises:
        NotALabel: nobody can be that.
        ApiError: there was no answer that could be called right, or nobody answers.
    """
    predictor = serving_predictor()
    memory = await memories.of_request(request, predictor)  # what `predict` answers them with
    ink = None if strokes is None else ink_of(strokes)
    seen = raster if ink is None else predictor.draw(ink, raster)
    several = ink is not None and is_several(ink)
    prediction = predictor.predict_raster(seen, said.charset, memory, several=several)
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
            label=prediction.label,
            confidence=prediction.confidence,
            version=prediction.version,
            personal=prediction.renamed,
        ),
        charset=said.charset,
        raster=raster,
        strokes=strokes,
        device=said.device or (Device.UPLOAD if strokes is None else Device.API),
        id=said.id,
        names=said.label is not None,
    )
