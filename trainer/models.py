"""Training runs and their challengers: what is asked for, who is at it, what came out.

A unit of work (one challenger, or the judging of a run) is claimed by a conditional update and
held by a lease on the database's clock; whoever lost the lease can write nothing any more. Knows
nothing about torch, Celery or the gate's rules.
"""

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

ATTEMPTS: Final = 3
MOST_CHALLENGERS: Final = 16

log = structlog.get_logger(__name__)


class RunStatus(models.TextChoices):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    GATING = "gating", "Being judged"
    PROMOTED = "promoted"
    REJECTED = "rejected"  # by the gate
    SUPERSEDED = "superseded"  # what it was to learn, or the champion, changed meanwhile
    CANCELLED = "cancelled"  # by a person
    FAILED = "failed"
    QUARANTINED = "quarantined"  # no worker could bring it to its end


OPEN: Final = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.GATING)
ENDED: Final = tuple(status for status in RunStatus if status not in OPEN)


class Trigger(models.TextChoices):
    """Why a run was opened."""

    APPROVALS = "approvals", "Enough was approved"
    AGE = "age", "An approval had waited long enough"
    SCHEDULE = "schedule", "It was time by the schedule"
    MANUAL = "manual", "Started by hand"


class TrainingRun(models.Model):
    """One attempt to learn from all approved corrections."""

    status = models.CharField(max_length=11, choices=RunStatus, default=RunStatus.QUEUED)
    trigger = models.CharField(max_length=9, choices=Trigger)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    base_version = models.PositiveIntegerField()  # the champion that it wants to replace
    base_promotion = models.PositiveIntegerField(default=0)  # the line of the ledger for it
    config = models.JSONField(default=list)  # the settings of each challenger, in full
    corrections = models.JSONField(default=list)  # [id, label, digest] of each, in order of ids
    lesson = models.CharField(max_length=64, db_index=True)  # SHA-256 of what decides the outcome
    added = models.PositiveIntegerField(default=0)  # corrections that the champion has not learned
    removed = models.PositiveIntegerField(default=0)  # and those that it should not have

    # The judging is one unit of work; the challengers are the others.
    attempts = models.PositiveSmallIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    report = models.JSONField(null=True, blank=True)  # of the gate
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    override_reason = models.CharField(max_length=500, blank=True)  # promote it all the same
    override_promotion = models.PositiveIntegerField(null=True)  # the ledger's last line then
    refused = models.DateTimeField(null=True, blank=True)  # when, where that was overridden since
    metrics = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(null=True, blank=True)  # the one that it made
    created = models.DateTimeField(default=timezone.now, db_index=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [("start_trainingrun", "Can start training runs")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values), name="run_status_is_known"
            ),
            # Single-flight: whoever opens a second one is refused by the database.
            models.UniqueConstraint(
                models.Value(1), condition=Q(status__in=OPEN), name="run_one_is_open"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it can still promote."""
        return self.status in OPEN

    @property
    def ids(self) -> list[UUID]:
        """The corrections that it learns from."""
        return [UUID(entry[0]) for entry in self.corrections]

    def say(self, text: str) -> None:
        """Add a line to the log."""
        RunLine.objects.create(run=self, text=text[:500])

    def end(self, status: RunStatus, problem: str = "", **changes: Any) -> bool:
        """Leave the open states; return whether this call did it.

        Whoever is still building for it loses the claim, and what was built is let go.
        """
        with transaction.atomic():
            moved = TrainingRun.objects.filter(pk=self.pk, status__in=OPEN).update(
                status=status,
                problem=problem[:500],
                finished=Now(),
                owner="",
                lease_until=None,
                **changes,
            )
            if moved:
                self.challengers.update(owner="", lease_until=None, weights=None)
                note(self.pk, status, problem=problem)
        return bool(moved)


def note(run: int, status: RunStatus, **facts: Any) -> None:
    """Log that a run has come so far, once the transaction that brought it there is committed."""
    transaction.on_commit(partial(log.info, "training run", run=run, status=str(status), **facts))


class RunLine(models.Model):
    """A line of a run's log."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="lines")
    text = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text


class WorkQuerySet(models.QuerySet["Challenger"]):
    """Challengers that somebody has to build."""

    def unclaimed(self) -> Self:
        """Return those that nobody is at, or whose worker fell silent.

        The run is asked for by a subquery, never by a join: Django would make of it an update of
        the rows that an inner query has found, and PostgreSQL does not ask that one again after
        it has waited for somebody else's claim.
        """
        learning = TrainingRun.objects.filter(
            pk=models.OuterRef("run"), status__in=(RunStatus.QUEUED, RunStatus.RUNNING)
        )
        return self.filter(models.Exists(learning), done=False).filter(
            Q(owner="") | Q(lease_until__lt=Now())
        )


class Challenger(models.Model):
    """One network of a run, built by whichever worker claims it."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="challengers")
    index = models.PositiveSmallIntegerField()  # which variation of the configuration it tries
    done = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True, blank=True)
    # Here and not on a disk: the worker that judges may be on another machine. Gone with the run.
    weights = models.BinaryField(null=True, blank=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "index"], name="challenger_once_in_a_run"),
        ]

    def __str__(self) -> str:
        return f"challenger {self.index} of run {self.run_id}"


class Worker(models.Model):
    """A machine whose workers were heard of; `signs.py` keeps it."""

    name = models.CharField(primary_key=True, max_length=100)
    seen_at = models.DateTimeField()  # by the database's clock

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class LeaseLost(Exception):
    """Somebody else is at it by now: nothing more may be written."""


def lease_end() -> Combinable:
    """Return until when a claim or a renewal made now holds, on the database's clock."""
    return Now() + timedelta(seconds=settings.TRAIN_LEASE_SECONDS)


def claim_challenger(owner: str) -> Challenger | None:
    """Take a challenger that nobody is at."""
    free = Challenger.objects.unclaimed().filter(attempts__lt=ATTEMPTS)
    for pk, run in free.order_by("run", "index").values_list("pk", "run"):
        taken = (
            Challenger.objects.unclaimed()
            .filter(pk=pk, attempts__lt=ATTEMPTS)
            .update(owner=owner, attempts=F("attempts") + 1, lease_until=lease_end(), step=0)
        )
        if taken:
            begun = TrainingRun.objects.filter(pk=run, status=RunStatus.QUEUED).update(
                status=RunStatus.RUNNING, started=Now()
            )
            if begun:
                note(run, RunStatus.RUNNING)
            return Challenger.objects.select_related("run").get(pk=pk)
    return None


def judgeable() -> "models.QuerySet[TrainingRun]":
    """Return runs whose challengers are all built and which nobody is judging."""
    return (
        TrainingRun.objects.filter(
            Q(status=RunStatus.RUNNING) | Q(status=RunStatus.GATING, lease_until__lt=Now())
        )
        .filter(~models.Exists(Challenger.objects.filter(run=models.OuterRef("pk"), done=False)))
        .filter(models.Exists(Challenger.objects.filter(run=models.OuterRef("pk"))))
    )


def claim_judging(owner: str) -> TrainingRun | None:
    """Take a run that has to be judged."""
    for pk in judgeable().filter(attempts__lt=ATTEMPTS).values_list("pk", flat=True):
        taken = (
            judgeable()
            .filter(pk=pk, attempts__lt=ATTEMPTS)
            .update(
                status=RunStatus.GATING,
                owner=owner,
                attempts=F("attempts") + 1,
                lease_until=lease_end(),
            )
        )
        if taken:
            claimed = TrainingRun.objects.select_related("override_by").get(pk=pk)
            note(pk, RunStatus.GATING, attempt=claimed.attempts)
            return claimed
    return None


def hopeless(run: TrainingRun) -> str:
    """Return why no worker can bring an open run to its end; empty where one can.

    Locks what it judges by, so that a worker that claims it at this moment keeps it.
    """
    if not run.challengers.exists():
        return "it has no challengers"
    units: tuple[tuple[models.QuerySet[Any], str], ...] = (
        (Challenger.objects.unclaimed().filter(run=run), "training"),
        (judgeable().filter(pk=run.pk), "judging"),
    )
    for rows, doing in units:
        worn_out = rows.filter(attempts__gte=ATTEMPTS).select_for_update(of=("self",))
        if worn_out.values_list("pk").first():
            return f"its worker was lost {ATTEMPTS} times while {doing}"
    return ""


def open_units() -> int:
    """Return how many units of work wait for a worker."""
    return Challenger.objects.unclaimed().count() + judgeable().count()
