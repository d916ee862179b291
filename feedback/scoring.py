"""Asks the anchor about a correction and keeps its scores up to date.

The arithmetic is `triage.py`; here are the anchor, the rows that it is compared with and the
record of its submitter. Knows nothing about requests or decisions.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from django.db.models import Count, F, Q, Value

from feedback import triage
from feedback.models import Correction, CorrectionQuerySet, Status
from recognizer.alphabet import LABELS, Charset
from recognizer.checkpoints import MODEL, CheckpointError
from recognizer.directions import Seen
from recognizer.predictor import Predictor
from recognizer.serving import PACKAGED_ANCHOR

logger = logging.getLogger(__name__)

_COMPARED: Final = 512  # approved corrections, the newest: a bound on the work for one submission
_BATCH: Final = 200

Drawn = Callable[[Predictor], Seen]


@dataclass(frozen=True)
class Scores:
    """The columns of a correction that follow from the anchor and the record."""

    anchor: str = ""
    anchor_label: str = ""
    anchor_confidence: float = 0.0
    anchor_probability: float = 0.0
    features: bytes | None = None
    doubt: float = 0.0
    risk: float = 0.0
    value: float = 0.0


def score(seen: Drawn, label: str, charset: Charset, submitter: str) -> Scores:
    """Return what the anchor, approved neighbours and the submitter's record say of a label.

    `seen` says what the anchor sees of the drawing.
    """
    predictor = anchor()
    mistrust = _mistrust(submitter)
    if predictor is None:
        return Scores(risk=triage.risk(0.0, mistrust))
    digest = anchor_digest(predictor)
    shown = seen(predictor)
    features = predictor.features(shown)
    prediction = predictor.predict_raster(shown, charset)
    doubt = triage.doubt(prediction.probabilities, label, features, *_approved(digest))
    risk = triage.risk(doubt, mistrust)
    probability = prediction.probabilities[LABELS.index(label)]
    return Scores(
        anchor=digest,
        anchor_label=LABELS[int(np.argmax(prediction.probabilities))],
        anchor_confidence=prediction.confidence,
        anchor_probability=probability,
        features=features.astype(np.float16).tobytes(),
        doubt=doubt,
        risk=risk,
        value=triage.value(probability, risk),
    )


@lru_cache(maxsize=1)
def anchor() -> Predictor | None:
    """Return the anchor that comes with the code, whatever is served; None if it is not whole."""
    try:
        return Predictor.load(PACKAGED_ANCHOR)
    except CheckpointError as error:
        logger.error("no risk and value scores: %s", error)
        return None


def anchor_digest(predictor: Predictor) -> str:
    """Return the name under which scores of an anchor are kept."""
    return predictor.card.sha256[MODEL][:16]


def features_of(predictor: Predictor, seen: Seen) -> bytes:
    """Return the penultimate features of a drawing as they are stored."""
    return predictor.features(seen).astype(np.float16).tobytes()


def follow_records(submitters: Iterable[str]) -> None:
    """Move the waiting items of these submitters to where their record puts them now."""
    waiting = Correction.objects.filter(status=Status.PENDING, submitter__in=list(submitters))
    for submitter in waiting.values_list("submitter", flat=True).distinct():
        trust = Value(1 - _mistrust(submitter))
        certain = (1 - F("doubt")) * trust
        waiting.filter(submitter=submitter).update(
            risk=1 - certain, value=(1 - F("anchor_probability")) * certain
        )


def rescore(corrections: CorrectionQuerySet) -> int:
    """Compute all scores anew, with the anchor and the records of today; return how many."""
    count = 0
    for row in _each(corrections):
        scores = score(row.seen, row.submitted_label, _charset(row), row.submitter)
        Correction.objects.filter(pk=row.pk).update(**asdict(scores))
        count += 1
    return count


def stale() -> CorrectionQuerySet:
    """Return the corrections that another anchor has scored."""
    predictor = anchor()
    digest = anchor_digest(predictor) if predictor else ""
    return Correction.objects.exclude(anchor=digest)


def _each(corrections: CorrectionQuerySet) -> Iterator[Correction]:
    """Yield rows without holding a cursor open while they are written."""
    ids = list(corrections.values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH):
        yield from corrections.model.objects.filter(pk__in=ids[start : start + _BATCH])


def _charset(row: Correction) -> Charset:
    charset: Charset = row.charset  # type: ignore[assignment] # the field's choices are CHARSETS
    return charset


def _approved(digest: str) -> "tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], list[str]]":
    """Return features of shape (n, F) and labels of what reviewers have approved lately."""
    rows = list(
        Correction.objects.approved()
        .filter(anchor=digest, features__isnull=False)
        .order_by("-decided")
        .values_list("features", "label")[:_COMPARED]
    )
    vectors = [np.frombuffer(features or b"", np.float16) for features, _ in rows]
    known = np.array(vectors, np.float32) if vectors else np.zeros((0, 1), np.float32)
    return known, [label for _, label in rows]


def _mistrust(submitter: str) -> float:
    record = Correction.objects.filter(submitter=submitter).aggregate(
        approved=Count("pk", filter=Q(status=Status.APPROVED)),
        refused=Count("pk", filter=Q(status__in=(Status.REJECTED, Status.REVOKED))),
    )
    return triage.mistrust(record["approved"], record["refused"])
