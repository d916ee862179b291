"""The Django app of corrections and their review."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """Corrections."""

    name = "feedback"
    verbose_name = "Corrections and their review"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add what is known here to what machines and pages ask for."""
        from feedback import lessons, outlook  # noqa: PLC0415 - needs the app registry
        from recognizer import withdrawals  # noqa: PLC0415
        from recognizer.figures import figures  # noqa: PLC0415

        figures.add(outlook.read)
        withdrawals.told_by(lessons.taken_back)
