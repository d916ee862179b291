"""The page, on which all that changes comes over the socket and the API; and the model cards."""

from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from recognizer import model_card, publishing, serving, versions
from recognizer.alphabet import DIGITS, LETTERS
from recognizer.checkpoints import Card, CheckpointError, read_card
from recognizer.models import ModelVersion
from recognizer.openings import openings


class _Unpadded(GZipMiddleware):
    """Compression without the random bytes that hide how well a secret compresses."""

    max_random_bytes = 0


@decorator_from_middleware(_Unpadded)  # holds nothing secret, and is sent in a fifth of its bytes
@require_safe
def draw(request: HttpRequest) -> HttpResponse:
    """Show the canvas with its rows of symbols."""
    symbols = {"left": DIGITS[:5], "right": DIGITS[5:], "letters": LETTERS}
    return render(request, "draw.html", {**symbols, "retention_days": settings.RETENTION_DAYS})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that ask for `/favicon.ico`, as on the admin's pages, to ours."""
    return redirect(static("img/icon.svg"))


@require_safe
def served_card(request: HttpRequest) -> HttpResponse:
    """Lead to the card of the version that this process answers with."""
    try:
        return redirect("model_card", serving.current().version)
    except serving.Unavailable:
        raise Http404("No model is loaded right now.") from None


@gzip_page
@require_safe
def card(request: HttpRequest, number: int) -> HttpResponse:
    """Show a version's model card, and who has looked at test sets with it."""
    try:
        found = _card(number)
        looks = openings(found)
    except DatabaseError:
        found, looks = _from_folders(number), []
    whole = found.model_dump(by_alias=True)
    sections = [*model_card.sections(whole), *model_card.looks(looks)]
    context = {"title": model_card.title(whole), "sections": sections}
    return render(request, "recognizer/card.html", context)


def _from_folders(number: int) -> Card:
    """Return a card without asking the database."""
    found = versions.cards().get(number)
    if found is None:
        raise Http404("There is no such version.")
    return found


def _card(number: int) -> Card:
    row = ModelVersion.objects.filter(pk=number).first()
    if row is None:
        raise Http404("There is no such version.")
    try:
        return _read(row.folder, row.sha256)
    except (CheckpointError, OSError) as error:
        raise Http404("The files of this version are not here.") from error


@lru_cache(maxsize=16)  # a version never changes, and checking its files costs a few milliseconds
def _read(folder: str, sha256: str) -> Card:
    return read_card(publishing.fetch(folder, sha256))
