"""Corrections in Django's admin: the review queue, the list, one item, charts and the audit.

Permissions are those of `feedback.models`: `review_correction` decides, `view_correction` looks.
Nothing is added, edited or deleted here: states move through `decisions.py`.
"""

from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
)
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from feedback import effects, events, evidence, guesses, review, wording
from feedback.actions import SelectionActions
from feedback.audit_admin import ReviewEventAdmin
from feedback.bulk import BULKS
from feedback.dates import QuickDates
from feedback.filters import list_filter_of
from feedback.models import Correction, CorrectionQuerySet, ReviewEvent
from feedback.naming import names, spelt
from feedback.narrowing import NARROWINGS, STATUS, submitter_name
from feedback.overview import overview
from feedback.thumbnails import png
from recognizer import heat, pausing
from recognizer.alphabet import INDEX, LABELS
from recognizer.rasterizer import SIDE

View = Callable[..., HttpResponse]

admin.site.register(ReviewEvent, ReviewEventAdmin)


class _Listed(QuickDates, CorrectionQuerySet):
    """Corrections in the list."""


@admin.register(Correction)
class CorrectionAdmin(SelectionActions):
    """The list, one item, and the addresses of the review queue."""

    list_display = (
        "picture",
        "claim",
        "confidence_percent",
        "status",
        "effect",
        "model_version",
        "sender",
        "arrived",
    )
    list_display_links = ("picture",)
    list_filter = (list_filter_of(STATUS), *(list_filter_of(narrowing) for narrowing in NARROWINGS))
    list_per_page = 50
    list_max_show_all = 200
    list_select_related = ("user",)
    show_full_result_count = False
    date_hierarchy = "created"
    ordering = ("-created", "-id")
    search_fields = ("^id", "=user__username", "=submitter")
    search_help_text = "Start of an id, also of a copy's, a user name, or a submitter."
    change_list_template = "feedback/changelist.html"

    # Who may do what.

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who reviews also looks."""
        return super().has_view_permission(request, obj) or self.has_review_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who looks finds it on the admin's home page."""
        return self.has_view_permission(request)

    # Addresses.

    def get_urls(self) -> list[URLPattern]:
        """Put ours before the admin's own, whose last one takes anything for an id."""
        may_review, may_view = self.has_review_permission, self.has_view_permission
        return [
            self._path("review/", "review", self.review_page, may_review),
            self._path("review/queue/", "queue", review.queue_view, may_review),
            self._path("review/decide/", "decide", review.decide_view, may_review),
            self._path("review/undo/", "undo", review.undo_view, may_review),
            self._path("review/leases/", "leases", review.leases_view, may_review),
            self._path("review/<uuid:pk>/", "card", review.card_view, may_review),
            self._path("bulk/", "bulk", self.bulk_view, may_review),
            self._path("bulk/undo/", "take_back", self.take_back_view, may_review),
            self._path("charts/", "charts", self.charts_page, may_view),
            self._path(
                "<uuid:pk>/<int:side>.png", "thumbnail", thumbnail_view, may_view, cacheable=True
            ),
            self._path(
                "<uuid:pk>/heat/<slug:version>/<slug:label>.png",
                "heat",
                heat_view,
                may_view,
                cacheable=True,
            ),
            *super().get_urls(),
        ]

    def _path(
        self,
        route: str,
        name: str,
        view: View,
        allowed: Callable[[HttpRequest], bool],
        *,
        cacheable: bool = False,
    ) -> URLPattern:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allowed(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        wrapped = self.admin_site.admin_view(guarded, cacheable=cacheable)
        return path(route, wrapped, name=f"feedback_correction_{name}")

    # Pages.

    def review_page(self, request: HttpRequest) -> HttpResponse:
        """Show the review queue."""
        return self.page(request, "feedback/review.html", review.page_context(request))

    def charts_page(self, request: HttpRequest) -> HttpResponse:
        """Show corrections at a glance."""
        context = {"title": "Charts", "pause": pausing.pause(request.user), **overview()}
        return self.page(request, "feedback/charts.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one item with its card; a copy leads to the item that it was folded into."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            item = review.read(UUID(object_id))
        except ValueError:
            item = None
        if item is None:
            raise Http404("There is no such correction; its owner may have deleted it.")
        if item.duplicate_of_id is not None:
            return redirect("admin:feedback_correction_change", item.duplicate_of_id)
        may_review = self.has_review_permission(request)
        moves = [bulk for bulk in BULKS.values() if bulk.start == item.status]
        context = {
            "title": f"Correction {str(item.pk)[:8]}",
            "moves": moves if may_review else [],
            "undoable": events.undoable([item.pk]).get(item.pk) if may_review else None,
            "reason_length": events.REASON_LENGTH,
            "labels": LABELS,
            "copies": evidence.copies(item),
            **review.card_context(item, review.user_of(request)),
        }
        return self.page(request, "feedback/correction.html", context)

    # The list.

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead from the list to the queue, narrowed in the same way."""
        kept = {n.name: request.GET[n.name] for n in NARROWINGS if request.GET.get(n.name)}
        context = {
            "title": "Corrections",
            "pause": pausing.pause(request.user),
            "review_query": f"?{urlencode(kept)}" if kept else "",
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List items, without what a list does not show."""
        return _Listed(Correction).items().without_blobs()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find also by the id of a copy, which finds its item, and by a submitter's short name."""
        term = spelt(search_term)
        found, duplicates = super().get_search_results(request, queryset, term)
        if named := names(term):
            # Not joined: who finds by a copy finds the item once.
            return queryset.filter(Q(pk__in=found.order_by().values("pk")) | named), False
        return found, duplicates

    @admin.display(description="Drawing")
    def picture(self, item: Correction) -> SafeString:
        """The drawing as a picture that the browser fetches and keeps."""
        return format_html(
            '<img class="ink thumb" src="{}" width="64" height="64" loading="lazy" alt="{}">',
            evidence.thumbnail(item.pk, evidence.THUMBNAIL),
            evidence.alternative(item.pk, item.submitted_label, item.predicted, item.personal),
        )

    @admin.display(description="Model → label", ordering="label")
    def claim(self, item: Correction) -> SafeString:
        """What was predicted and what it should be, and how many copies were folded into it."""
        kind = "agrees" if item.predicted == item.label else "differs"
        asides = [f"sent as {item.submitted_label}"] if item.was_relabelled else []
        asides += ["from their memory"] if item.personal else []
        asides += [f"+ {item.duplicates} alike"] if item.duplicates else []
        return format_html(
            '<span class="claim {}"><b>{}</b> → <b>{}</b></span>{}',
            kind,
            item.predicted or "?",
            item.label,
            format_html_join("", '<span class="aside">{}</span>', ((text,) for text in asides)),
        )

    @admin.display(description="Sure", ordering="confidence")
    def confidence_percent(self, item: Correction) -> str:
        """The model's confidence in what it said."""
        return wording.percent(item.confidence)

    @admin.display(description="Effect", ordering="live_version")
    def effect(self, item: Correction) -> str:
        """What training made of it."""
        return effects.effect(item)

    @admin.display(description="Created", ordering="created")
    def arrived(self, item: Correction) -> SafeString:
        """When it came in."""
        moment = item.created.astimezone(UTC)
        return format_html(
            '<time datetime="{}" title="{}"><span>{}</span> <span>{}</span></time>',
            moment.isoformat(),
            wording.ago(moment),
            f"{moment:%Y-%m-%d}",
            f"{moment:%H:%M}",
        )

    @admin.display(description="Model", ordering="version")
    def model_version(self, item: Correction) -> str:
        """The version that answered."""
        return f"v{item.version}"

    @admin.display(description="Submitter", ordering="submitter")
    def sender(self, item: Correction) -> str:
        """Who sent it."""
        return submitter_name(item.submitter, item.user.get_username() if item.user else None)


@require_safe
def thumbnail_view(request: HttpRequest, pk: UUID, side: int) -> HttpResponse:
    """Answer with a picture of the drawing; it never changes, so the browser keeps it for a day."""
    if side not in (SIDE, evidence.THUMBNAIL):
        raise Http404("There are pictures of other sizes.")
    item = Correction.objects.filter(pk=pk).only("strokes", "pixels").first()
    if item is None:
        raise Http404("There is no such correction; its owner may have deleted it.")
    return _kept(png(item.raster if side == SIDE else item.picture(side)))


@require_safe
def heat_view(request: HttpRequest, pk: UUID, version: str, label: str) -> HttpResponse:
    """Answer with a picture of the ink that speaks for a label.

    Kept by the browser as a thumbnail is, and not by the server: what its owner deletes is gone.
    """
    predictor = guesses.asked_today(version)
    if predictor is None or label not in INDEX:
        raise Http404("That is neither the champion nor the anchor any more: reload the page.")
    item = Correction.objects.filter(pk=pk).only("strokes", "pixels", "charset").first()
    if item is None:
        raise Http404("There is no such correction; its owner may have deleted it.")
    explanation = predictor.explain(item.seen(predictor), guesses.charset_of(item), label)
    return _kept(heat.png(item.raster, explanation.saliency))


def _kept(content: bytes) -> HttpResponse:
    """Answer with a picture that never changes."""
    return HttpResponse(
        content,
        content_type="image/png",
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )
