"""Django's entry to the trainer. Nothing here imports torch: the web process installs this app."""

from django.apps import AppConfig


class TrainerConfig(AppConfig):
    """Training of model versions."""

    name = "trainer"
    verbose_name = "Training"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add what is known here to what machines and pages ask for."""
        from recognizer import pausing  # noqa: PLC0415
        from recognizer.figures import figures  # noqa: PLC0415
        from trainer import outlook  # noqa: PLC0415 - needs the app registry
        from trainer.pausing import pause  # noqa: PLC0415

        figures.add(outlook.read)
        pausing.told_by(pause)
