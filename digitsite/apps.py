"""The Django app of the wiring: it owns commands and start-up checks, no models."""

from django.apps import AppConfig


class DigitsiteConfig(AppConfig):
    """Registers the start-up checks."""

    name = "digitsite"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from digitsite import checks  # noqa: F401, PLC0415 - needs the app registry
