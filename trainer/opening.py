"""When a run is due, and opening it: one at a time, never twice for the same lesson.

Knows what is approved and what the champion has learned; nothing about how anything is learned.
"""

from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from feedback import lessons
from recognizer import registry
from recognizer.models import Champion, ModelVersion, Promotion, PromotionKind
from trainer import lesson
from trainer.finetuning import settings_for
from trainer.models import (
    MOST_CHALLENGERS,
    OPEN,
    Challenger,
    RunStatus,
    TrainingRun,
    Trigger,
    note,
)

PERMISSION = "trainer.start_trainingrun"
_SETTLED = (RunStatus.REJECTED, RunStatus.CANCELLED)  # would come about again for the same lesson
_RETRIED = (RunStatus.FAILED, RunStatus.QUARANTINED)  # the machine's fault, perhaps
# Before the same is tried again by itself; twice as long after each further failure.
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=6)
_REMEMBERED = 12  # failures; by then the longest pause is reached
# What the gate goes by, beside its code: with other limits a refusal may be none.
_LIMITS = ("GATE_SUBMITTER_PERCENT", "GATE_CLASS_PERCENT", "GATE_IMPLAUSIBLE_PERCENT")


class NotOpened(Exception):
    """A run that was asked for and not opened; the text says why."""


def open_due() -> TrainingRun | None:
    """Open a run if enough was approved, or something has waited long enough.

    Where nothing is approved any more, the anchor becomes champion again without a run.
    """
    if TrainingRun.objects.filter(status__in=OPEN).exists():
        return None
    champion = registry.champion()
    if _stopped_by(champion.promotion):
        return None
    difference = lessons.unlearned(champion.version_id)
    trigger = _trigger(difference.added + difference.removed, difference.oldest)
    if trigger is None:
        return None
    entries = lesson.approved_entries()
    if not entries:
        _forget_all(champion.version_id)
        return None
    try:
        return _open(entries, trigger, None, champion, again=False)
    except NotOpened:
        return None


def open_now(actor: User | None = None, challengers: int | None = None) -> TrainingRun:
    """Open a run by hand, also for a lesson that was refused before.

    Raises:
        NotOpened: one is open already, nothing is approved, or so many challengers make no sense.
        PermissionDenied: the actor may not.
    """
    if actor is not None and not actor.has_perm(PERMISSION):
        raise PermissionDenied("starting a run needs the permission to start training runs")
    if challengers is not None and not 1 <= challengers <= MOST_CHALLENGERS:
        raise NotOpened(f"a run has from 1 to {MOST_CHALLENGERS} challengers, not {challengers}")
    entries = lesson.approved_entries()
    if not entries:
        raise NotOpened("no correction is approved, so there is nothing to learn")
    champion = registry.champion()
    return _open(entries, Trigger.MANUAL, actor, champion, again=True, challengers=challengers)


def cancel(run: TrainingRun, actor: User, reason: str = "") -> None:
    """End an open run; what it was to learn is not tried again by itself until it changes.

    Raises:
        NotOpened: it has ended already.
        PermissionDenied: the actor may not.
    """
    if not actor.has_perm(PERMISSION):
        raise PermissionDenied("cancelling a run needs the permission to start training runs")
    said = f": {reason.strip()}" if reason.strip() else ""
    if not close(run, RunStatus.CANCELLED, f"by {actor.get_username()}{said}"):
        raise NotOpened(f"run {run.pk} has ended already")


def close(run: TrainingRun, status: RunStatus, problem: str) -> bool:
    """End a run that makes no version and let its corrections wait; say whether this call did."""
    with transaction.atomic():
        closed = run.end(status, problem)
        if closed:
            run.say(f"{status}: {problem}")
            lessons.end(run.pk, run.ids, f"{status}: {problem}")
    return closed


def paused() -> str:
    """Return why nothing is learned by itself, as a sentence; empty where it is."""
    line = registry.champion().promotion
    if not _stopped_by(line):
        return ""
    did = "rolled back to" if line.kind == PromotionKind.ROLLBACK else "promoted"
    return (
        f"{line.actor_name or 'somebody'} {did} version {line.to_version_id} ({line.reason}); "
        "it goes on when somebody starts a run"
    )


def override(run: TrainingRun, actor: User, reason: str) -> None:
    """Ask that what the gate refused be promoted, on somebody's responsibility.

    A worker judges it once more and promotes it whatever the gate says, unless the champion or
    what it has learned is another by then, or somebody has chosen the champion anew.

    Raises:
        NotOpened: the run was not refused, its weights are gone, or another run is open.
        PermissionDenied: the actor may not promote.
    """
    if not actor.has_perm(registry.PERMISSION):
        raise PermissionDenied("overriding the gate needs the permission to promote versions")
    if not reason.strip():
        raise NotOpened("a reason is needed: it is kept in the ledger")
    if not run.challengers.exclude(weights=None).exists():
        raise NotOpened(f"run {run.pk} has no weights any more: start a run by hand instead")
    try:
        with transaction.atomic():
            reopened = TrainingRun.objects.filter(pk=run.pk, status=RunStatus.REJECTED).update(
                status=RunStatus.RUNNING,
                attempts=0,
                override_by=actor,
                override_reason=reason.strip()[:500],
                override_promotion=registry.champion().promotion_id,
                finished=None,
            )
            if not reopened:
                raise NotOpened(f"run {run.pk} is not one that the gate refused")
            run.say(f"the gate is overridden by {actor.get_username()}: {reason.strip()}")
            note(run.pk, RunStatus.RUNNING, override=True)
            lessons.begin(run.pk, run.ids)
    except IntegrityError:
        raise NotOpened("a run is open already: wait until it has ended") from None


def _stopped_by(line: Promotion) -> bool:
    """Say whether this line of the ledger stops learning by itself.

    Whoever rolls back, or promotes a version that no run puts forward, does not want back what they
    replaced: the same corrections would bring it back within seconds. Adopting a new anchor is
    different: all that was learned is to be learned again on top of it.
    """
    if line.run is not None or (line.kind != PromotionKind.ROLLBACK and line.actor_id is None):
        return False
    before = Promotion.objects.filter(to_version=line.to_version_id, pk__lt=line.pk)
    if line.to_version.parent_id is None and not before.exists():
        return False
    started = TrainingRun.objects.filter(trigger=Trigger.MANUAL, base_promotion=line.pk)
    return not started.exclude(status=RunStatus.CANCELLED).exists()


def _trigger(waiting: int, oldest: datetime | None) -> Trigger | None:
    if not waiting:
        return None
    if settings.TRAIN_EVERY_HOURS:
        last = TrainingRun.objects.order_by("-created").values_list("created", flat=True).first()
        pause = timedelta(hours=settings.TRAIN_EVERY_HOURS)
        return Trigger.SCHEDULE if last is None or timezone.now() - last >= pause else None
    if waiting >= settings.TRAIN_AFTER_APPROVALS:
        return Trigger.APPROVALS
    age = timezone.now() - oldest if oldest else timedelta.max
    return Trigger.AGE if age >= timedelta(seconds=settings.TRAIN_AFTER_SECONDS) else None


def _open(
    entries: list[lesson.Entry],
    trigger: Trigger,
    actor: User | None,
    champion: Champion,
    *,
    again: bool,
    challengers: int | None = None,
) -> TrainingRun:
    count = settings.TRAIN_CHALLENGERS if challengers is None else challengers
    config = settings_for(settings.TRAIN_CONFIG, count)
    limits = {name: getattr(settings, name) for name in _LIMITS}
    identity = lesson.identity(entries, config, limits)
    if not again:
        _refuse_the_same(identity, champion.version_id)
    difference = lessons.unlearned(champion.version_id)
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                trigger=trigger,
                actor=actor,
                base_version=champion.version_id,
                base_promotion=champion.promotion_id,
                config=config,
                corrections=entries,
                lesson=identity,
                added=difference.added,
                removed=difference.removed,
            )
            Challenger.objects.bulk_create(
                Challenger(run=run, index=index) for index in range(count)
            )
            run.say(f"opened: {len(entries)} corrections, {run.added} new, {run.removed} gone")
            note(
                run.pk,
                RunStatus.QUEUED,
                trigger=str(trigger),
                base_version=run.base_version,
                learns_from=len(entries),
                added=run.added,
                removed=run.removed,
            )
            lessons.begin(run.pk, run.ids)
    except IntegrityError:
        raise NotOpened("a run is open already: wait until it has ended") from None
    return run


def _refuse_the_same(identity: str, champion: int) -> None:
    """Let a lesson be that was tried before against the same champion.

    What the machine may have been to blame for is tried again, after ever longer pauses: whatever
    was wrong heals by itself, and what kills its workers does not keep them from anything else.

    Raises:
        NotOpened: it is to be let be.
    """
    ended = TrainingRun.objects.exclude(status__in=OPEN).order_by("-pk")
    latest = ended.only("status", "lesson", "base_version")[:_REMEMBERED]
    same = list(
        takewhile(lambda run: (run.lesson, run.base_version) == (identity, champion), latest)
    )
    if not same:
        return
    last, failures = same[0], sum(1 for _ in takewhile(lambda run: run.status in _RETRIED, same))
    pause = min(_SHORTEST * 2 ** max(0, failures - 1), _LONGEST)
    rested = failures > 0 and ended.filter(pk=last.pk, finished__lte=Now() - pause).exists()
    if last.status in _SETTLED or (failures and not rested):
        raise NotOpened(f"run {last.pk} has tried the same and was {last.status}")


def _forget_all(champion: int) -> None:
    # Its own: an update may have brought a newer one that nobody has promoted.
    anchor = ModelVersion.objects.select_related("parent").get(pk=champion).parent
    if anchor is None:
        return
    with transaction.atomic():
        registry.promote(
            anchor.number, reason="no correction is approved any more", expected=champion
        )
        lessons.follow(anchor.number)
