"""HTTP `/api/v1/`: predictions from strokes, images or files, and which versions there are.

Views read a request (`questions.py`), ask the recogniser and answer. Other rooms add their routers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError as InvalidParameters
from pydantic import Field, TypeAdapter

from recognizer import explanations, metrics, serving, versions
from recognizer.alphabet import Charset
from recognizer.memory import Memory
from recognizer.payloads import (
    ApiError,
    ErrorOut,
    database_response,
    error_response,
    validation_response,
    with_known_query,
)
from recognizer.predictor import Prediction, Predictor
from recognizer.questions import (
    ERRORS,
    PredictIn,
    asked,
    described,
    png_url,
    serving_predictor,
    take,
)
from recognizer.quotas import Buckets
from recognizer.rasterizer import Raster

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
api.exception_handler(DatabaseError)(database_response)

# Of every route, also of those that other rooms add.
api.add_decorator(with_known_query)

_buckets = Buckets(settings.HTTP_PREDICTIONS_PER_SECOND, settings.HTTP_PREDICTION_BURST)
_PREDICT_IN: Final = TypeAdapter(PredictIn)

api.add_router("", explanations.router)

Recall = Callable[[HttpRequest, Predictor], Awaitable[Memory | None]]


async def _nobody(request: HttpRequest, predictor: Predictor) -> None:
    """Remember nobody: who people are is another room's business."""


_recall: Recall = _nobody


def recall_with(recall: Recall) -> None:
    """Answer people who are known with the memory that `recall` returns for them."""
    global _recall
    _recall = recall


class PredictOut(Schema):
    """A calibrated prediction and the image that it was made from."""

    version: int
    label: str | None = Field(description="null when there is nothing to read, or it abstains")
    confidence: float
    abstain: bool
    personal: bool = Field(description="the corrections of who asks have changed the answer")
    several: bool = Field(description="it abstains because the strokes are several characters")
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


@api.post("/predict", response={200: PredictOut, **ERRORS}, openapi_extra=described(PredictIn))
async def predict(request: HttpRequest) -> PredictOut:
    """Predict one character from strokes, a picture in JSON, or an uploaded file.

    Whoever sends the cookie of the page is answered with what they have corrected, as on the page;
    everybody else by the network alone.
    """
    take(_buckets, request)
    predictor = serving_predictor()
    question = await asked(request, _PREDICT_IN)
    memory = await _recall(request, predictor)
    return _answer(question.prediction(predictor, memory), question.charset, question.raster)


@api.get("/versions", response={200: VersionsOut, 422: ErrorOut})
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


def _answer(prediction: Prediction, charset: Charset, raster: Raster) -> PredictOut:
    metrics.PREDICTIONS.labels("http").inc()
    return PredictOut(
        version=prediction.version,
        label=prediction.label,
        confidence=prediction.confidence,
        abstain=prediction.abstain,
        personal=prediction.personal,
        several=prediction.several,
        probabilities=list(prediction.probabilities),
        charset=charset,
        image=png_url(raster),
    )
