"""Shares, moments and spans as people read them. Knows nothing about corrections."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince


def ago(moment: datetime) -> str:
    """Return how long ago something was."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


def percent(share: float) -> str:
    """Return a probability as a person reads it: what is nearly certain is not called certain."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


def clock(moment: datetime, now: datetime) -> str:
    """Return a moment as a time, with its day where that is another one than today."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def span(seconds: float) -> str:
    """Return how long something took, as precisely as anybody cares."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
