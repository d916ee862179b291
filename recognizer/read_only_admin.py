"""What the admin's pages have in common: nothing is edited in them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin  # generic for type checkers alone


class ReadOnlyAdmin(_Admin):
    """Rows that are looked at here and changed elsewhere, superusers included."""

    class Media:
        css: ClassVar = {"all": ["recognizer/lists.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


def short_time(moment: datetime) -> SafeString:
    """Return a moment in two short lines' width, for a list."""
    return format_html(
        '<time datetime="{}"><span>{}</span> <span>{}</span></time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d}",
        f"{moment:%H:%M}",
    )
