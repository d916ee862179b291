"""Versions, their ledger and the processes that serve them, in Django's admin.

Promoting and rolling back have a page (`activation.py`) and a permission of their own. Nothing else
is changed here.
"""

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from recognizer import pausing, registry
from recognizer.activation import activate_view, may_promote, title_of
from recognizer.models import (
    Champion,
    ModelVersion,
    Promotion,
    ServingProcess,
    SplitOpening,
    VersionStatus,
)
from recognizer.read_only_admin import ReadOnlyAdmin, short_time

_REASON_SHOWN = 120  # characters of a reason in the list
_FOLLOWING = timedelta(minutes=1)  # by then every process that can serve a new champion does


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """The versions, and the page that makes one of them champion."""

    list_display = ("number", "role", "status", "parent", "digest", "created", "activate")
    list_select_related = ("parent",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-number",)
    change_list_template = "recognizer/versions.html"
    fields = (
        "number", "card", "parent", "status", "created", "folder", "sha256", "model_sha256",
        "activate", "measured", "made_from", "lessons",
    )  # fmt: skip
    readonly_fields = ("card", "activate", "measured", "made_from", "lessons")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who promotes also looks."""
        return super().has_view_permission(request, obj) or may_promote(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who looks finds it on the admin's home page."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Put ours before the admin's own, whose last one takes anything for a number."""
        view = self.admin_site.admin_view(activate_view)
        return [
            path("<int:number>/activate/", view, name="recognizer_modelversion_activate"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say which version is champion, how many processes serve it, and what came before it."""
        champion = registry.champion()
        live, processes = registry.serving_counts(champion.version_id)
        age = timezone.now() - champion.promotion.created
        context = {
            "title": "Model versions",
            "champion": champion.version_id,
            "counts": (live, processes),
            # One that refuses it stays behind for good, and is not waited for.
            "following": live < processes and age < _FOLLOWING,
            "pause": pausing.pause(request.user),
            "previous": registry.previous() if may_promote(request) else None,
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def get_list_display(self, request: HttpRequest) -> Any:
        """Offer the deed to those alone who may do it."""
        return _offered(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The same on the version's own page."""
        return _offered(request, super().get_fields(request, obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List versions with their part in the ledger."""
        rows: QuerySet[Any] = super().get_queryset(request)
        # A manifest names thousands of corrections; the page of one version loads its own.
        return rows.defer("manifest", "parent__manifest").annotate(
            is_champion=Exists(Champion.objects.filter(version=OuterRef("pk"))),
            is_older=Exists(Champion.objects.filter(version__gt=OuterRef("pk"))),
            was_champion=Exists(Promotion.objects.filter(to_version=OuterRef("pk"))),
        )

    @admin.display(description="Role")
    def role(self, version: Any) -> str:
        """What it is or was."""
        if version.is_champion:
            return "champion"
        return "earlier champion" if version.was_champion else "challenger"

    @admin.display(description="SHA-256 of its model")
    def digest(self, version: ModelVersion) -> str:
        """The start of it, which is enough to compare."""
        return version.model_sha256[:12]

    @admin.display(description="Model card")
    def card(self, version: ModelVersion) -> SafeString:
        """The way to what it was made from, how well it reads and whom it reads badly."""
        url = reverse("model_card", args=[version.pk])
        return format_html('<a href="{}">Model card of version {}</a>', url, version.pk)

    @admin.display(description="Metrics")
    def measured(self, version: ModelVersion) -> SafeString:
        """What the gate measured."""
        return _listed(version.metrics)

    @admin.display(description="Made from")
    def made_from(self, version: ModelVersion) -> SafeString:
        """The manifest, without what would fill pages."""
        long = {"corrections", "settings"}
        return _listed({name: v for name, v in version.manifest.items() if name not in long})

    @admin.display(description="Corrections in it")
    def lessons(self, version: ModelVersion) -> str:
        """How many it has learned from; its card names them."""
        return str(len(version.manifest.get("corrections", [])))

    @admin.display(description="Action")
    def activate(self, version: Any) -> SafeString | str:
        """The way to the page that makes it champion."""
        if version.is_champion or version.status == VersionStatus.BROKEN:
            return ""
        url = reverse("admin:recognizer_modelversion_activate", args=[version.pk])
        return format_html(
            '<a href="{}">{}</a>',
            url,
            title_of(version.pk, version.was_champion and version.is_older),
        )


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    """The ledger: which version answered from when on, and why."""

    list_display = ("at", "what", "by", "why")
    list_filter = ("kind",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Call it what it is."""
        return super().changelist_view(
            request, {**(extra_context or {}), "title": "Ledger of promotions"}
        )

    @admin.display(description="When (UTC)")
    def at(self, line: Promotion) -> SafeString:
        """When it took effect; the way to the whole line."""
        return short_time(line.created)

    @admin.display(description="What")
    def what(self, line: Promotion) -> str:
        """From which version to which, and whether against the gate."""
        versions = f"{line.from_version_id or 'none'} → {line.to_version_id}"
        against = ", gate overridden" if line.override else ""
        return f"{line.get_kind_display()} {versions}{against}"

    @admin.display(description="Reason")
    def why(self, line: Promotion) -> str:
        """The start of the reason."""
        return Truncator(line.reason).chars(_REASON_SHOWN)

    @admin.display(description="By", ordering="actor_name")
    def by(self, line: Promotion) -> str:
        """Who did it."""
        return line.actor_name or (f"run {line.run}" if line.run else "the machine")


@admin.register(ServingProcess)
class ServingProcessAdmin(ReadOnlyAdmin):
    """What each web process serves."""

    list_display = ("process", "version", "alive", "loaded_at", "seen_at", "refused", "problem")
    list_display_links = None
    list_per_page = 50
    ordering = ("-seen_at",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Call it what it is: nothing is selected here."""
        return super().changelist_view(
            request, {**(extra_context or {}), "title": "Serving processes"}
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """List processes, and whether they were heard of lately."""
        rows: QuerySet[Any] = super().get_queryset(request)
        live = registry.live_processes().filter(pk=OuterRef("pk"))
        return rows.annotate(is_live=Exists(live))

    @admin.display(description="Alive", boolean=True)
    def alive(self, process: Any) -> bool:
        """Whether it counts."""
        return bool(process.is_live)


@admin.register(SplitOpening)
class SplitOpeningAdmin(ReadOnlyAdmin):
    """Who looked at a test set with which version, and what they saw."""

    list_display = ("created", "split", "version", "again", "by", "digest")
    list_filter = ("split", "again")
    list_per_page = 50
    ordering = ("-id",)
    fields = ("created", "split", "version", "again", "by", "model_sha256", "split_sha256", "seen")
    readonly_fields = ("seen",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Call it what it is: nothing is selected here."""
        return super().changelist_view(
            request, {**(extra_context or {}), "title": "Looks at test sets"}
        )

    @admin.display(description="SHA-256 of its model")
    def digest(self, opening: SplitOpening) -> str:
        """The start of it, which is enough to compare."""
        return opening.model_sha256[:12]

    @admin.display(description="Result")
    def seen(self, opening: SplitOpening) -> SafeString:
        """The figures."""
        return _listed(opening.result)


def _offered(request: HttpRequest, names: Any) -> list[Any]:
    return [name for name in names if name != "activate" or may_promote(request)]


def _listed(facts: dict[str, Any]) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(facts, indent=2))
