"""Django's entry to the trainer. Nothing here imports torch: the web process installs this app."""

from django.apps import AppConfig


class TrainerConfig(AppConfig):
    """Training of model versions."""

    name = "trainer"
    default_auto_field = "django.db.models.BigAutoField"
