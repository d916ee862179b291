"""The Django app of the recogniser."""

from django.apps import AppConfig


class RecognizerConfig(AppConfig):
    """Live recognition and model versions."""

    name = "recognizer"
    default_auto_field = "django.db.models.BigAutoField"
