"""`POST explain`: which ink decided, over HTTP and beside the event loop.

The live socket knows nothing of it: whoever wants to see asks here, at their own pace.
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, TypeAdapter

from recognizer import heat, metrics
from recognizer.alphabet import INDEX, Charset
from recognizer.aside import Aside, Busy
from recognizer.payloads import ApiError, label_named
from recognizer.predictor import Explanation, Predictor
from recognizer.questions import (
    ERRORS,
    Asked,
    ExplainIn,
    asked,
    data_url,
    described,
    png_url,
    serving_predictor,
    take,
)
from recognizer.quotas import Buckets
from recognizer.rasterizer import SIDE, Raster
from recognizer.saliency import whereabouts

router = Router()

_buckets = Buckets(settings.HTTP_EXPLANATIONS_PER_SECOND, settings.HTTP_EXPLANATION_BURST)
_aside = Aside("explanations", most=8)  # a fraction of a second's work
_EXPLAIN_IN: Final = TypeAdapter(ExplainIn)


class DecisiveOut(Schema):
    """The square whose ink the label owes most, and what would be read without that ink."""

    left: int = Field(description="pixels of the 28x28 image")
    top: int
    side: int
    where: str = Field(description="where in the drawing: top left … bottom right, or middle")
    loss: float = Field(description="nats of log odds that the label loses without it")
    label: str | None = Field(description="What is read without it; null where it would abstain")


class ExplainOut(Schema):
    """Which ink speaks for a label, found by wiping it piece by piece."""

    version: int
    label: str | None = Field(description="What is explained; null when there is nothing to read")
    probability: float = Field(description="of that label, calibrated")
    abstain: bool = Field(description="whether it abstains from naming a label")
    charset: Charset
    heat: list[list[float]] = Field(
        description="28 rows of 28 numbers, nats: above 0 for the label, below 0 against it"
    )
    decisive: DecisiveOut | None = Field(description="null where no single place counts for much")
    image: str = Field(description="What the network saw: a 28x28 PNG as a data URL")
    picture: str = Field(
        description="The same with the heat, larger: bright ink for the label, striped against it"
    )


@router.post(
    "/explain",
    response={200: ExplainOut, **ERRORS},
    openapi_extra=described(ExplainIn, label={"type": "string"}),
)
async def explain(request: HttpRequest) -> ExplainOut:
    """Say which ink decided: the network is asked again without each piece of it."""
    take(_buckets, request)
    predictor = serving_predictor()
    question = await asked(request, _EXPLAIN_IN, "label")
    label = None if question.label is None else label_named(question.label)
    if not question.readable:
        return _unexplained(question, predictor)
    try:
        # Dozens of predictions: on the loop they would hold up everybody's answers.
        return await _aside.run(lambda: _explained(question, label, predictor))
    except Busy as error:
        message = "too many explanations at once: try again shortly"
        raise ApiError(503, "busy", message, retry=1) from error


def _explained(question: Asked, label: str | None, predictor: Predictor) -> ExplainOut:
    with metrics.EXPLAIN_SECONDS.time():
        explanation = predictor.explain(question.seen(predictor), question.charset, label)
        saliency = explanation.saliency
        return ExplainOut(
            version=predictor.version,
            label=saliency.label,
            probability=explanation.prediction.probabilities[INDEX[saliency.label]],
            abstain=explanation.prediction.abstain or question.several,
            charset=question.charset,
            heat=saliency.heat.round(3).tolist(),
            decisive=_decisive(explanation, question.raster),
            image=png_url(question.raster),
            picture=data_url(heat.png(question.raster, saliency)),
        )


def _unexplained(question: Asked, predictor: Predictor) -> ExplainOut:
    """Nothing is read of what has no extent, so nothing speaks for anything."""
    image = png_url(question.raster)
    return ExplainOut(
        version=predictor.version,
        label=None,
        probability=0.0,
        abstain=True,
        charset=question.charset,
        heat=[[0.0] * SIDE] * SIDE,
        decisive=None,
        image=image,
        picture=image,
    )


def _decisive(explanation: Explanation, raster: Raster) -> DecisiveOut | None:
    window = explanation.saliency.decisive
    if window is None or explanation.without is None or not window.telling:
        return None
    return DecisiveOut(
        left=window.left,
        top=window.top,
        side=window.side,
        where=whereabouts(raster, window),
        loss=round(window.loss, 3),
        label=explanation.without.label,
    )
