"""The Django app of corrections and their review."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """Corrections."""

    name = "feedback"
    verbose_name = "Corrections and their review"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add what is known here to what machines ask for."""
        from feedback import outlook  # noqa: PLC0415 - needs the app registry
        from recognizer.figures import figures  # noqa: PLC0415

        figures.add(outlook.read)
