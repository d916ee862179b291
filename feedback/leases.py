"""Leases: for two minutes an item is one moderator's, so that two do not read the same one.

A lease is a courtesy, not a lock: a decision counts by the item's state alone.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from feedback.models import Correction, CorrectionQuerySet

LEASE: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Lease:
    """Who has an item, as one moderator sees it."""

    mine: bool
    by: str  # name of the holder; empty when nobody has it
    until: datetime | None

    @property
    def text(self) -> str:
        """The lease in words; empty when nobody has it."""
        if self.until is None:
            return ""
        holder = "you" if self.mine else self.by
        return f"Kept for {holder} until {self.until:%H:%M:%S} UTC"


def take(ids: Collection[uuid.UUID], user: User) -> int:
    """Take or renew the leases of pending items that nobody else has; return how many."""
    free = Correction.objects.pending().filter(pk__in=ids)
    return available_to(free, user).update(leased_by=user, leased_until=timezone.now() + LEASE)


def release(ids: Collection[uuid.UUID], user: User) -> int:
    """Let own leases go; return how many."""
    mine = Correction.objects.filter(pk__in=ids, leased_by=user)
    return mine.update(leased_by=None, leased_until=None)


def available_to(queryset: CorrectionQuerySet, user: User) -> CorrectionQuerySet:
    """Leave out what another moderator has at the moment."""
    return queryset.filter(
        Q(leased_by=None)
        | Q(leased_by=user)
        | Q(leased_until=None)
        | Q(leased_until__lt=timezone.now())
    )


def of(item: Correction, user: User) -> Lease:
    """Return the lease of an item that was read with its holder."""
    holder = item.leased_by
    if holder is None or item.leased_until is None or item.leased_until < timezone.now():
        return Lease(mine=False, by="", until=None)
    return Lease(holder.pk == user.pk, holder.get_username(), item.leased_until)
