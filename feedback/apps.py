"""The Django app of corrections and their review."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """Corrections."""

    name = "feedback"
    default_auto_field = "django.db.models.BigAutoField"
