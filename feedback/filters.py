"""The narrowings as filters of the admin's list."""

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from feedback.narrowing import Choices, Narrowing, Unknown


class _NarrowingFilter(SimpleListFilter):
    """A narrowing as a filter of the list."""

    narrowing: ClassVar[Narrowing]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the answers; with counts on, Django asks for them again for every filter."""
        known: dict[str, Choices] = request.__dict__.setdefault("_narrowing_choices", {})
        if self.narrowing.name not in known:
            known[self.narrowing.name] = self.narrowing.choices()
        return known[self.narrowing.name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what answers as chosen."""
        value = self.value()
        if not value:
            return queryset
        try:
            return queryset.filter(self.narrowing.condition(value))
        except Unknown as error:
            raise IncorrectLookupParameters from error

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        """Count by the conditions themselves: Django's own way is a subquery for each answer."""
        return {
            f"{number}__c": Count(pk_attname, filter=self.narrowing.condition(str(value)))
            for number, (value, _) in enumerate(self.lookup_choices)
        }


def list_filter_of(narrowing: Narrowing) -> type[SimpleListFilter]:
    """Return the filter class of a narrowing."""
    attributes = {
        "title": narrowing.title,
        "parameter_name": narrowing.name,
        "narrowing": narrowing,
        "__doc__": f"By {narrowing.title}.",
    }
    return type(f"{narrowing.name.title()}Filter", (_NarrowingFilter,), attributes)
