"""Corrections that nobody sent, in any number: for timing pages and for looking at them.

Rows are written as the product writes them, scores of the anchor included, but in bulk. Some
submitters are careful and some are not, most of what is old is decided. Seeded: the same numbers
give the same rows, but for their ids and times.
"""

import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Final
from uuid import UUID

import numpy as np
from django.contrib.auth.models import Group, User
from django.utils import timezone

from benchmarks import glyphs
from feedback import fingerprints, scoring, triage
from feedback.models import Action, Correction, Device, ReviewEvent, Status, Verdict
from recognizer.alphabet import DIGITS, LABELS, Charset, ambiguity_group
from recognizer.rasterizer import Raster, rasterise
from recognizer.strokes import Drawing

People = list[tuple[str, User | None, float]]  # submitter, user, share of wrong labels

BATCH: Final = 500
NAMES: Final = ("ada", "boris", "chiara", "dmitri", "esra", "farid")
MODERATORS: Final = ("mia", "noor")
DAYS: Final = 30


def fill(count: int, seed: int = 1, decided: float = 0.6, submitter: str = "") -> None:
    """Write `count` corrections, of which about the share `decided` has been reviewed.

    They come from many people, or from the one named by a submitter's key.
    """
    hand = random.Random(seed)
    people: People = [(submitter, None, 0.1)] if submitter else _people(hand)
    reviewers = [_user(name, staff=True) for name in MODERATORS]
    for start in range(0, count, BATCH):
        rows = [_row(hand, people) for _ in range(min(BATCH, count - start))]
        events = [event for row in rows for event in _history(row, hand, reviewers, decided)]
        Correction.objects.bulk_create(rows)
        ReviewEvent.objects.bulk_create(events)


def _people(hand: random.Random) -> People:
    """Return (submitter, user, share of wrong labels)."""
    users = [_user(name) for name in NAMES]
    known: People = [(f"user:{user.pk}", user, hand.choice((0.01, 0.03, 0.1))) for user in users]
    keys = [UUID(int=hand.getrandbits(128), version=4) for _ in range(34)]
    return known + [(f"anonymous:{key}", None, hand.choice((0.02, 0.1, 0.4))) for key in keys]


def _user(name: str, *, staff: bool = False) -> User:
    user, new = User.objects.get_or_create(username=name, defaults={"is_staff": staff})
    if new and staff:
        user.groups.add(Group.objects.get(name="Moderators"))
    return user


def _row(hand: random.Random, people: People) -> Correction:
    written = hand.choice(LABELS)
    strokes = glyphs.write(written, hand)
    raster = rasterise(Drawing.of(strokes).ink())
    submitter, user, wrong = hand.choice(people)
    label = written
    if hand.random() < wrong:
        label = hand.choice([other for other in LABELS if other not in ambiguity_group(written)])
    charset: Charset = hand.choice(("all", "digits" if label in DIGITS else "letters"))
    scores, predicted, confidence = _scores(raster, label, charset)
    device = hand.choice((Device.MOUSE, Device.MOUSE, Device.TOUCH, Device.PEN, Device.UPLOAD))
    return Correction(
        id=UUID(int=hand.getrandbits(128), version=4),
        submitter=submitter,
        user=user,
        strokes=None if device == Device.UPLOAD else strokes,
        pixels=raster.tobytes(),
        charset=charset,
        device=device,
        label=label,
        submitted_label=label,
        predicted=predicted,
        confidence=confidence,
        version=1,
        verdict=Verdict.CONFIRMED if predicted == label else Verdict.CORRECTED,
        created=timezone.now() - timedelta(days=DAYS * hand.random() ** 1.5),
        duplicates=hand.choice((0,) * 12 + (1, 3)),
        ink_hash=fingerprints.ink_hash(raster),
        near_hash=fingerprints.near_hash(raster),
        **asdict(scores),
    )


def _scores(
    raster: Raster, label: str, charset: Charset
) -> tuple[scoring.Scores, str | None, float]:
    anchor = scoring.anchor()
    assert anchor is not None, "the packaged anchor is not whole"
    prediction = anchor.predict_raster(raster, charset)
    doubt = triage.margin_doubt(prediction.probabilities, label)
    risk = triage.risk(doubt, triage.mistrust(0, 0))
    probability = prediction.probabilities[LABELS.index(label)]
    scores = scoring.Scores(
        anchor=scoring.anchor_digest(anchor),
        anchor_label=LABELS[int(np.argmax(prediction.probabilities))],
        anchor_confidence=prediction.confidence,
        anchor_probability=probability,
        features=scoring.features_of(anchor, raster),
        doubt=doubt,
        risk=risk,
        value=triage.value(probability, risk),
    )
    return scores, prediction.label, prediction.confidence


def _history(
    row: Correction, hand: random.Random, reviewers: list[User], decided: float
) -> Iterator[ReviewEvent]:
    """Yield the events of a row, and put it into the state that they lead to."""
    yield ReviewEvent(
        correction_id=row.pk,
        action=Action.SUBMIT,
        status_after=Status.PENDING,
        label_after=row.label,
        created=row.created,
        champion_version=1,
    )
    if hand.random() >= decided:
        return
    action = Action.REJECT if row.doubt > 0.9 else Action.APPROVE
    reviewer = hand.choice(reviewers)
    row.status = Status.REJECTED if action == Action.REJECT else Status.APPROVED
    row.reviewer = reviewer
    row.decided = min(timezone.now(), row.created + timedelta(hours=hand.random() * 20))
    yield ReviewEvent(
        correction_id=row.pk,
        action=action,
        actor=reviewer,
        actor_name=reviewer.get_username(),
        status_before=Status.PENDING,
        status_after=row.status,
        label_before=row.label,
        label_after=row.label,
        created=row.decided,
        champion_version=1,
    )
