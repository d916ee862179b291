"""The audit in the admin. Registered by `admin.py`."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from feedback.dates import QuickDates
from feedback.models import EFFECTS, Correction, ReviewEvent, ReviewEventQuerySet
from recognizer.read_only_admin import ReadOnlyAdmin


class _Listed(QuickDates, ReviewEventQuerySet):
    """Events in the list."""


class ReviewEventAdmin(ReadOnlyAdmin):
    """The audit: everything that happened, written once."""

    list_display = ("created", "item", "action", "by", "status", "label", "champion", "reason")
    list_display_links = None
    list_filter = ("action",)
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "created"
    ordering = ("-id",)
    search_fields = ("^correction__id", "=actor_name")
    search_help_text = "Start of a correction's id, or the name of who decided."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List events, with a quick date hierarchy."""
        corrections = Correction.objects.filter(pk=OuterRef("correction"))
        return _Listed(ReviewEvent).annotate(there=Exists(corrections)).order_by(*self.ordering)

    @admin.display(description="Correction", ordering="correction")
    def item(self, event: ReviewEvent) -> SafeString:
        """The correction; one that was withdrawn or deleted since has no page any more."""
        name = str(event.correction_id)[:8]
        if not event.there:  # type: ignore[attr-defined]
            return format_html('<span title="deleted since">{}</span>', name)
        url = reverse("admin:feedback_correction_change", args=[event.correction_id])
        return format_html('<a href="{}">{}</a>', url, name)

    @admin.display(description="By", ordering="actor_name")
    def by(self, event: ReviewEvent) -> str:
        """Who did it."""
        return event.actor_name or ("training" if event.action in EFFECTS else "its submitter")

    @admin.display(description="Status")
    def status(self, event: ReviewEvent) -> str:
        """The status before and after."""
        return _move(event.status_before, event.status_after)

    @admin.display(description="Label")
    def label(self, event: ReviewEvent) -> str:
        """The label before and after."""
        return _move(event.label_before, event.label_after)

    @admin.display(description="Champion", ordering="champion_version")
    def champion(self, event: ReviewEvent) -> str:
        """The version that answered at that time."""
        return "" if event.champion_version is None else f"version {event.champion_version}"


def _move(before: str, after: str) -> str:
    return after if before in ("", after) else f"{before} → {after or 'deleted'}"
