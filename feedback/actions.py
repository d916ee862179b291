"""What can be done with a selection of the admin's list: decide, undo and export.

Before a decision every picture is shown and the label pairs are counted (`bulk.py`).
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    QueryDict,
)
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from feedback import decisions, exports, review, undoing
from feedback.bulk import BULKS, IN_MENU, LIMIT, asked_for, carry_out, confirmation, report
from feedback.models import Correction, CorrectionQuerySet
from feedback.moves import Outcome
from recognizer.read_only_admin import ReadOnlyAdmin

EXPORT: Final = "feedback.export_correction"


class SelectionActions(ReadOnlyAdmin):
    """The actions of the list, and the address at which a decision is confirmed."""

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Who decides."""
        return request.user.has_perm(decisions.PERMISSION)

    def page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        """Return a page with what every page of the admin has."""
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, everywhere | context)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer decisions to those who may decide, and files to those who may export."""
        actions: dict[str, Any] = {}
        if self.has_review_permission(request):
            titles = {name: BULKS[name].title for name in IN_MENU} | {undoing.NAME: undoing.TITLE}
            for name, title in titles.items():
                actions[name] = (partial(self._confirm, name), name, title)
        if request.user.has_perm(EXPORT):
            for form in exports.FORMATS:
                name = f"export_{form}"
                actions[name] = (partial(self._export, form), name, f"Export as {form.upper()}")
        return actions

    def _export(
        self, form: str, _: Any, request: HttpRequest, queryset: CorrectionQuerySet
    ) -> HttpResponseBase:
        """Answer with what was selected as a file."""
        chosen = queryset.order_by().values("pk")
        return exports.download(request, Correction.objects.filter(pk__in=chosen), form)

    def _confirm(
        self, name: str, _: Any, request: HttpRequest, queryset: CorrectionQuerySet
    ) -> HttpResponse | None:
        """Show every picture and the counts before anything is done."""
        title = undoing.TITLE if name == undoing.NAME else BULKS[name].title
        count = queryset.count()
        if count > LIMIT:
            self.message_user(
                request,
                f"{title}: {count} are selected and at most {LIMIT} can be decided at once. "
                "Narrow the list first.",
                messages.ERROR,
            )
            return None
        undoes = name == undoing.NAME
        context = {
            "title": f"{title}?",
            "back": request.GET.urlencode(),
            **(undoing.confirmation(queryset) if undoes else confirmation(BULKS[name], queryset)),
        }
        return self.page(request, "feedback/confirmation.html", context)

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Decide what was confirmed, say what happened, go back to where it was asked for."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = request.POST
        try:
            bulk, ids = asked_for(form)
            outcome = carry_out(bulk, ids, review.user_of(request), form.get("label") or None)
        except ValueError as error:
            self.message_user(request, f"Nothing was done: {error}.", messages.ERROR)
        else:
            # The page of an item has a form of its own.
            self._tell(request, report(bulk, outcome), None if form.get("item") else outcome)
        return _back(form)

    def take_back_view(self, request: HttpRequest) -> HttpResponse:
        """Undo decisions, say what happened, go back to where it was asked for."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = request.POST
        try:
            events = undoing.asked_for(form)
        except ValueError as error:
            self.message_user(request, f"Nothing was done: {error}.", messages.ERROR)
        else:
            user = review.user_of(request)
            outcome = undoing.carry_out(events, user, form.get("reason", ""))
            self._tell(request, undoing.report(outcome))
        return _back(form)

    def _tell(
        self,
        request: HttpRequest,
        sentences: Iterable[tuple[bool, str]],
        undoable: Outcome | None = None,
    ) -> None:
        """Show what happened, with a way back behind what went well."""
        for went_well, sentence in sentences:
            said = sentence
            if went_well and undoable:
                back = request.POST.get("back", "")
                said = undoing.offer(request, sentence, undoable, back)
            level = messages.SUCCESS if went_well else messages.WARNING
            self.message_user(request, said, level)


def _back(form: QueryDict) -> HttpResponse:
    """Lead to the item's page or to the list, wherever the form was."""
    try:
        item = UUID(form.get("item", ""))
    except ValueError:
        query = QueryDict(form.get("back", "")).urlencode()
        return redirect(f"{reverse('admin:feedback_correction_changelist')}?{query}")
    return redirect("admin:feedback_correction_change", item)
