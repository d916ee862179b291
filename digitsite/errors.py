"""What is answered when no view answers: JSON under /api/, plain pages elsewhere."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware
from django.views import defaults

API = "/api/"
_TYPED = ("reason",)  # by people, in forms of the admin

Fields = list[tuple[str, str]]


def _json(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message, "field": None}}, status=status)


def page(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    """Say in a sentence why something was not done, in the site's look."""
    return render(request, "refused.html", {"title": title, "message": message}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, also for a Host that is not ours."""
    if request.path.startswith(API):
        return _json("request", "The request is malformed or names an unknown host.", 400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if request.path.startswith(API):
        return _json("forbidden", "You may not do this.", 403)
    if request.path.startswith(reverse("admin:index")):
        return _forbidden_in_the_admin(request)
    return defaults.permission_denied(request, exception)


def _forbidden_in_the_admin(request: HttpRequest) -> HttpResponse:
    """403 with the ways on: the admin's own answer has none."""
    context = {
        **admin.site.each_context(request),
        "title": "You may not do this",
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "admin/forbidden.html", context, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if request.path.startswith(API):
        return _json("missing", "There is nothing at this address.", 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the log has the reason, the answer does not."""
    if request.path.startswith(API):
        return _json("internal", "Something went wrong on the server.", 500)
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was sent without its token, or from elsewhere."""
    if request.path.startswith(API):
        return _json("csrf", "The CSRF token is missing or wrong.", 403)
    if request.path.startswith(reverse("admin:index")):
        fields = _sent_from_here(request)
        if fields is not None or request.user.is_authenticated:
            return _not_accepted_in_the_admin(request, fields)
    # Django's own page has its style sheet inline, which our content security policy blocks.
    return page(
        request,
        403,
        "This form was not accepted",
        "It was sent without the cookie of this site, or the page was open for too long. Allow "
        "cookies for this site, go back, load the page again and send the form once more.",
    )


def _sent_from_here(request: HttpRequest) -> Fields | None:
    """Return what one of our own forms brought, to be sent once more; None for passwords.

    Browsers tell the truth about the origin. What another site sends is not shown in our name.
    """
    if request.headers.get("Origin") not in settings.ALLOWED_ORIGINS:
        return None
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    return None if any("password" in name for name, _ in fields) else fields


def _not_accepted_in_the_admin(request: HttpRequest, fields: Fields | None) -> HttpResponse:
    """403 that keeps what was typed: loading the page again would lose it."""
    context = {
        **admin.site.each_context(request),
        "title": "This form was not accepted",
        "is_nav_sidebar_enabled": False,
        "typed": [field for field in fields or () if field[0] in _TYPED],
        "others": [field for field in fields or () if field[0] not in _TYPED],
        "again": None if fields is None else request.get_full_path(),
    }
    return render(request, "admin/not_accepted.html", context, status=403)


@sync_and_async_middleware
def api_methods(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """405 under /api/ in its shape: the router below it answers with plain text."""

    def shaped(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code != 405 or not request.path.startswith(API):
            return response
        allowed = response["Allow"]
        answer = _json("method", f"This address takes {allowed}.", 405)
        answer["Allow"] = allowed
        return answer

    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponse:
            return shaped(request, await get_response(request))

        return answer_later
    return lambda request: shaped(request, get_response(request))
