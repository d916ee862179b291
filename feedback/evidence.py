"""What a moderator is shown about an item: who says what, what is near it, who sent it.

The number of queries for one item is constant. Nothing here decides, and nothing here shows an
address or a browser: they are not stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from feedback import scoring, triage
from feedback.models import EFFECTS, Action, Correction, Learning, ReviewEvent, Status
from feedback.narrowing import submitter_name
from recognizer import serving
from recognizer.alphabet import CHARSETS, INDEX, LABELS, Charset, ambiguity_group
from recognizer.predictor import Predictor

BARS: Final = 5
NEIGHBOURS: Final = 3
COPIES: Final = 6  # shown of those that were folded into an item
THUMBNAIL: Final = 128  # pixels; shown at half that, for screens with many
_UNLIKELIEST: Final = 1e-9  # what a probability is told to be at least
SEARCHED: Final = 2000  # latest approved drawings of the two labels that are compared

_DONE: Final[dict[str, str]] = {
    Action.SUBMIT: "submitted",
    Action.APPROVE: "approved",
    Action.REJECT: "rejected",
    Action.RELABEL: "relabelled and approved",
    Action.REVOKE: "approval revoked",
    Action.UNDO: "decision undone",
    Action.WITHDRAW: "deleted by its owner",
    Action.EXPIRE: "deleted because nobody reviewed it in time",
    Action.TRAIN: "in training",
    Action.WAIT: "waiting for the next training",
    Action.LIVE: "live in version {version}",
    Action.SPREAD: "live everywhere in version {version}",
    Action.UNLEARN: "not in version {version}, the champion",
}


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


@dataclass(frozen=True)
class Near:
    """An approved drawing that lies near."""

    url: str
    percent: str


@dataclass(frozen=True)
class Group:
    """The nearest approved drawings of one label."""

    label: str
    items: tuple[Near, ...]


@dataclass(frozen=True)
class Record:
    """What became of everything that a submitter sent."""

    name: str
    text: str
    url: str  # of the list of it


@dataclass(frozen=True)
class Copies:
    """What was folded into an item."""

    count: int
    people: int  # who sent them
    latest: tuple[tuple[str, str], ...]  # (address of the picture, what it is in words)

    @property
    def text(self) -> str:
        """How many there are, and of how many people."""
        copies = "1 copy" if self.count == 1 else f"{self.count} copies"
        people = "1 person" if self.people == 1 else f"{self.people} people"
        return f"{copies}, sent by {people}"


def ago(moment: datetime) -> str:
    """Return how long ago something was."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


def percent(share: float) -> str:
    """Return a probability as a person reads it: what is nearly certain is not called certain."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


def thumbnail(pk: object, side: int) -> str:
    """Return the address of a picture of an item."""
    return reverse("admin:feedback_correction_thumbnail", args=[pk, side])


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


def alternative(pk: UUID, label: str, predicted: str | None) -> str:
    """Return the text that stands for the picture of an item."""
    said = f"model said {predicted}" if predicted else "model was not sure"
    return f"Drawing {str(pk)[:8]}, user says {label}, {said}"


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
    prediction = predictor.predict_raster(item.raster, charset_of(item))
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


def neighbours(item: Correction, found: Sequence[Guess]) -> list[Group]:
    """Return the nearest approved drawings of the submitted label and of its likeliest rival."""
    features = item.feature_vector
    if features is None:
        return []
    labels = [item.submitted_label, *_rival(item, found)]
    rows = list(
        Correction.objects.approved()
        .filter(label__in=labels, anchor=item.anchor, features__isnull=False)
        .exclude(pk=item.pk)
        .order_by("-decided")
        .values_list("pk", "label", "features")[:SEARCHED]
    )
    return [
        Group(label, _nearest(features, [(pk, blob) for pk, near, blob in rows if near == label]))
        for label in labels
    ]


def _nearest(
    features: triage.Features, rows: Sequence[tuple[UUID, bytes | memoryview | None]]
) -> tuple[Near, ...]:
    vectors = [np.frombuffer(bytes(blob or b""), np.float16) for _, blob in rows]
    known = np.array(vectors, np.float32).reshape(len(rows), len(features))  # (n, F)
    return tuple(
        Near(thumbnail(rows[row][0], THUMBNAIL), percent(max(0.0, likeness)))
        for row, likeness in triage.nearest(features, known, NEIGHBOURS)
    )


def _rival(item: Correction, found: Sequence[Guess]) -> list[str]:
    """Return the label that most likely stands against the submitted one."""
    said = [item.predicted or "", item.anchor_label]
    said += [bar.label for guess in found for bar in guess.bars]
    return [label for label in said if label and label != item.submitted_label][:1]


def record(item: Correction) -> Record:
    """Return the submitter's record: copies were sent, but count once when they are decided."""
    rows = list(
        Correction.objects.filter(submitter=item.submitter)
        .values_list("status")
        .annotate(sent=Count("pk"), items=Count("pk", filter=Q(duplicate_of=None)))
        .order_by()
    )
    counts: dict[str, int] = {status: items for status, _, items in rows}
    name = submitter_name(item.submitter, item.user.get_username() if item.user else None)
    query = urlencode({"submitter": item.submitter})
    url = f"{reverse('admin:feedback_correction_changelist')}?{query}"
    return Record(name, record_text(counts, sum(sent for _, sent, _ in rows)), url)


def record_text(counts: Mapping[str, int], sent: int) -> str:
    """Return counts of items by status as a sentence that begins with the approval rate."""
    approved = counts.get(Status.APPROVED, 0)
    decided = approved + counts.get(Status.REJECTED, 0) + counts.get(Status.REVOKED, 0)
    if not decided:
        return f"nothing decided yet, {sent} sent"
    return f"{percent(approved / decided)} of {decided} approved, {sent} sent"


def copies(item: Correction) -> Copies | None:
    """Return what was folded into an item; None where nothing was."""
    rows = Correction.objects.filter(duplicate_of=item.pk)
    counts = rows.aggregate(count=Count("pk"), people=Count("submitter", distinct=True))
    if not counts["count"]:
        return None
    latest = rows.newest_first().values_list("pk", "submitted_label", "predicted")[:COPIES]
    pictures = tuple((thumbnail(row[0], THUMBNAIL), alternative(*row)) for row in latest)
    return Copies(counts["count"], counts["people"], pictures)


def other_claims(item: Correction) -> list[Correction]:
    """Return items with exactly this ink under another label."""
    same = Correction.objects.items().filter(ink_hash=item.ink_hash).exclude(label=item.label)
    return list(same.only("id", "label", "status").order_by("created")[:5])


def contradicting(item: Correction, claims: Iterable[Correction]) -> list[Correction]:
    """Return the claims of which not more than one can be approved together with the item's.

    What was refused stands against nothing, nor does what looks the same to everybody.
    """
    standing = (Status.PENDING, Status.APPROVED)
    if item.status not in standing:
        return []
    alike = ambiguity_group(item.label)
    return [claim for claim in claims if claim.status in standing and claim.label not in alike]


def effect(item: Correction, now: datetime | None = None) -> str:
    """Return what training has made of an item so far; nothing where it has no part in it."""
    approved = item.status == Status.APPROVED
    if item.learning == Learning.LIVE:
        if not approved:
            return f"still in version {item.live_version}, until the next training"
        since = "on its way to every process"
        if item.live_at is not None:
            since = f"live since {clock(item.live_at, now or timezone.now())}"
        return f"in version {item.live_version}, {since}"
    if not approved:
        return ""
    in_training = item.learning == Learning.TRAINING
    return "in training" if in_training else "waiting for the next training"


def effect_explained(item: Correction) -> str:
    """Return `effect`, and why the latest run, if there was one, made no version of the item."""
    said = effect(item)
    if item.status == Status.APPROVED and item.learning == Learning.NOTHING:
        events = ReviewEvent.objects.filter(correction=item.pk, action__in=EFFECTS)
        last = events.order_by("pk").last()
        if last is not None and last.action == Action.WAIT:
            return f"{said} ({last.reason})"
    return said


def clock(moment: datetime, now: datetime) -> str:
    """Return a moment as a time, with its day where that is another one than today."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def span(seconds: float) -> str:
    """Return how long something took, as precisely as anybody cares."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def timeline(item: Correction) -> list[tuple[datetime, str]]:
    """Return what happened to an item, oldest first, as (when, words)."""
    events = ReviewEvent.objects.filter(correction=item.pk).order_by("pk")
    return [(event.created, _words(event)) for event in events]


def _words(event: ReviewEvent) -> str:
    text = _DONE[event.action].format(version=event.champion_version)
    if event.label_after and event.label_after != event.label_before:
        text += f" as {event.label_after}"
    if event.actor_name:
        text += f" by {event.actor_name}"
    return f"{text}: {event.reason}" if event.reason else text
