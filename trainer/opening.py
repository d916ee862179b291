"""When a run is due, and opening it: one at a time, never twice for the same lesson.

Knows what is approved and what the champion has learned; nothing about how anything is learned.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F

from feedback import lessons
from recognizer import registry
from recognizer.models import Champion, ModelVersion
from trainer import lesson, reasons
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
_NOT_REFUSED = "run {} is not one that the gate refused"
# What the gate goes by, beside its code: with other limits a refusal may be none.
_LIMITS = ("GATE_SUBMITTER_PERCENT", "GATE_CLASS_PERCENT", "GATE_IMPLAUSIBLE_PERCENT")


def open_due() -> TrainingRun | None:
    """Open a run if enough was approved, or something has waited long enough.

    Where nothing is approved any more, the anchor becomes champion again without a run.
    """
    if TrainingRun.objects.filter(status__in=OPEN).exists():
        return None
    champion = registry.champion()
    if reasons.stopped_by(champion.promotion):
        return None
    difference = lessons.unlearned(champion.version_id)
    trigger = reasons.trigger_of(difference.added + difference.removed, difference.oldest)
    if trigger is None:
        return None
    entries = lesson.approved_entries()
    if not entries:
        _forget_all(champion.version_id)
        return None
    try:
        return _open(entries, trigger, None, champion, again=False)
    except reasons.NotOpened:
        return None


def open_now(
    actor: User | None = None, challengers: int | None = None, *, anew: bool = False
) -> TrainingRun:
    """Open a run by hand, also for a lesson that was refused before.

    Args:
        actor: who asks; None: the machine's owner.
        challengers: how many to build; None: as the settings say.
        anew: also where the champion has nothing to learn and nothing to forget.

    Raises:
        NotOpened: one is open already, there is nothing to learn, or so many challengers make no
            sense.
        PermissionDenied: the actor may not.
    """
    if actor is not None and not actor.has_perm(PERMISSION):
        raise PermissionDenied("starting a run needs the permission to start training runs")
    if challengers is not None and not 1 <= challengers <= MOST_CHALLENGERS:
        raise reasons.NotOpened(
            f"a run has from 1 to {MOST_CHALLENGERS} challengers, not {challengers}"
        )
    entries = lesson.approved_entries()
    if not entries:
        raise reasons.NotOpened(
            "no correction is approved, so there is nothing to learn: approve one first"
        )
    champion = registry.champion()
    if not anew:
        reasons.require_something_new(champion.version_id)
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
        raise reasons.NotOpened(f"run {run.pk} has ended already")


def close(run: TrainingRun, status: RunStatus, problem: str) -> bool:
    """End a run that makes no version and let its corrections wait; say whether this call did."""
    with transaction.atomic():
        closed = run.end(status, problem)
        if closed:
            run.say(f"{status}: {problem}")
            lessons.end(run.pk, run.ids, f"{status}: {problem}")
    return closed


def obstacle(run: TrainingRun) -> str:
    """Return why the gate cannot be overridden for a run, "" where it can."""
    if not TrainingRun.objects.filter(pk=run.pk, status=RunStatus.REJECTED).exists():
        return _NOT_REFUSED.format(run.pk)
    if not run.challengers.exclude(weights=None).exists():
        return (
            f"run {run.pk} has no weights any more, as a later run was judged: start a run by hand "
            "instead"
        )
    other = TrainingRun.objects.filter(status__in=OPEN).first()
    return f"run {other.pk} is open: cancel it first, or judge what it comes to" if other else ""


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
        raise reasons.NotOpened("a reason is needed: it is kept in the ledger")
    if why_not := obstacle(run):
        raise reasons.NotOpened(why_not)
    try:
        with transaction.atomic():
            reopened = TrainingRun.objects.filter(pk=run.pk, status=RunStatus.REJECTED).update(
                status=RunStatus.RUNNING,
                attempts=0,
                override_by=actor,
                override_reason=reason.strip()[:500],
                override_promotion=registry.champion().promotion_id,
                refused=F("finished"),
                finished=None,
            )
            if not reopened:
                raise reasons.NotOpened(_NOT_REFUSED.format(run.pk))
            run.say(f"the gate is overridden by {actor.get_username()}: {reason.strip()}")
            note(run.pk, RunStatus.RUNNING, override=True)
            lessons.begin(run.pk, run.ids)
    except IntegrityError:
        raise reasons.NotOpened("another run has just been opened") from None


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
        reasons.refuse_the_same(identity, champion.version_id)
    difference = lessons.unlearned(champion.version_id)
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                created=reasons.now(),  # the schedule goes by it, whoever's clock is wrong
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
        raise reasons.NotOpened("a run is open already: wait until it has ended") from None
    return run


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
