"""The audit in the admin. Registered by `admin.py`."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from feedback.dates import QuickDates
from feedback.models import EFFECTS, Correction, ReviewEvent, ReviewEventQuerySet
from recognizer.read_only_admin import ReadOnlyAdmin

EVERYTHING: Final = "everything"


class _Listed(QuickDates, ReviewEventQuerySet):
    """Events in the list."""


class _Shown(admin.SimpleListFilter):
    """What people did to items, or everything that is on record."""

    title = "kind"
    parameter_name = "shown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what is not shown anyway."""
        return [(EVERYTHING, "Everything")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Say what is shown when nothing else is asked for."""
        first, *others = super().choices(changelist)
        first["display"] = "Decisions and submissions"
        yield from (first, *others)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave out copies, which go where their items go, and what training made of items."""
        if self.value() == EVERYTHING:
            return queryset
        copies = Correction.objects.filter(pk=OuterRef("correction"), duplicate_of__isnull=False)
        people = queryset.filter(~Exists(copies))
        asked_for = request.GET.get("action__exact") in EFFECTS
        return people if asked_for else people.exclude(action__in=EFFECTS)

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        """Count everything."""
        return {"0__c": Count(pk_attname)}


class ReviewEventAdmin(ReadOnlyAdmin):
    """The audit: everything that happened, written once."""

    list_display = ("moment", "item", "action", "by", "status", "label", "champion", "reason")
    list_display_links = None
    list_filter = (_Shown, "action", ("actor", admin.RelatedOnlyFieldListFilter))
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "created"
    ordering = ("-id",)
    search_fields = ("^correction__id", "=actor_name")
    search_help_text = (
        "Start of a correction's id, or the name of who decided. Copies are found in everything."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List events, with a quick date hierarchy."""
        corrections = Correction.objects.filter(pk=OuterRef("correction"))
        return _Listed(ReviewEvent).annotate(there=Exists(corrections)).order_by(*self.ordering)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what this list is."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Audit"})

    @admin.display(description="Time (UTC)", ordering="created")
    def moment(self, event: ReviewEvent) -> SafeString:
        """When it was, to the second."""
        moment = event.created.astimezone(UTC)
        return format_html(
            '<time datetime="{}"><span>{}</span> <span>{}</span></time>',
            moment.isoformat(),
            f"{moment:%Y-%m-%d}",
            f"{moment:%H:%M:%S}",
        )

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
