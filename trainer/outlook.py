"""How training stands, for whoever watches the site from outside. Reads rows only."""

import time
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q, Sum
from django.db.models.functions import Coalesce, Now
from prometheus_client.core import SummaryMetricFamily

from recognizer.figures import Reading, gauge, gauges
from trainer import signs
from trainer.models import OPEN, RunStatus, TrainingRun, open_units

STUCK_SECONDS: Final = 60.0  # without a sign of a worker
UNHEARD_SECONDS: Final = 180.0  # the same with nothing to learn: one may be building the base
_STARTED: Final = time.monotonic()  # this process


def read() -> Reading:
    """Return runs by state, how the open one stands, and whether workers are heard of."""
    counts, refused, seconds = _runs()
    age, silence, is_held = _open_run()
    metrics = [
        gauges("train_runs", "Training runs by their state", "status", counts),
        gauge("train_gate_refusals", "Training runs that the gate refused", refused),
        SummaryMetricFamily(
            "train_seconds",
            "How long training runs took from their first worker to their end",
            count_value=seconds[0],
            sum_value=seconds[1],
        ),
        gauge("train_oldest_age_seconds", "Age of the open training run; 0 without one", age),
        gauge(
            "train_silence_seconds",
            "Time since a worker's last sign at the open training run; 0 without one",
            silence,
        ),
        gauge(
            "train_queue_depth",
            "Units of work that wait for a worker",
            open_units() if age else 0,
        ),
    ]
    remarks = {}
    if silence > STUCK_SECONDS and not is_held:
        remarks["training"] = "waiting for a worker"
    heard = signs.age()
    if is_held:  # whoever trains looks for nothing else meanwhile
        heard = min(heard, silence) if heard is not None else silence
    if heard is not None:
        says = "Time since the child of any worker last did something"
        metrics.append(gauge("worker_child_heartbeat_age_seconds", says, heard))
        # While the site was stopped, or in a backup, nobody could be heard of.
        missed = min(heard, time.monotonic() - _STARTED)
        if not is_held and missed > max(UNHEARD_SECONDS, 3 * settings.TRAIN_KICK_SECONDS):
            remarks["workers"] = (
                f"none was heard of for {heard:.0f} s, so nothing is learned: see that a worker, "
                "beat and Redis run"
            )
    return Reading(tuple(metrics), remarks)


def _runs() -> tuple[dict[str, float], int, tuple[int, float]]:
    """Return runs by state, how many were refused, and of those that ran how many and how long."""
    counts: dict[str, float] = {str(status): 0 for status in RunStatus}
    refused, ran, seconds = 0, 0, 0.0
    rows = TrainingRun.objects.values("status").order_by()
    # As `progress.took` says of one: what was overridden had waited for somebody.
    end = Coalesce(F("refused"), F("finished"))
    took = ExpressionWrapper(end - F("started"), DurationField())
    for row in rows.annotate(
        n=Count("pk"),
        overridden=Count("pk", filter=Q(override_by__isnull=False)),
        ran=Count(took),
        took=Sum(took),
    ):
        counts[row["status"]] = row["n"]
        refused += row["n"] if row["status"] == RunStatus.REJECTED else row["overridden"]
        ran += row["ran"]
        seconds += _seconds(row["took"]) if row["took"] else 0.0
    return counts, refused, (ran, seconds)


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
