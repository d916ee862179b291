"""Whether learning goes on by itself, for every page that shows versions or what waits for one.

Only the room that trains knows, and nothing here imports it: it says so with `told_by`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User


@dataclass(frozen=True)
class Pause:
    """Why nothing is learned by itself."""

    why: str  # who did what, and what ends it
    url: str  # of the page where it is ended; empty for who may not look at it


Ask = Callable[[User | AnonymousUser], Pause | None]


def _nobody(user: User | AnonymousUser) -> None:
    """Know of no pause: where nothing trains, nothing pauses."""


_ask: Ask = _nobody


def told_by(ask: Ask) -> None:
    """Have `ask` say whether learning is paused; it is called for each page that shows it."""
    global _ask
    _ask = ask


def is_paused() -> bool:
    """Say whether nothing is learned by itself, which anybody may know; why is for staff."""
    return _ask(AnonymousUser()) is not None


def pause(user: User | AnonymousUser) -> Pause | None:
    """Return the pause as this user may know it; None while learning goes on."""
    return _ask(user)
