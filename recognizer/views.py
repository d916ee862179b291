"""The page. Everything on it that changes comes over the socket and the API."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from recognizer.alphabet import DIGITS, LETTERS


@require_safe
def draw(request: HttpRequest) -> HttpResponse:
    """Show the canvas with its rows of symbols."""
    symbols = {"left": DIGITS[:5], "right": DIGITS[5:], "letters": LETTERS}
    return render(request, "draw.html", {**symbols, "retention_days": settings.RETENTION_DAYS})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that ask for `/favicon.ico`, as on the admin's pages, to ours."""
    return redirect(static("img/icon.svg"))
