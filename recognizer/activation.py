"""The page that makes a version champion: it asks why, and tells the second of two of the first.

`registry.py` does it; here is what the admin shows before and says afterwards.
"""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from recognizer import pausing, registry, withdrawals
from recognizer.models import REASON_LENGTH, ModelVersion


@require_http_methods(["GET", "HEAD", "POST"])
def activate_view(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a reason, then make a version champion; the second of two is told of the first."""
    if not may_promote(request):
        raise PermissionDenied
    version = ModelVersion.objects.filter(pk=number).first()
    if version is None:
        raise Http404("There is no such version.")
    champion = registry.champion().version_id
    is_rollback = number < champion and registry.was_champion(number)
    problem = ""
    if request.method == "POST":
        try:
            _activate(request, number, is_rollback=is_rollback)
        except registry.Refused as error:
            problem = f"Nothing was changed: {error}."
            champion = registry.champion().version_id
        else:
            messages.success(request, _done(request, number))
            return redirect("admin:recognizer_modelversion_changelist")
    context = {
        **admin.site.each_context(request),
        "title": title_of(number, is_rollback),
        "opts": ModelVersion._meta,
        "version": version,
        "champion": champion,
        "warning": withdrawals.warning(number),
        "reason": request.POST.get("reason", ""),
        "reason_length": REASON_LENGTH,
        "problem": problem,
    }
    return TemplateResponse(
        request, "recognizer/activate.html", context, status=409 if problem else 200
    )


def _activate(request: HttpRequest, number: int, *, is_rollback: bool) -> None:
    expected = request.POST.get("expected", "")
    if not (expected.isascii() and expected.isdecimal()):
        raise registry.Refused("the page did not say which version it took for the champion")
    actor = request.user
    if not isinstance(actor, User):
        raise PermissionDenied
    reason = request.POST.get("reason", "")
    if is_rollback:
        registry.rollback(actor, reason, to=number, expected=int(expected))
    else:
        registry.promote(number, actor=actor, reason=reason, expected=int(expected))


def _done(request: HttpRequest, number: int) -> str:
    """Say what was done, and that it stops learning: nothing else would until somebody wonders."""
    warning = withdrawals.warning(number)
    done = f"Version {number} is the champion now.{f' {warning}.' if warning else ''}"
    pause = pausing.pause(request.user)
    if pause is None:
        return done
    said = f"{done} Learning is paused until somebody starts a run"
    return format_html('{}: <a href="{}">Training runs</a>.', said, pause.url)


def may_promote(request: HttpRequest) -> bool:
    """Say whether who asks may make versions champion."""
    user = request.user
    return user.is_active and user.is_staff and user.has_perm(registry.PERMISSION)


def title_of(number: int, is_rollback: bool) -> str:
    """Name the deed: a rollback leads to an older version that was champion before."""
    return f"Roll back to version {number}" if is_rollback else f"Promote version {number}"
