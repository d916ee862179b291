"""What champion and anchor make of an item today, and where to see which of its ink decided."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from django.urls import reverse

from feedback import scoring
from feedback.models import Correction
from feedback.wording import percent
from recognizer import serving
from recognizer.alphabet import CHARSETS, INDEX, LABELS, Charset
from recognizer.predictor import Predictor

BARS: Final = 5
_UNLIKELIEST: Final = 1e-9  # what a probability is told to be at least


@dataclass(frozen=True)
class Bar:
    """One symbol with its probability."""

    label: str
    share: float
    submitted: bool

    @property
    def percent(self) -> str:
        """The probability as text, never 0 or 100 %: no answer is that certain."""
        return percent(min(max(self.share, _UNLIKELIEST), 1 - _UNLIKELIEST))


@dataclass(frozen=True)
class Reason:
    """A picture of the ink that speaks for a label."""

    label: str
    url: str


@dataclass(frozen=True)
class Guess:
    """What one version makes of the drawing today."""

    title: str
    abstains: bool = False
    bars: tuple[Bar, ...] = ()
    reasons: tuple[Reason, ...] = ()  # for the label it chose, and for the one that it should be
    problem: str = ""


def heat_url(pk: object, predictor: Predictor, label: str) -> str:
    """Return the address of a picture of what speaks for a label."""
    return reverse("admin:feedback_correction_heat", args=[pk, _tag(predictor), label])


def asked_today(tag: str) -> Predictor | None:
    """Return the predictor of such an address if it is still the champion or the anchor here."""
    try:
        champion = serving.current()
    except serving.Unavailable:
        champion = None
    known = [predictor for predictor in (champion, scoring.anchor()) if predictor is not None]
    return next((predictor for predictor in known if _tag(predictor) == tag), None)


def _tag(predictor: Predictor) -> str:
    """Name a version so that its pictures never change: another network has another name."""
    return f"{predictor.version}-{scoring.anchor_digest(predictor)}"


def guesses(item: Correction) -> list[Guess]:
    """Ask the champion and the anchor; once where they are the same version."""
    anchor = scoring.anchor()
    try:
        champion = serving.current()
    except serving.Unavailable:
        found = [Guess("Champion", problem="No version can be served at the moment.")]
        return found + ([_guess(item, anchor, "Anchor")] if anchor else [])
    if anchor is None or anchor.card.sha256 == champion.card.sha256:
        return [_guess(item, champion, "Champion and anchor" if anchor else "Champion")]
    return [_guess(item, champion, "Champion"), _guess(item, anchor, "Anchor")]


def _guess(item: Correction, predictor: Predictor, who: str) -> Guess:
    prediction = predictor.predict_raster(item.seen(predictor), charset_of(item))
    order = np.argsort(prediction.probabilities)[::-1][:BARS]
    bars = [
        Bar(LABELS[i], prediction.probabilities[i], LABELS[i] == item.submitted_label)
        for i in order
    ]
    if not any(bar.submitted for bar in bars):  # how unlikely it is matters most when it is
        share = prediction.probabilities[INDEX[item.submitted_label]]
        bars[-1] = Bar(item.submitted_label, share, submitted=True)
    labels = dict.fromkeys([prediction.likeliest, item.label])
    reasons = [Reason(label, heat_url(item.pk, predictor, label)) for label in labels]
    title = f"{who}, version {predictor.version}"
    return Guess(title, prediction.abstain, tuple(bars), tuple(reasons))


def charset_of(item: Correction) -> Charset:
    """Return the character set in which the drawing was answered."""
    return next(name for name in CHARSETS if name == item.charset)
