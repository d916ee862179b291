"""Which versions there are, which one is champion, how that came about, and who serves what.

A version's row and folder never change; only `registry.py` writes here, except for the rows of
serving processes, which `watching.py` keeps. Knows nothing about requests, sockets or training.
"""

from typing import Any, ClassVar, Never

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recognizer.append_only import AppendOnly, AppendOnlyModel, AppendOnlyQuerySet

REASON_LENGTH = 500
ONLY = 1  # the key of the one champion row


class VersionStatus(models.TextChoices):
    """Whether a version may be promoted."""

    REGISTERED = "registered"
    BROKEN = "broken"


class PromotionKind(models.TextChoices):
    """How a version became champion."""

    INITIAL = "initial"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


class ModelVersion(models.Model):
    """A version folder that was made known; the files are elsewhere, their digests are here."""

    number = models.PositiveIntegerField(primary_key=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    folder = models.CharField(max_length=100, unique=True)
    sha256 = models.CharField(max_length=64)  # of card.json, which names the other digests
    model_sha256 = models.CharField(max_length=64)
    status = models.CharField(
        max_length=10, choices=VersionStatus, default=VersionStatus.REGISTERED
    )
    metrics = models.JSONField(default=dict, blank=True)
    manifest = models.JSONField(default=dict, blank=True)  # what it was made from
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "model version"
        default_permissions = ("view",)
        permissions: ClassVar = [("promote_modelversion", "Can promote versions and roll back")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(
                condition=Q(status__in=VersionStatus.values), name="version_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new version; of an old one, only whether it is broken."""
        if not self._state.adding and set(kwargs.get("update_fields") or ("all",)) != {"status"}:
            raise AppendOnly("model versions are never changed, beside their status")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        """Refuse: the ledger names it."""
        raise AppendOnly("model versions are never deleted")


class PromotionQuerySet(AppendOnlyQuerySet["Promotion"]):
    """Lines of the ledger."""


class Promotion(AppendOnlyModel):
    """One line of the ledger: from then on, another version was champion."""

    from_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    kind = models.CharField(max_length=8, choices=PromotionKind)
    # None: the machine, after its gate. Whoever promoted is deactivated, never deleted.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)  # as it was then
    run = models.PositiveIntegerField(null=True, blank=True)  # the training run, if there was one
    reason = models.CharField(max_length=REASON_LENGTH)
    override = models.BooleanField(default=False)  # against the gate
    created = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.kind} {self.to_version_id}"


class SplitOpeningQuerySet(AppendOnlyQuerySet["SplitOpening"]):
    """Openings, which nobody takes back."""


class SplitOpening(AppendOnlyModel):
    """A look at a test set that each version is measured on once, and what was seen."""

    split = models.CharField(max_length=40)
    split_sha256 = models.CharField(max_length=64)  # of its images and labels
    model_sha256 = models.CharField(max_length=64)  # the network: a copy of it is no other version
    version = models.PositiveIntegerField()  # the number on its card
    again = models.BooleanField(default=False)  # it had been opened before, and somebody insisted
    by = models.CharField(max_length=150)
    result = models.JSONField()
    created = models.DateTimeField(default=timezone.now)

    objects = SplitOpeningQuerySet.as_manager()

    class Meta:
        verbose_name = "look at a test set"
        verbose_name_plural = "looks at test sets"
        default_permissions = ("view",)
        constraints: ClassVar = [
            # Of two who look for the first time at once, one is told of the other.
            models.UniqueConstraint(
                fields=["split", "model_sha256"],
                condition=Q(again=False),
                name="split_opened_first_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.split} with version {self.version}"


class Champion(models.Model):
    """The one row that says which version answers; moved by compare-and-set alone."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="+")
    last_number = models.PositiveIntegerField()  # the largest that was given to a version to be

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=ONLY), name="champion_is_one"),
        ]

    def __str__(self) -> str:
        return f"version {self.version_id}"


class ServingProcess(models.Model):
    """What one web process said last about itself."""

    process = models.CharField(primary_key=True, max_length=200)  # host:pid:start
    version = models.PositiveIntegerField(null=True, blank=True)  # None: it serves none
    loaded_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(db_index=True)  # by the database's clock
    refused = models.PositiveIntegerField(null=True, blank=True)  # the version that it cannot load
    problem = models.CharField(max_length=500, blank=True)  # and why

    class Meta:
        verbose_name_plural = "serving processes"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.process
