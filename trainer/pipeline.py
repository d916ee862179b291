"""The story of a run: open → claim → build challengers → judge → publish → promote.

`kick` and `work` may be called any number of times, from anywhere, at once: what they do is claimed
in the database first. Torch is imported where the work begins, so that whoever only kicks stays
small. Knows nothing about Celery.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from feedback import lessons
from recognizer import publishing, registry
from recognizer.checkpoints import CARD
from trainer import lesson, opening, preparing, signs
from trainer.leases import Lease, held
from trainer.models import (
    ATTEMPTS,
    OPEN,
    Challenger,
    LeaseLost,
    RunStatus,
    TrainingRun,
    claim_challenger,
    claim_judging,
    hopeless,
    note,
    open_units,
)
from trainer.owners import new_owner

if TYPE_CHECKING:  # torch
    from trainer.workshop import Candidate

logger = logging.getLogger(__name__)

Interruptions = tuple[type[BaseException], ...]

_REPORT_EVERY = 5  # steps between two notes of the progress
# A full disk, a database that restarts: no fault of the work, and usually soon over.
_PASSING = (DatabaseError, OSError, MemoryError)
_PAUSE = timedelta(seconds=5)  # after the first of these; after the second, twice as much
_AT_ONCE = timedelta(seconds=-1)


def kick() -> int:
    """Look what there is to do, and open a run if one is due; return how many units are open.

    Where none is, preparing for the next run may be one.
    """
    signs.leave()
    champion = registry.champion().version_id
    lessons.follow(champion)
    lessons.note_everywhere()
    _give_up()
    opening.open_due()
    return open_units() or int(preparing.due())


def work(interruptions: Interruptions = ()) -> bool:
    """Claim one unit of work and do it; return whether there was one.

    Every line that is logged meanwhile, also by others' code, names the run.

    Args:
        interruptions: exceptions that say nothing about the work itself, such as a time limit.
            They pass through; the lease runs out, and the unit is tried again.
    """
    owner = new_owner()
    challenger = claim_challenger(owner)
    if challenger is not None:
        unit = _Unit(challenger.run, challenger.attempts, _building(challenger, owner))
        with structlog.contextvars.bound_contextvars(run=challenger.run_id):
            _guarded(unit, lambda: build(challenger, owner), interruptions)
        return True
    run = claim_judging(owner)
    if run is not None:
        unit = _Unit(run, run.attempts, _judging(run, owner))
        with structlog.contextvars.bound_contextvars(run=run.pk):
            _guarded(unit, lambda: judge(run, owner), interruptions)
        return True
    if preparing.due():
        preparing.prepare()
        return True
    return False


def build(challenger: Challenger, owner: str) -> None:
    """Fine-tune one challenger and keep its weights for the judging.

    Raises:
        LeaseLost: somebody else is at it.
        Changed: what it was to learn is not approved any more.
    """
    mine = _building(challenger, owner)
    run = challenger.run
    with held(mine) as lease:
        # Loading torch takes a busy machine longer than anything else before the first step.
        from trainer import workshop  # noqa: PLC0415

        run.say(f"challenger {challenger.index}: attempt {challenger.attempts}")

        def report(step: int, steps: int, loss: float) -> None:
            lease.check()
            if step % _REPORT_EVERY == 0 or step == steps:
                _require(mine.update(step=step, steps=steps, loss=loss))

        try:
            weights = workshop.build(run, challenger.index, report)
        except FloatingPointError as error:
            _leave_out(challenger, mine, error)
            return
        lease.check()
    _require(mine.update(weights=weights, done=True, owner="", lease_until=None))
    run.say(f"challenger {challenger.index}: built")


def judge(run: TrainingRun, owner: str) -> None:
    """Let the gate judge the best challenger, and promote it if it passes.

    Raises:
        LeaseLost: somebody else is at it.
        Changed: what it has learned is not approved any more.
    """
    mine = _judging(run, owner)
    with held(mine) as lease:
        from trainer import workshop  # noqa: PLC0415 - torch

        candidate = workshop.judge(run, lease.check)
        lease.check()
        run.say(candidate.summary)
        _require(mine.update(report=candidate.report, metrics=candidate.metrics))
        if not (candidate.passed or run.override_by):
            _refuse(run, mine, candidate)
            return
        promote(run, _publish(run, candidate, lease), owner)
    # Neither this run's nor an earlier refusal's: with another champion nobody can promote that.
    Challenger.objects.filter(run__lte=run).update(weights=None)


def promote(run: TrainingRun, version: int, owner: str) -> None:
    """Make a run's version champion: one short transaction, or nothing of it.

    What the version has learned is noted before, and people are told after it: thousands of rows
    would keep everybody else from writing. If that is cut short, the next kick tells them.

    Raises:
        LeaseLost: the run is somebody else's, or has ended.
        Changed: a correction in it is not approved any more.
        LostRace: somebody chose a champion meanwhile, be it the same one again.
    """
    lessons.teach(version, [(UUID(entry[0]), entry[1]) for entry in run.corrections])
    with transaction.atomic():
        _require(
            _judging(run, owner).update(
                status=RunStatus.PROMOTED,
                version=version,
                finished=Now(),
                owner="",
                lease_until=None,
            )
        )
        if not lesson.still_approved(run.corrections):
            raise lesson.Changed("a correction was revoked or relabelled meanwhile")
        registry.promote(
            version,
            actor=run.override_by,
            run=run.pk,
            reason=run.override_reason or f"run {run.pk} passed the gate",
            expected=run.base_version,
            # Whoever overrides the gate knows what was champion when they did.
            since=run.override_promotion if run.override_by else run.base_promotion or None,
            override=run.override_by is not None,
        )
        run.say(f"version {version} is champion")
        note(run.pk, RunStatus.PROMOTED, version=version)
    lessons.follow(version)


def _publish(run: TrainingRun, candidate: "Candidate", lease: Lease) -> int:
    number = registry.reserve_number()
    files = candidate.files(number, datetime.now(UTC).date())
    lease.check()
    folder = publishing.publish(files, number)
    registry.register(
        number,
        folder,
        publishing.sha256_of(files[CARD]),
        candidate.manifest,
        candidate.metrics,
        parent=candidate.anchor,
    )
    run.say(f"published as version {number}")
    return number


def _refuse(run: TrainingRun, mine: "QuerySet[TrainingRun]", candidate: "Candidate") -> None:
    """End a run that the gate refused; its weights stay until the next run, for an override."""
    with transaction.atomic():
        _require(
            mine.update(
                status=RunStatus.REJECTED,
                problem=candidate.why_not[:500],
                finished=Now(),
                owner="",
                lease_until=None,
            )
        )
        lessons.end(run.pk, run.ids, f"refused by the gate: {candidate.why_not}")
        note(run.pk, RunStatus.REJECTED, problem=candidate.why_not)
    Challenger.objects.filter(run__lt=run).update(weights=None)


@dataclass(frozen=True)
class _Unit:
    """A unit of work that was claimed."""

    run: TrainingRun
    attempt: int
    mine: "QuerySet[Any]"  # its row, for as long as the claim holds

    def release(self, after: timedelta, **changes: Any) -> bool:
        """Let others claim it after a while; say whether it was ours."""
        _drop_broken_connections()
        try:
            return bool(self.mine.update(lease_until=Now() + after, **changes))
        except DatabaseError:  # the lease runs out by itself
            return False


def _building(challenger: Challenger, owner: str) -> "QuerySet[Challenger]":
    return Challenger.objects.filter(pk=challenger.pk, owner=owner, done=False)


def _judging(run: TrainingRun, owner: str) -> "QuerySet[TrainingRun]":
    return TrainingRun.objects.filter(pk=run.pk, owner=owner, status=RunStatus.GATING)


def _guarded(unit: _Unit, do: Callable[[], None], interruptions: Interruptions) -> None:
    """Do a unit of work; what goes wrong with it ends its run, not its worker."""
    run = unit.run
    try:
        do()
    except (SystemExit, KeyboardInterrupt):
        # The worker is stopped, for which the work can do nothing.
        unit.release(_AT_ONCE, attempts=F("attempts") - 1)
        raise
    except interruptions:
        run.say("interrupted: it took too long")
        raise
    except LeaseLost as error:
        logger.warning("%s: %s", run, error)
    except (lesson.Changed, registry.LostRace) as error:
        opening.close(run, RunStatus.SUPERSEDED, str(error))
    except _PASSING as error:
        logger.exception("%s was interrupted", run)
        _try_again(unit, error)
    except Exception as error:
        logger.exception("%s has failed", run)
        opening.close(run, RunStatus.FAILED, f"{type(error).__name__}: {error}")


def _try_again(unit: _Unit, error: Exception) -> None:
    """Leave a unit to another attempt a little later; the last one ends its run."""
    said = f"{type(error).__name__}: {error}"
    if unit.attempt >= ATTEMPTS:
        _drop_broken_connections()
        opening.close(unit.run, RunStatus.FAILED, said)
    elif unit.release(unit.attempt * _PAUSE):
        unit.run.say(f"attempt {unit.attempt} of {ATTEMPTS} was cut short. {said}")


def _leave_out(
    challenger: Challenger, mine: "QuerySet[Challenger]", error: FloatingPointError
) -> None:
    """Go on without a challenger that came to nothing.

    Raises:
        FloatingPointError: it was the last one that the run had.
    """
    _require(mine.update(done=True, owner="", lease_until=None))
    challenger.run.say(f"challenger {challenger.index} is left out: {error}")
    if not challenger.run.challengers.exclude(done=True, weights=None).exists():
        raise error


def _give_up() -> None:
    """End the open run if it took its workers with it, or has nothing for them to do."""
    run = TrainingRun.objects.filter(status__in=OPEN).first()
    if run is None:
        return
    with transaction.atomic():
        why = hopeless(run)
        if why:
            opening.close(run, RunStatus.QUARANTINED, why)


def _require(count: int) -> None:
    if not count:
        raise LeaseLost("somebody else took this work over, or its run has ended")


def _drop_broken_connections() -> None:
    """Let the next query connect anew; one that broke would fail for ever."""
    if not transaction.get_connection().in_atomic_block:
        close_old_connections()
