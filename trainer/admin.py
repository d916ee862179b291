"""Training runs in Django's admin: progress, the gate's report with the flipped drawings, override.

Starting a run and overriding the gate only write rows; workers do the rest. Imports no torch.
"""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from feedback.thumbnails import png
from recognizer import registry
from recognizer.rasterizer import SIDE
from recognizer.read_only_admin import ReadOnlyAdmin, short_time
from trainer import opening, progress, reasons
from trainer.models import RunStatus, TrainingRun

_SHOWN = 200  # lines of a log
_NAMED = 24  # corrections that a finding names


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """The runs, and a page for each."""

    list_display = ("number", "stands", "lesson_size", "versions", "opened", "took")
    list_filter = ("status", "trigger")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    change_list_template = "trainer/runs.html"

    def get_urls(self) -> list[URLPattern]:
        """Put ours before the admin's own."""
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(start_view), name="trainer_trainingrun_start"),
            path("<int:number>/override/", wrap(self.override_view), name="trainer_run_override"),
            path("<int:number>/cancel/", wrap(cancel_view), name="trainer_run_cancel"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who starts runs or promotes also looks."""
        return (
            super().has_view_permission(request, obj)
            or _may_start(request)
            or _may_promote(request)
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who looks finds it on the admin's home page."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List runs with their steps, without what a list does not show."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("corrections", "report").annotate(
            done=Sum("challengers__step"), total=Sum("challengers__steps")
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer to start one."""
        context = {
            "may_start": _may_start(request),
            "paused": reasons.paused(),
            "title": "Training runs",
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one run with its report."""
        run = TrainingRun.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        if run is None:
            raise Http404("There is no such run.")
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        report = run.report or {}
        may_override = run.status == RunStatus.REJECTED and _may_promote(request)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Run {run.pk}",
            "opts": TrainingRun._meta,
            "run": run,
            "findings": [_with_items(found, run) for found in report.get("findings", [])],
            "flips": [_pictured(flip) for flip in report.get("flips", [])],
            "challengers": run.challengers.defer("weights").order_by("index"),
            "lines": run.lines.all()[:_SHOWN],
            "may_override": may_override,
            "obstacle": opening.obstacle(run) if may_override else "",
            "may_cancel": run.is_open and _may_start(request),
            "sees_corrections": request.user.has_perm("feedback.view_correction"),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "trainer/run.html", context)

    @method_decorator(require_POST)
    def override_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask for a refused run to be promoted all the same; what was typed is not lost."""
        run, reason = _run(number), request.POST.get("reason", "")
        try:
            opening.override(run, _staff(request), reason)
        except reasons.NotOpened as error:
            messages.error(request, f"Nothing was done: {error}.")
            page = self.change_view(request, str(number), extra_context={"reason": reason})
            page.status_code = 409
            return page
        messages.success(request, f"Run {number} is judged once more and then promoted.")
        return redirect("admin:trainer_trainingrun_changelist")

    @admin.display(description="Run")
    def number(self, run: Any) -> int:
        """The way to its page."""
        return int(run.pk)

    @admin.display(description="Status")
    def stands(self, run: Any) -> str:
        """How far it is, or which rule of the gate refused it first."""
        status = str(run.get_status_display())
        if run.status == RunStatus.RUNNING:
            return f"{status}, {run.done} of {run.total} steps" if run.total else "Preparing"
        if run.status == RunStatus.REJECTED:
            return f"{status}: {run.problem.partition(':')[0]}"
        if run.status == RunStatus.PROMOTED and run.override_by:
            return f"{status}, gate overridden"
        return status

    @admin.display(description="Corrections")
    def lesson_size(self, run: Any) -> str:
        """What the champion had not learned, and what it should not have."""
        return f"{run.added}" + (f", {run.removed} taken out" if run.removed else "")

    @admin.display(description="Version")
    def versions(self, run: Any) -> str:
        """The champion that it is compared with, and what it became."""
        return f"{run.base_version} → {run.version}" if run.version else str(run.base_version)

    @admin.display(description="Opened (UTC)")
    def opened(self, run: Any) -> SafeString:
        """When."""
        return short_time(run.created)

    @admin.display(description="Took")
    def took(self, run: Any) -> str:
        """Seconds from the first worker to the end of the judging."""
        took = progress.took(run)
        return "" if took is None else f"{took.total_seconds():.0f} s"


@require_POST
def start_view(request: HttpRequest) -> HttpResponse:
    """Open a run now."""
    return _act(request, lambda actor: f"Run {opening.open_now(actor).pk} is open.")


@require_POST
def cancel_view(request: HttpRequest, number: int) -> HttpResponse:
    """End an open run; its corrections wait."""
    run = _run(number)

    def cancel(actor: User) -> str:
        opening.cancel(run, actor)
        return f"Run {number} is cancelled."

    return _act(request, cancel)


def _run(number: int) -> TrainingRun:
    run = TrainingRun.objects.filter(pk=number).first()
    if run is None:
        raise Http404("There is no such run.")
    return run


def _with_items(found: dict[str, Any], run: TrainingRun) -> dict[str, Any]:
    """Name the corrections that a finding is about, as (id, beginning of the id)."""
    ids = [str(run.corrections[position][0]) for position in found.get("about", ())]
    return found | {"items": [(pk, pk[:8]) for pk in ids[:_NAMED]], "more": len(ids) > _NAMED}


def _staff(request: HttpRequest) -> User:
    if not (isinstance(request.user, User) and request.user.is_staff):
        raise PermissionDenied
    return request.user


def _act(request: HttpRequest, do: Callable[[User], str]) -> HttpResponse:
    try:
        messages.success(request, do(_staff(request)))
    except reasons.NotOpened as error:
        messages.error(request, f"Nothing was done: {error}.")
    return redirect("admin:trainer_trainingrun_changelist")


def _pictured(flip: dict[str, Any]) -> dict[str, Any]:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(flip["pixels"]), np.uint8))
    picture = png(bits[: SIDE * SIDE].reshape(SIDE, SIDE) * np.uint8(255))
    return flip | {"picture": "data:image/png;base64," + base64.b64encode(picture).decode()}


def _may_start(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(opening.PERMISSION))


def _may_promote(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(registry.PERMISSION))
