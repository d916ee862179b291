"""How corrections stand, for whoever watches the site from outside. Reads rows only."""

import logging
from datetime import datetime
from typing import Final

from django.db.models import Count, Min
from django.utils import timezone

from feedback import drift
from feedback.models import Correction, Learning, Status, Verdict
from recognizer.figures import Reading, gauge, gauges

logger = logging.getLogger(__name__)

_LOOKED_AT: Final = drift.LATEST + drift.BEFORE

_is_on = False  # the alarm, as this process has said last


def read() -> Reading:
    """Return corrections by status, the oldest that wait and the drift alarm, in four queries."""
    # Each answered by an index alone: rows are wide.
    rows = Correction.objects.values_list("status").annotate(n=Count("*")).order_by()
    counts = {str(status): 0 for status in Status} | dict(rows)
    waiting = Correction.objects.filter(status=Status.PENDING)
    unlearned = Correction.objects.approved().exclude(learning=Learning.LIVE)
    found = _drift()
    metrics = [
        gauges(
            "corrections_stored",
            "Corrections by their status, copies included",
            "status",
            counts,
        ),
        gauge(
            "corrections_oldest_waiting_seconds",
            "Age of the oldest correction that waits for its review; 0 without one",
            _age(waiting.aggregate(oldest=Min("created"))["oldest"]),
        ),
        gauge(
            "corrections_oldest_unlearned_seconds",
            "Time since the first approval that the champion has not learned; 0 without one",
            _age(unlearned.aggregate(oldest=Min("decided"))["oldest"]),
        ),
        gauge("drift_alarm", "1: drawings are corrected more often than before", found.alarm),
    ]
    for name, says, value in (
        ("drift_error_rate", "Share of the latest named drawings that was corrected", found.rate),
        ("drift_usual_rate", "The same of the named drawings before them", found.usual),
    ):
        if value is not None:
            metrics.append(gauge(name, says, value))
    return Reading(tuple(metrics), {"drift": str(found)} if found.alarm else {})


def _age(since: datetime | None) -> float:
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0


def _drift() -> drift.Drift:
    """Judge the latest verdicts on what the model said, and log where the alarm goes on or off."""
    global _is_on
    judged = Correction.objects.filter(personal=False).order_by("-created")
    latest = judged.values_list("submitter", "verdict")
    found = drift.judge((who, verdict == Verdict.CORRECTED) for who, verdict in latest[:_LOOKED_AT])
    if found.alarm and not _is_on:
        logger.warning("drift: of the drawings that people named, %s", found)
    elif _is_on and not found.alarm:
        logger.info("drift is over: of the drawings that people named, %s", found)
    _is_on = found.alarm
    return found
