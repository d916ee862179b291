"""How training stands, for whoever watches the site from outside. Reads rows only."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Max, Q
from django.db.models.functions import Now

from recognizer.figures import Reading, gauge, gauges
from trainer.models import OPEN, RunStatus, TrainingRun

STUCK_SECONDS: Final = 60.0  # without a sign of a worker


def read() -> Reading:
    """Return runs by state and how the open one stands, in two queries."""
    counts = {str(status): 0 for status in RunStatus}
    refused = 0
    rows = TrainingRun.objects.values("status").order_by()
    overridden = Q(override_by__isnull=False)
    for row in rows.annotate(n=Count("pk"), overridden=Count("pk", filter=overridden)):
        counts[row["status"]] = row["n"]
        refused += row["n"] if row["status"] == RunStatus.REJECTED else row["overridden"]
    age, silence, is_held = _open_run()
    metrics = (
        gauges("train_runs", "Training runs by their state", "status", counts),
        gauge("train_gate_refusals", "Training runs that the gate refused", refused),
        gauge("train_oldest_age_seconds", "Age of the open training run; 0 without one", age),
        gauge(
            "train_silence_seconds",
            "Time since a worker's last sign at the open training run; 0 without one",
            silence,
        ),
    )
    is_stuck = silence > STUCK_SECONDS and not is_held
    return Reading(metrics, {"training": "waiting for a worker"} if is_stuck else {})


def _open_run() -> tuple[float, float, bool]:
    """Return the open run's age and silence in seconds, and whether a worker holds a part of it."""
    row = (
        TrainingRun.objects.filter(status__in=OPEN)
        .values("created", "lease_until")
        .annotate(building=Max("challengers__lease_until"), said=Max("lines__created"), now=Now())
        .order_by("created")
        .first()
    )
    if row is None:
        return 0.0, 0.0, False
    now = row["now"]
    leases = [end for end in (row["lease_until"], row["building"]) if end]
    # A lease is renewed for its whole length, so its end tells when that was.
    length = timedelta(seconds=settings.TRAIN_LEASE_SECONDS)
    signs = [row["created"], row["said"], *(end - length for end in leases)]
    silence = _seconds(now - max(sign for sign in signs if sign))
    return _seconds(now - row["created"]), silence, any(end > now for end in leases)


def _seconds(span: timedelta) -> float:
    return max(0.0, span.total_seconds())  # clocks of several machines
