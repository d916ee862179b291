"""Corrections and the record of what was decided about them.

A correction's state moves only through `CorrectionQuerySet.move`, a conditional update on the
expected state, what training made of it only through `learn`, and rows leave only through `erase`;
their callers (`decisions.py`, `lessons.py`, `erasure.py`) write the event of the move in the same
transaction. Events are append-only. Knows nothing about requests, sockets or how versions are made.
"""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Never, Self

import numpy as np
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recognizer.alphabet import CHARSETS, LABELS
from recognizer.append_only import AppendOnlyModel, AppendOnlyQuerySet
from recognizer.directions import Seen
from recognizer.rasterizer import SIDE, Raster, rasterise
from recognizer.strokes import Drawing, Ink, Limits

if TYPE_CHECKING:  # onnxruntime: what only asks the database does without
    from recognizer.predictor import Predictor

PIXELS = SIDE * SIDE
Strokes = list[list[list[float]]]
# What only a decision may change, and what only a lesson may.
_STATE = frozenset({"status", "label", "reviewer", "decided"})
_LEARNING = frozenset({"learning", "live_version", "live_at"})


class Status(models.TextChoices):
    """Where the review of a correction stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


class ReceiptStatus(models.TextChoices):
    """What a person is told about their correction: the review, then what training made of it."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    TRAINING = "training"
    LIVE = "live"


class Learning(models.TextChoices):
    """What training has made of a correction so far."""

    NOTHING = "", "Nothing"
    TRAINING = "training"
    LIVE = "live"


class Verdict(models.TextChoices):
    """What the person said about the prediction."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


class Device(models.TextChoices):
    """What the drawing came from."""

    MOUSE = "mouse"
    TOUCH = "touch"
    PEN = "pen"
    UPLOAD = "upload"
    API = "api"
    UNKNOWN = "unknown"


class Action(models.TextChoices):
    """What happened to a correction."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    RELABEL = "relabel"
    REVOKE = "revoke"
    UNDO = "undo"
    WITHDRAW = "withdraw"  # deleted by its owner
    EXPIRE = "expire"  # deleted by the retention rule
    TRAIN = "train"  # a training run learns from it
    WAIT = "wait"  # the run ended without a new version: the next one will
    LIVE = "live"  # the champion has learned from it
    SPREAD = "spread"  # and every process serves it
    UNLEARN = "unlearn"  # the champion is one that has not, or no longer


# What training did: nobody decided it, so it is neither undone nor in the way of a decision.
EFFECTS = (Action.TRAIN, Action.WAIT, Action.LIVE, Action.SPREAD, Action.UNLEARN)


class StateChange(TypeError):
    """A way round the audit: states move through `feedback.decisions` alone."""


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """The questions that the product asks about corrections."""

    def items(self) -> Self:
        """Return what a reviewer sees: copies are folded into the item that they repeat."""
        return self.filter(duplicate_of=None)

    def pending(self) -> Self:
        """Return items that wait for review."""
        return self.items().filter(status=Status.PENDING)

    def approved(self) -> Self:
        """Return approved items."""
        return self.items().filter(status=Status.APPROVED)

    def visible_to(self, submitters: str | Iterable[str]) -> Self:
        """Return a person's own corrections; a person may have several keys."""
        keys = [submitters] if isinstance(submitters, str) else list(submitters)
        return self.filter(submitter__in=keys)

    def remembered(self) -> Self:
        """Return what counts in personal memories."""
        return self.filter(remembered=True)

    def newest_first(self) -> Self:
        """Return in the order of arrival, the newest first."""
        return self.order_by("-created", "-id")

    def oldest_first(self) -> Self:
        """Return in the order of arrival, what has waited longest first."""
        return self.order_by("created", "id")

    def in_risk_order(self) -> Self:
        """Return what is probably mislabelled first."""
        return self.order_by("-risk", "created", "id")

    def in_value_order(self) -> Self:
        """Return what the model would learn most from first."""
        return self.order_by("-value", "created", "id")

    def without_blobs(self) -> Self:
        """Leave out what a list does not show: strokes, pixels, features."""
        return self.defer("strokes", "pixels", "features")

    def move(self, expected: Status, **changes: Any) -> int:
        """Change those that are still in the state `expected`; return how many were."""
        return models.QuerySet.update(self.filter(status=expected), **changes)

    def learn(self, **changes: Any) -> int:
        """Change what training made of them; the caller records it."""
        if others := changes.keys() - _LEARNING:
            raise StateChange(f"{', '.join(sorted(others))}: not a matter of training")
        return models.QuerySet.update(self, **changes)

    def erase(self) -> int:
        """Delete the rows, strokes and pixels included; the caller records it."""
        return super().delete()[0]

    def update(self, **changes: Any) -> int:
        """Update anything but the state and what was learned."""
        if forbidden := _STATE.intersection(changes):
            raise StateChange(f"{', '.join(sorted(forbidden))}: decide through feedback.decisions")
        if forbidden := _LEARNING.intersection(changes):
            raise StateChange(f"{', '.join(sorted(forbidden))}: learn through feedback.lessons")
        return super().update(**changes)

    def delete(self) -> Never:
        """Refuse: erasing goes through `feedback.erasure`, which records it."""
        raise StateChange("corrections are erased through feedback.erasure")


class Correction(models.Model):
    """One person's claim about one drawing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # "user:<pk>" or "anonymous:<uuid>". Opaque: nothing else is known of the latter.
    submitter = models.CharField(max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    strokes = models.JSONField(null=True, blank=True)  # null: an uploaded picture
    pixels = models.BinaryField(max_length=PIXELS)  # the 28x28 that the network saw, row by row
    charset = models.CharField(max_length=7, choices=[(name, name) for name in CHARSETS])
    device = models.CharField(max_length=7, choices=Device, default=Device.UNKNOWN)

    label = models.CharField(max_length=1, db_index=True)
    submitted_label = models.CharField(max_length=1)  # differs from `label` after a relabel
    predicted = models.CharField(max_length=1, null=True, blank=True)
    confidence = models.FloatField()
    version = models.PositiveIntegerField()
    # Whether that is what the submitter's own memory said, and the model something else.
    personal = models.BooleanField(default=False, db_default=False)
    verdict = models.CharField(max_length=9, choices=Verdict)

    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now, db_index=True)
    decided = models.DateTimeField(null=True, blank=True)
    leased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    leased_until = models.DateTimeField(null=True, blank=True)

    ink_hash = models.CharField(max_length=64, db_index=True)  # SHA-256 of the pixels
    near_hash = models.CharField(max_length=16, db_index=True)  # 64-bit difference hash
    # Copies share their item's state and label at all times.
    duplicate_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="copies"
    )
    duplicates = models.PositiveIntegerField(default=0)  # copies folded into this item
    remembered = models.BooleanField(default=True)  # counts in the personal memory

    # Copies share these with their item too, as soon as `lessons.follow` has seen them.
    learning = models.CharField(
        max_length=8, choices=Learning, default=Learning.NOTHING, blank=True
    )
    live_version = models.PositiveIntegerField(null=True, blank=True)  # since which it is live
    live_at = models.DateTimeField(null=True, blank=True)  # since when it is so everywhere

    # What the anchor made of it when it came in; recomputed when the anchor is replaced.
    anchor = models.CharField(max_length=16, blank=True)  # start of the anchor's digest
    anchor_label = models.CharField(max_length=1, blank=True)
    anchor_confidence = models.FloatField(default=0)
    anchor_probability = models.FloatField(default=0)  # of the submitted label
    features = models.BinaryField(null=True, blank=True)  # penultimate features, float16
    doubt = models.FloatField(default=0)  # that the label is wrong, whoever sent it
    risk = models.FloatField(default=0)  # the same, the submitter's record included
    value = models.FloatField(default=0)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("review_correction", "Can review corrections"),
            ("export_correction", "Can export corrections"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-risk"], name="correction_by_risk"),
            models.Index(fields=["status", "-value"], name="correction_by_value"),
            models.Index(fields=["status", "-created"], name="correction_by_age"),
            models.Index(fields=["submitter", "-created"], name="correction_by_submitter"),
            models.Index(fields=["status", "label"], name="correction_by_label"),
            # Rows are wide: a list of items turns its pages without reading those before them.
            models.Index(fields=["duplicate_of", "-created", "-id"], name="correction_items"),
            models.Index(fields=["version"], name="correction_by_version"),
            models.Index(fields=["learning"], name="correction_by_learning"),
            models.Index(
                fields=["live_at"], name="correction_by_live_at", condition=~Q(live_at=None)
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(label__in=LABELS) & Q(submitted_label__in=LABELS),
                name="correction_label_is_a_label",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="correction_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(learning__in=Learning.values), name="correction_learning_is_known"
            ),
            models.CheckConstraint(
                condition=Q(learning=Learning.LIVE, live_version__gte=1)
                | (~Q(learning=Learning.LIVE) & Q(live_version=None)),
                name="correction_live_in_a_version",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="correction_confidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.submitted_label}, {self.status})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new row; of an old one, only named fields, neither its state nor its learning."""
        if not self._state.adding:
            fields = kwargs.get("update_fields")
            if fields is None or (_STATE | _LEARNING).intersection(fields):
                raise StateChange("name update_fields; states move through feedback.decisions")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        """Refuse: erasing goes through `feedback.erasure`, which records it."""
        raise StateChange("corrections are erased through feedback.erasure")

    @property
    def raster(self) -> Raster:
        """The 28x28 image, ink 255 on 0."""
        return np.frombuffer(bytes(self.pixels), np.uint8).reshape(SIDE, SIDE)

    @property
    def ink(self) -> Ink | None:
        """The drawing for the rasteriser; None where a picture was uploaded."""
        if self.strokes is None:
            return None
        return ink_of(self.strokes)

    def seen(self, predictor: "Predictor") -> Seen:
        """Return the drawing as a version sees it: with its directions, if there are any."""
        return predictor.draw(self.ink or (), self.raster) if self.strokes else self.raster

    @property
    def feature_vector(self) -> "np.ndarray[Any, np.dtype[np.float32]] | None":
        """The anchor's penultimate features of shape (F,), where they are known."""
        if not self.features:
            return None
        return np.frombuffer(bytes(self.features), np.float16).astype(np.float32)

    @property
    def standing(self) -> ReceiptStatus:
        """What its submitter is told: the review, and once approved what training made of it."""
        approved = self.status == Status.APPROVED
        return ReceiptStatus(self.learning if approved and self.learning else self.status)

    @property
    def waits_for_training(self) -> bool:
        """Whether the next training is to learn it, or to forget it."""
        approved = self.status == Status.APPROVED
        return self.learning == (Learning.NOTHING if approved else Learning.LIVE)

    @property
    def was_relabelled(self) -> bool:
        """Whether a reviewer gave it another label than its submitter."""
        return self.label != self.submitted_label

    def picture(self, side: int) -> Raster:
        """Return the drawing at any size; an uploaded picture only has its 28x28."""
        return self.raster if self.ink is None else rasterise(self.ink, side)


# What is stored was within the limits of its time; a stricter setting must not hide it.
_ANY_SIZE = Limits(strokes=2**31, points=2**31)


def ink_of(strokes: Strokes) -> Ink:
    """Return stored strokes for the rasteriser."""
    return Drawing.of(strokes, _ANY_SIZE).ink()


class ReviewEventQuerySet(AppendOnlyQuerySet["ReviewEvent"]):
    """Events."""


class ReviewEvent(AppendOnlyModel):
    """One thing that happened to one correction: who, when, before, after."""

    # Without a constraint: the id stays here when the correction has been erased.
    correction = models.ForeignKey(
        Correction, models.DO_NOTHING, db_constraint=False, related_name="events"
    )
    action = models.CharField(max_length=8, choices=Action)
    # None: its submitter, or the retention rule. Whoever decided is deactivated, never deleted.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)  # as it was then
    status_before = models.CharField(max_length=8, blank=True)
    status_after = models.CharField(max_length=8, blank=True)
    label_before = models.CharField(max_length=1, blank=True)
    label_after = models.CharField(max_length=1, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    champion_version = models.PositiveIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)  # all that is left of what was erased
    created = models.DateTimeField(default=timezone.now, db_index=True)

    objects = ReviewEventQuerySet.as_manager()

    class Meta:
        verbose_name = "event of the audit"
        verbose_name_plural = "audit"
        default_permissions = ("view",)
        indexes: ClassVar = [models.Index(fields=["correction", "id"], name="event_by_correction")]

    def __str__(self) -> str:
        return f"{self.action} {self.correction_id}"


class Lesson(models.Model):
    """One item, as a version has learned it."""

    version = models.PositiveIntegerField()
    correction = models.UUIDField(db_index=True)  # no constraint: the version outlives the item
    label = models.CharField(max_length=1)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "correction"], name="lesson_once_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.correction} ({self.label}) in version {self.version}"
