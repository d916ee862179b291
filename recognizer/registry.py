"""Registering, promoting and rolling back: the only writer of versions, ledger and champion.

The champion moves by compare-and-set in one transaction with its line of the ledger, so of two who
act on the same champion one wins and the other is told. Knows nothing about requests, files beyond
`publishing.fetch`, or training.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from recognizer import notices, publishing
from recognizer.checkpoints import MODEL, CheckpointError, verify
from recognizer.models import (
    ONLY,
    REASON_LENGTH,
    Champion,
    ModelVersion,
    Promotion,
    PromotionKind,
    ServingProcess,
    VersionStatus,
)
from recognizer.predictor import Predictor

PERMISSION: Final = "recognizer.promote_modelversion"
SEEN_SECONDS: Final = 15  # a process that was silent for longer does not count

logger = structlog.get_logger(__name__)


class Refused(Exception):
    """A request that makes no sense as things are; the text says why."""


class LostRace(Refused):
    """The champion is not the one that the caller saw."""

    def __init__(self, expected: int, current: Champion) -> None:
        by = current.promotion.actor_name
        super().__init__(
            f"version {current.version_id} became champion "
            + ("again " if expected == current.version_id else "")
            + "meanwhile"
            + (f", by {by}" if by else "")
            + (f": you expected version {expected}" if expected != current.version_id else "")
        )
        self.expected = expected
        self.champion = current.version_id


def champion() -> Champion:
    """Return the champion, its version and its line of the ledger.

    Raises:
        Refused: there is none; the migrations make one.
    """
    rows = Champion.objects.select_related("version", "promotion").defer("version__manifest")
    row = rows.filter(pk=ONLY).first()
    if row is None:
        raise Refused("there is no champion: run `manage.py prepare`")
    return row


def reserve_number() -> int:
    """Return a version number that nobody else will ever get."""
    with transaction.atomic():
        if not Champion.objects.filter(pk=ONLY).update(last_number=F("last_number") + 1):
            raise Refused("there is no champion: run `manage.py prepare`")
        return Champion.objects.values_list("last_number", flat=True).get(pk=ONLY)


def register(
    number: int,
    folder: str,
    card_sha256: str,
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    *,
    parent: int | None = None,
) -> ModelVersion:
    """Make a published folder known; doing it twice changes nothing.

    Raises:
        Refused: the number is another version's.
        CheckpointError: the folder is not that version, or not whole.
    """
    card = verify(publishing.fetch(folder, card_sha256))
    if card.number != number:
        raise Refused(f"the card in {folder} is that of version {card.number}, not {number}")
    row, is_new = ModelVersion.objects.get_or_create(
        number=number,
        defaults={
            "parent_id": parent,
            "folder": folder,
            "sha256": card_sha256,
            "model_sha256": card.sha256[MODEL],
            "manifest": dict(manifest),
            "metrics": dict(metrics),
        },
    )
    if (row.folder, row.sha256) != (folder, card_sha256):
        raise Refused(f"version {number} is registered with other files")
    # A number that was chosen by hand must not be given away again.
    Champion.objects.filter(pk=ONLY, last_number__lt=number).update(last_number=number)
    if is_new:
        logger.info("version registered", version=number, sha256=card_sha256)
    return row


def mark_broken(number: int, actor: User | None = None) -> None:
    """Let a version never be promoted again, nor be rolled back to.

    A person does this: that processes refuse it may be the fault of a disk or of the store. Not of
    an anchor, to which a site goes back when nothing else is sound.

    Raises:
        Refused: there is no such version, or it is the champion or an anchor.
        PermissionDenied: the actor may not promote.
    """
    if actor is not None and not actor.has_perm(PERMISSION):
        raise PermissionDenied("marking a version needs the permission to promote versions")
    is_champion = Exists(Champion.objects.filter(version=OuterRef("pk")))
    rows = ModelVersion.objects.filter(~is_champion, pk=number, parent__isnull=False)
    if not rows.update(status=VersionStatus.BROKEN):
        row = ModelVersion.objects.filter(pk=number).first()
        if row is None:
            raise Refused(f"there is no version {number}")
        if row.parent_id is None:
            raise Refused(
                f"version {number} is an anchor, to which a site goes back when nothing else is "
                "sound: promote another version in its place"
            )
        raise Refused(f"version {number} is the champion: roll back first")
    logger.warning("version %d was marked as broken by %s", number, actor or "the machine")


def promote(
    number: int,
    *,
    actor: User | None = None,
    run: int | None = None,
    reason: str,
    expected: int,
    since: int | None = None,
    override: bool = False,
) -> Promotion:
    """Make a registered version the champion.

    Args:
        number: the version.
        actor: who does it; None for the machine.
        run: the training run behind it.
        reason: kept in the ledger.
        expected: the champion that the decision was based on.
        since: the line of the ledger for it: whoever went away from that champion and came back
            to it meanwhile has decided, too. None: that it is champion is enough.
        override: whether it is against the gate.

    Raises:
        LostRace: another version is champion by now, or the same one since another line.
        Refused: there is no such version, or it cannot be served, or it is champion already.
        PermissionDenied: the actor may not promote.
    """
    return _move(
        number,
        PromotionKind.PROMOTE,
        actor,
        reason,
        expected,
        since=since,
        run=run,
        override=override,
    )


def rollback(
    actor: User | None, reason: str, to: int | None = None, expected: int | None = None
) -> Promotion:
    """Make an earlier champion the champion again: by default the one before this.

    Raises:
        As `promote`; and a newer version, unless it is the one before this, is no earlier champion.
    """
    current = champion().version_id
    if to is None:
        to = previous()
        if to is None:
            raise Refused(f"there is no version before version {current} to roll back to")
    elif not was_champion(to):
        raise Refused(f"version {to} was never champion, so it can only be promoted")
    elif to > current and to != previous():
        raise Refused(
            f"version {to} is newer than version {current}, the champion, so it can only be "
            f"promoted: `manage.py promote {to}`"
        )
    seen = current if expected is None else expected
    return _move(to, PromotionKind.ROLLBACK, actor, reason, seen)


def was_champion(number: int) -> bool:
    """Say whether a version has ever been champion."""
    return Promotion.objects.filter(to_version=number).exists()


def previous() -> int | None:
    """Return the version that a rollback leads to: rolling back twice goes back two steps."""
    stack: list[int] = []
    for number, kind in Promotion.objects.order_by("pk").values_list("to_version", "kind"):
        if kind == PromotionKind.ROLLBACK and number in stack:
            while stack[-1] != number:
                stack.pop()
        else:
            stack.append(number)
    whole = set(
        ModelVersion.objects.filter(pk__in=stack, status=VersionStatus.REGISTERED).values_list(
            "pk", flat=True
        )
    )
    if not stack:
        return None
    current = stack[-1]
    return next((n for n in reversed(stack) if n != current and n in whole), None)


def who_served(at: datetime) -> Promotion | None:
    """Return the line of the ledger that was in force at a moment; None before the first."""
    return (
        Promotion.objects.filter(created__lte=at)
        .select_related("to_version")
        .order_by("-pk")
        .first()
    )


def serving_counts(version: int) -> tuple[int, int]:
    """Return how many of how many live processes serve a version."""
    versions = list(live_processes().values_list("version", flat=True))
    return versions.count(version), len(versions)


def live_processes() -> "QuerySet[ServingProcess]":
    """Return the processes that were heard of lately, by the database's clock."""
    return ServingProcess.objects.filter(seen_at__gte=Now() - timedelta(seconds=SEEN_SECONDS))


def _move(
    number: int,
    kind: PromotionKind,
    actor: User | None,
    reason: str,
    expected: int,
    *,
    since: int | None = None,
    run: int | None = None,
    override: bool = False,
) -> Promotion:
    if actor is not None and not actor.has_perm(PERMISSION):
        raise PermissionDenied("promoting needs the permission to promote versions")
    reason = reason.strip()
    if not reason:
        raise Refused("a reason is needed: it is kept in the ledger")
    if len(reason) > REASON_LENGTH:
        raise Refused(f"a reason has at most {REASON_LENGTH} characters")
    # Before the transaction: it takes tenths of a second, and nobody should wait for the lock.
    _require_servable(number)
    with transaction.atomic():
        current = Champion.objects.select_for_update().select_related("promotion").get(pk=ONLY)
        if current.version_id != expected or since not in {None, current.promotion_id}:
            raise LostRace(expected, current)
        if current.version_id == number:
            raise Refused(f"version {number} is the champion already")
        line = Promotion.objects.create(
            from_version_id=expected,
            to_version_id=number,
            kind=kind,
            actor=actor,
            actor_name=actor.get_username() if actor else "",
            run=run,
            reason=reason,
            override=override,
            # The ledger is in order also where a clock was set back.
            created=max(timezone.now(), current.promotion.created),
        )
        moved = Champion.objects.filter(pk=ONLY, version=expected).update(
            version=number, promotion=line
        )
        if not moved:  # a database without our lock
            raise LostRace(expected, champion())
        # What is logged names nobody: who did it and why is in the ledger.
        facts = {"version": number, "before": expected, "kind": str(kind), "run": run}
        facts |= {"override": override, "by_hand": actor is not None}
        transaction.on_commit(partial(logger.info, "champion", **facts))
        transaction.on_commit(notices.announce)
    return line


def _require_servable(number: int) -> None:
    row = ModelVersion.objects.filter(pk=number).first()
    if row is None:
        raise Refused(f"there is no version {number}")
    if row.status == VersionStatus.BROKEN:
        raise Refused(f"version {number} is marked as broken")
    try:
        Predictor.load(publishing.fetch(row.folder, row.sha256)).rehearse()
    except (CheckpointError, OSError) as error:
        raise Refused(f"version {number} cannot be served: {error}") from error
