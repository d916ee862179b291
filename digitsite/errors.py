"""What is answered when no view answers: JSON under /api/, pages in the site's look elsewhere."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware

API = "/api/"
_TYPED = ("reason",)  # by people, in forms of the admin

Fields = list[tuple[str, str]]


def _json(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message, "field": None}}, status=status)


def page(status: int, title: str, message: str) -> HttpResponse:
    """Say in a sentence why something was not done, in the site's look.

    Made without the request: a page that says that something is broken must not ask anything that
    may be broken, such as who is signed in.
    """
    text = render_to_string("refused.html", {"title": title, "message": message})
    return HttpResponse(text, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, also for a Host that is not ours."""
    if request.path.startswith(API):
        return _json("request", "The request is malformed or names an unknown host.", 400)
    return page(
        400,
        "This was not understood",
        "The request is malformed, or it asks for a site by a name that this one does not have.",
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if request.path.startswith(API):
        return _json("forbidden", "You may not do this.", 403)
    if _is_in_the_admin(request):
        return _in_the_admin(request, 403, "You may not do this", "")
    return page(403, "You may not do this", "It needs an account with the permission for it.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the reason where a view gave one."""
    if request.path.startswith(API):
        return _json("missing", "There is nothing at this address.", 404)
    title, reason = "There is nothing here", exception.args[0] if exception.args else ""
    if not isinstance(reason, str) or not reason:  # the router's own lists every address it tried
        reason = "This address leads nowhere. It may be misspelt, or what was here is gone."
    if _is_in_the_admin(request):
        return _in_the_admin(request, 404, title, reason)
    return page(404, title, reason)


def _is_in_the_admin(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))


def _in_the_admin(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    """Refuse with the ways on: the admin's own answers have none."""
    context = {
        **admin.site.each_context(request),
        "title": title,
        "message": message,
        "is_nav_sidebar_enabled": False,
    }
    return render(request, "admin/refused.html", context, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the log has the reason, the answer does not."""
    if request.path.startswith(API):
        return _json("internal", "Something went wrong on the server.", 500)
    return page(
        500,
        "Something went wrong on the server",
        "It is written in the log of the site. Trying again later may help.",
    )


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
    """Under /api/, take HEAD where GET is taken, and answer 405 in its shape.

    The router below knows neither: to it, HEAD is a GET whose body the server does not send.
    """

    def asked(request: HttpRequest) -> HttpRequest:
        if request.method == "HEAD" and request.path.startswith(API):
            request.method = "GET"
        return request

    def shaped(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code != 405 or not request.path.startswith(API):
            return response
        allowed = response["Allow"].replace("GET", "GET, HEAD")
        answer = _json("method", f"This address takes {allowed}.", 405)
        answer["Allow"] = allowed
        return answer

    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponse:
            return shaped(request, await get_response(asked(request)))

        return answer_later
    return lambda request: shaped(request, get_response(asked(request)))
