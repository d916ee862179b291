"""Runs in words and figures, for the API, the command line and the admin. Reads rows only."""

from datetime import timedelta
from typing import Any

from django.db.models import Sum

from trainer.models import RunStatus, TrainingRun

LATEST = 20


def latest(limit: int = LATEST) -> list[dict[str, Any]]:
    """Return the latest runs, the newest first."""
    rows = (
        TrainingRun.objects.defer("corrections", "report")
        .annotate(done=Sum("challengers__step"), total=Sum("challengers__steps"))
        .order_by("-pk")[:limit]
    )
    return [_facts(run) for run in rows]


def took(run: TrainingRun) -> timedelta | None:
    """Return how long workers were at a run, for as long as nobody had to think: None until then.

    What a person overrides was judged before, and may have waited for them for days.
    """
    end = run.refused or run.finished
    return end - run.started if run.started and end else None


def _facts(run: Any) -> dict[str, Any]:
    is_judged = run.status == RunStatus.GATING
    return {
        "id": run.pk,
        "status": run.status,
        "trigger": run.trigger,
        "done": run.done or 0,
        "total": run.total or 0,
        "judging": is_judged,
        "base_version": run.base_version,
        "version": run.version,
        "added": run.added,
        "removed": run.removed,
        "problem": run.problem,
        "overridden": run.override_by_id is not None,
        "metrics": run.metrics,
        "created": _text(run.created),
        "started": _text(run.started),
        "finished": _text(run.finished),
    }


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
