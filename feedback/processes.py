"""What the web processes serve, as corrections want to know it."""

from datetime import datetime

from django.db.models import Max

from recognizer import registry


def served() -> list[int | None]:
    """Return the version that each live web process serves; None for one that serves none."""
    return list(registry.live_processes().values_list("version", flat=True))


def latest_swap() -> datetime | None:
    """Return when the last live web process loaded what it serves, as it says itself."""
    return registry.live_processes().aggregate(latest=Max("loaded_at"))["latest"]
