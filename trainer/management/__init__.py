"""Django's management commands of the trainer."""
