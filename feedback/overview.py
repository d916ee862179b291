"""Corrections at a glance: the numbers behind the charts page, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from feedback import charts, lessons, wording
from feedback.dates import text_of
from feedback.models import Action, Correction, ReviewEvent, Status
from feedback.moves import MOVES
from feedback.narrowing import submitter_name
from recognizer.alphabet import LABELS

DAYS: Final = 30
SUBMITTERS: Final = 15
NOTHING: Final = "–"  # noqa: RUF001 - where there is nothing to compute
BLIND: Final = "blind reading"  # the reason that the review screen gives for such a decision
STACK: Final = (Status.APPROVED, Status.PENDING, Status.REJECTED, Status.REVOKED)  # bottom first


@dataclass(frozen=True)
class Submitter:
    """One submitter's record."""

    name: str
    url: str
    approved: int
    refused: int
    waiting: int
    share: float  # approved of decided

    @property
    def width(self) -> str:
        """Of the bar, in hundredths."""
        return f"{self.share * 100:.1f}"

    @property
    def percent(self) -> str:
        """The approval rate as text."""
        return wording.percent(self.share) if self.approved + self.refused else NOTHING


def overview() -> dict[str, Any]:
    """Return everything that the charts page shows."""
    by_status = dict(
        Correction.objects.items().values_list("status").annotate(n=Count("pk")).order_by()
    )
    approved = by_status.get(Status.APPROVED, 0)
    decided = sum(by_status.values()) - by_status.get(Status.PENDING, 0)
    delays = lessons.delays()
    oldest = Correction.objects.pending().aggregate(oldest=Min("created"))["oldest"]
    return {
        "figures": [
            ("waiting", by_status.get(Status.PENDING, 0)),
            ("oldest waiting", wording.ago(oldest) if oldest else NOTHING),
            ("decided", decided),
            ("approved of decided", wording.percent(approved / decided) if decided else NOTHING),
            ("agreement when read blind", _blind_agreement()),
            ("approval to live, half within", _span(delays.p50)),
            ("approval to live, 95 % within", _span(delays.p95)),
        ],
        "day_count": DAYS,
        "days": _days(),
        "labels": _labels(),
        "confusion": _confusion(),
        "submitters": _submitters(),
        "kinds": [(str(status), status.label) for status in STACK],
    }


def _days() -> dict[str, Any]:
    last = timezone.now().astimezone(UTC).date()
    names = [(last - timedelta(days=back)).isoformat() for back in reversed(range(DAYS))]
    since = datetime.combine(last - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    rows = (
        Correction.objects.items()
        .filter(created__gte=since)
        .annotate(day=text_of("created", "day"))
        .values_list("day", "status")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return _stacked(names, _by_status(rows), every=7, cut=len("2026-"))


def _labels() -> dict[str, Any]:
    rows = (
        Correction.objects.items().values_list("label", "status").annotate(n=Count("pk")).order_by()
    )
    return _stacked(list(LABELS), _by_status(rows), every=1, cut=0)


def _by_status(rows: Any) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for name, status, number in rows:
        counts[status][name] = number
    return counts


def _stacked(
    names: list[str], counts: Mapping[str, Mapping[str, int]], every: int, cut: int
) -> dict[str, Any]:
    parts = [(str(status), counts.get(status, {})) for status in STACK]
    table = [(name, [part.get(name, 0) for _, part in parts]) for name in names]
    return {
        "chart": charts.columns(names, parts, every=every, cut=cut),
        "table": [row for row in table if any(row[1])],
    }


def _confusion() -> dict[str, Any]:
    rows = (
        Correction.objects.items()
        .exclude(predicted=None)
        .exclude(personal=True)
        .values_list("predicted", "submitted_label")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts = {(predicted, label): n for predicted, label, n in rows if predicted}
    worst = sorted(((n, a, d) for (a, d), n in counts.items() if a != d), reverse=True)[:10]
    return {
        "chart": charts.matrix(counts),
        "worst": [
            {"predicted": a, "label": d, "count": n, "url": _list(predicted=a, submitted=d)}
            for n, a, d in worst
        ],
    }


def _submitters() -> list[Submitter]:
    rows = (
        Correction.objects.items()
        .values("submitter", "user__username")
        .annotate(
            approved=Count("pk", filter=Q(status=Status.APPROVED)),
            refused=Count("pk", filter=Q(status__in=(Status.REJECTED, Status.REVOKED))),
            waiting=Count("pk", filter=Q(status=Status.PENDING)),
            sent=Count("pk"),
        )
        .order_by("-sent", "submitter")[:SUBMITTERS]
    )
    return [
        Submitter(
            name=submitter_name(row["submitter"], row["user__username"]),
            url=_list(submitter=row["submitter"]),
            approved=row["approved"],
            refused=row["refused"],
            waiting=row["waiting"],
            share=row["approved"] / max(1, row["approved"] + row["refused"]),
        )
        for row in rows
    ]


def _blind_agreement() -> str:
    """How often a reviewer who did not see the label named the same one.

    An item counts once, whatever copies went along with it, and only while its reading stands.
    """
    later = ReviewEvent.objects.filter(
        correction=OuterRef("correction"), pk__gt=OuterRef("pk"), action__in=(*MOVES, Action.UNDO)
    )
    blind = ReviewEvent.objects.filter(reason=BLIND, correction__in=Correction.objects.items())
    readings = blind.filter(~Exists(later)).aggregate(
        same=Count("pk", filter=Q(action=Action.APPROVE)),
        other=Count("pk", filter=Q(action=Action.RELABEL)),
    )
    total = readings["same"] + readings["other"]
    return f"{wording.percent(readings['same'] / total)} of {total}" if total else NOTHING


def _span(seconds: float | None) -> str:
    return NOTHING if seconds is None else wording.span(seconds)


def _list(**narrowed: str) -> str:
    return f"{reverse('admin:feedback_correction_changelist')}?{urlencode(narrowed)}"
