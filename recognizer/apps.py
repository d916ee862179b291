"""The Django app of the recogniser."""

from django.apps import AppConfig


class RecognizerConfig(AppConfig):
    """Live recognition and model versions."""

    name = "recognizer"
    verbose_name = "Recognition and its versions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add what is known here to what machines ask for."""
        from recognizer import outlook  # noqa: PLC0415 - needs the app registry
        from recognizer.figures import figures  # noqa: PLC0415

        figures.add(outlook.read)
