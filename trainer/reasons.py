"""Why a run is opened and why not: paused, nothing new, tried before, too soon.

Asks rows; opens nothing. What it says is what people read in the admin and on the command line.
"""

from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db.models.functions import Now

from feedback import lessons
from recognizer import registry
from recognizer.models import Champion, Promotion, PromotionKind
from trainer.models import OPEN, RunStatus, TrainingRun, Trigger

_SETTLED = (RunStatus.REJECTED, RunStatus.CANCELLED)  # would come about again for the same lesson
_RETRIED = (RunStatus.FAILED, RunStatus.QUARANTINED)  # the machine's fault, perhaps
# Before the same is tried again by itself; twice as long after each further failure.
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=6)
_REMEMBERED = 12  # failures; by then the longest pause is reached


class NotOpened(Exception):
    """A run that was asked for and not opened; the text says why."""


class NothingNew(NotOpened):
    """What is approved is what the champion knows; only who insists has it learned once more."""


def paused() -> str:
    """Return why nothing is learned by itself, as a sentence; empty where it is."""
    line = registry.champion().promotion
    if not stopped_by(line):
        return ""
    did = "rolled back to" if line.kind == PromotionKind.ROLLBACK else "promoted"
    return (
        f"{line.actor_name or 'somebody'} {did} version {line.to_version_id} ({line.reason}); "
        "it goes on when somebody starts a run"
    )


def stopped_by(line: Promotion) -> bool:
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


def trigger_of(waiting: int, oldest: datetime | None) -> Trigger | None:
    """Return why a run is due that so many ask for, the oldest since then; None where it is not."""
    if not waiting:
        return None
    if settings.TRAIN_EVERY_HOURS:
        last = TrainingRun.objects.order_by("-created").values_list("created", flat=True).first()
        pause = timedelta(hours=settings.TRAIN_EVERY_HOURS)
        return Trigger.SCHEDULE if last is None or now() - last >= pause else None
    if waiting >= settings.TRAIN_AFTER_APPROVALS:
        return Trigger.APPROVALS
    age = now() - oldest if oldest else timedelta.max
    return Trigger.AGE if age >= timedelta(seconds=settings.TRAIN_AFTER_SECONDS) else None


def require_something_new(champion: int) -> None:
    """Refuse a version that would know what the champion knows.

    Raises:
        NothingNew: it has learned all that is approved, and nothing else.
    """
    if lessons.unlearned(champion):
        return
    raise NothingNew(
        f"version {champion} has learned all that is approved: approve or revoke a correction first"
    )


def refuse_the_same(identity: str, champion: int) -> None:
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


def now() -> datetime:
    """Return the database's time: a worker whose clock is slow must not wait for longer."""
    return Champion.objects.values_list(Now(), flat=True).get()
