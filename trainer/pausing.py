"""What other rooms' pages say while learning is paused."""

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from recognizer import registry
from recognizer.pausing import Pause
from trainer import opening, reasons

_LOOKING = ("trainer.view_trainingrun", opening.PERMISSION, registry.PERMISSION)


def pause(user: User | AnonymousUser) -> Pause | None:
    """Return why nothing is learned by itself, and for who may look at the runs, where they are."""
    why = reasons.paused()
    if not why:
        return None
    may_look = any(user.has_perm(permission) for permission in _LOOKING)
    return Pause(why, reverse("admin:trainer_trainingrun_changelist") if may_look else "")
