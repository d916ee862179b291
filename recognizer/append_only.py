"""Tables that are written once: rows are added and read, never changed, never deleted."""

from typing import Any, Never, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class AppendOnly(TypeError):
    """A ledger is written once."""


class AppendOnlyQuerySet(models.QuerySet[M]):
    """Rows that can be added and read."""

    def update(self, **changes: Any) -> Never:
        """Refuse."""
        raise AppendOnly(f"{self.model._meta.verbose_name_plural} are never changed")

    def delete(self) -> Never:
        """Refuse."""
        raise AppendOnly(f"{self.model._meta.verbose_name_plural} are never deleted")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Never:
        """Refuse."""
        raise AppendOnly(f"{self.model._meta.verbose_name_plural} are never changed")


class AppendOnlyModel(models.Model):
    """A row that is saved once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new row."""
        if not self._state.adding or kwargs.get("force_update"):
            raise AppendOnly(f"{self._meta.verbose_name_plural} are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        """Refuse."""
        raise AppendOnly(f"{self._meta.verbose_name_plural} are never deleted")
