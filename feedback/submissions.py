"""Takes corrections in: one transaction, and who asks is answered only after it has committed.

The same id twice is one correction; nearly the same drawing with the same label is one item with
a count. Knows nothing about HTTP, sockets or frames.
"""

from dataclasses import asdict, dataclass
from functools import cache
from threading import Lock
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from feedback import events, fingerprints, scoring, trail
from feedback.metrics import CORRECTIONS
from feedback.models import Action, Correction, Device, ReviewEvent, Strokes, Verdict, ink_of
from feedback.people import ANONYMOUS, Person
from recognizer import places
from recognizer.alphabet import LABEL_RULE, Charset, label_of
from recognizer.directions import Seen
from recognizer.predictor import Predictor
from recognizer.quotas import Buckets, TokenBucket
from recognizer.rasterizer import Raster

_HOUR: Final = 3600.0
_LOOKED_AT: Final = 1000  # waiting items of the same label, the latest: others wait for this
_CANDIDATES: Final = 32  # pictures compared with a new one, the nearest by hash
_quota_lock = Lock()


class Refused(Exception):
    """A correction that is not taken; the message is for the person who sent it."""


class Unwritable(Refused):
    """Nothing can be stored at the moment: the sender keeps the correction and tries again."""


class TooMany(Refused):
    """More corrections than one submitter, or one address, may send."""

    def __init__(self, message: str, retry: float) -> None:
        super().__init__(message)
        self.retry = retry  # seconds


class Taken(Refused):
    """The id is that of another person's correction, or of one that was erased."""


class Differs(Taken):
    """The id is that of another drawing or another label of the same person."""


class NotALabel(Refused, ValueError):
    """A label that is not one of the 36."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the person was shown."""

    label: str | None
    confidence: float
    version: int
    personal: bool = False  # their own memory said so, and the model something else


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person says about one drawing."""

    person: Person
    address: str
    label: str
    verdict: Verdict
    shown: Shown
    charset: Charset
    raster: Raster
    strokes: Strokes | None = None  # None: an uploaded picture
    device: Device = Device.UNKNOWN
    id: UUID | None = None  # proposed by the client
    names: bool = True  # False: it says that the answer is right, and `label` is that answer

    def seen(self, predictor: Predictor) -> Seen:
        """Return the drawing as a version sees it."""
        if self.strokes is None:
            return self.raster
        return predictor.draw(ink_of(self.strokes), self.raster)

    def __repr__(self) -> str:
        # Handwriting, keys and addresses stay out of logs and tracebacks.
        return f"<Submission {self.id}>"


def submit(submission: Submission) -> tuple[Correction, bool]:
    """Store a correction; return it and whether it is new. It is durable when this returns.

    Raises:
        NotALabel: the label is not one of 0-9 or a-z.
        TooMany: the submitter or the address has sent too many.
        Taken: the id belongs to somebody else, or to a correction that was erased.
        Differs: the id belongs to something else that the same person said.
        Unwritable: the disk is full, or the database does not take it.
    """
    try:
        row, is_new = _submit(submission)
    except Refused as error:
        CORRECTIONS.labels(type(error).__name__.lower()).inc()
        raise
    CORRECTIONS.labels("stored" if is_new else "repeated").inc()
    if is_new:
        trail.tell(Action.SUBMIT, [row.pk], verdict=str(row.verdict), answered_by=row.version)
    return row, is_new


def checked_label(label: str) -> str:
    """Return the label of a character as a person wrote it.

    Raises:
        NotALabel: it is not one of 0-9, a-z or A-Z.
    """
    try:
        return label_of(label)
    except ValueError as error:
        raise NotALabel(LABEL_RULE) from error


def _submit(submission: Submission) -> tuple[Correction, bool]:
    label = checked_label(submission.label)
    taken = _take_quota(submission.person.key, submission.address)
    try:
        return _stored(submission, label)
    except (Unwritable, DatabaseError):
        # The fault is ours: when it is over, whoever has tried again and again is not refused.
        _give_back(taken)
        raise


def _stored(submission: Submission, label: str) -> tuple[Correction, bool]:
    _require_space()
    try:
        scores = scoring.score(submission.seen, label, submission.charset, submission.person.key)
        with transaction.atomic():
            known = _known(submission)
            return (known, False) if known else (_store(submission, label, scores), True)
    except IntegrityError:
        # Two processes had the same id at the same moment; the other one has stored it.
        with transaction.atomic():
            known = _known(submission)
        if known is None:
            raise
        return known, False
    except DatabaseError as error:
        raise Unwritable("corrections cannot be stored at the moment: try again later") from error


def _known(submission: Submission) -> Correction | None:
    """Return the correction that already has the proposed id."""
    if submission.id is None:
        return None
    row = Correction.objects.filter(pk=submission.id).first()
    if row is None:
        if ReviewEvent.objects.filter(correction=submission.id).exists():
            raise Taken("a correction with this id was deleted: send it with another id")
        return None
    says_the_same = _says_the_same(row, submission)
    if row.submitter not in submission.person.keys:
        # Whoever lost the first answer lost the key in it, and sends again as somebody new.
        is_repeated = says_the_same and submission.person.is_new
        if not (is_repeated and row.submitter.startswith(ANONYMOUS)):
            raise Taken("this id belongs to another correction: send it with another id")
    elif not says_the_same:
        raise Differs("you sent something else with this id: send it with another id")
    return row


def _says_the_same(row: Correction, submission: Submission) -> bool:
    """Tell whether a correction was sent again; a moderator may have relabelled it meanwhile."""
    if row.ink_hash != fingerprints.ink_hash(submission.raster):
        return False
    if row.submitted_label == checked_label(submission.label):
        return True
    # Another version may answer the same drawing otherwise, and "right" was about the first answer.
    return not submission.names and row.verdict == Verdict.CONFIRMED


def _store(submission: Submission, label: str, scores: scoring.Scores) -> Correction:
    row = Correction(
        id=submission.id or uuid4(),
        submitter=submission.person.key,
        user_id=submission.person.user_id,
        strokes=submission.strokes,
        pixels=submission.raster.tobytes(),
        charset=submission.charset,
        device=submission.device,
        label=label,
        submitted_label=label,
        predicted=submission.shown.label,
        confidence=submission.shown.confidence,
        version=submission.shown.version,
        personal=submission.shown.personal,
        verdict=submission.verdict,
        ink_hash=fingerprints.ink_hash(submission.raster),
        near_hash=fingerprints.near_hash(submission.raster),
        **asdict(scores),
    )
    row.duplicate_of = _still_waiting(_original(row))
    row.save(force_insert=True)
    if row.duplicate_of is not None:
        copies = Correction.objects.filter(pk=row.duplicate_of.pk)
        copies.update(duplicates=F("duplicates") + 1)
    events.record(row, Action.SUBMIT, after=(row.status, row.label)).save()
    return row


def _original(row: Correction) -> Correction | None:
    """Return the waiting item of which a new row is a copy."""
    waiting = Correction.objects.pending().filter(label=row.label)
    exact = waiting.filter(ink_hash=row.ink_hash).only("id").first()
    if exact is not None:
        return exact
    latest = waiting.newest_first().values_list("pk", "near_hash")[:_LOOKED_AT]
    near = [
        (bits, pk)
        for pk, near_hash in latest
        if (bits := fingerprints.distance(near_hash, row.near_hash)) <= fingerprints.NEAR_BITS
    ]
    if not near:
        return None
    nearest = [pk for _, pk in sorted(near)[:_CANDIDATES]]
    for candidate in waiting.filter(pk__in=nearest).only("id", "pixels"):
        if fingerprints.alike(candidate.raster, row.raster):
            return candidate
    return None


def _still_waiting(item: Correction | None) -> Correction | None:
    """Hold an item until its copy is stored; None where it was decided or erased meanwhile."""
    if item is None:
        return None
    waiting = Correction.objects.pending().filter(pk=item.pk)
    return waiting.select_for_update().only("id").first()


def _take_quota(submitter: str, address: str) -> list[TokenBucket]:
    """Take one token for the submitter and one for the address; return where from."""
    taken: list[TokenBucket] = []
    with _quota_lock:
        for buckets, key in ((_by_submitter(), submitter), (_by_address(), address)):
            bucket = buckets.of(key)
            if not bucket.take():
                for other in taken:
                    other.give_back()
                raise TooMany(
                    "too many corrections in an hour: try again later", bucket.retry_after()
                )
            taken.append(bucket)
    return taken


def _give_back(taken: list[TokenBucket]) -> None:
    with _quota_lock:
        for bucket in taken:
            bucket.give_back()


@cache
def _by_submitter() -> Buckets:
    return Buckets(settings.CORRECTIONS_PER_HOUR / _HOUR, settings.CORRECTIONS_PER_HOUR)


@cache
def _by_address() -> Buckets:
    hourly = settings.CORRECTIONS_PER_ADDRESS_PER_HOUR
    return Buckets(hourly / _HOUR, hourly)


def _require_space() -> None:
    found = places.free("state", "database")
    if None in found.values():
        raise Unwritable("corrections cannot be stored at the moment: try again later")
    if places.lacking(found):
        raise Unwritable("the server's disk is full: try again later")


def forget(person: Person) -> int:
    """Empty the personal memory; the corrections stay in the queue. Returns how many counted.

    Raises:
        Unwritable: the database does not take it.
    """
    try:
        return Correction.objects.visible_to(person.keys).remembered().update(remembered=False)
    except DatabaseError as error:
        raise Unwritable("this cannot be stored at the moment: try again later") from error
