"""Whose correction it is: a user who is logged in, or whoever holds a browser's signed key.

The key is a random number in a signed cookie; it says nothing about the person and is stored only
with what they submit. A user keeps what their browser submitted before they logged in.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

COOKIE: Final = "person"
MAX_AGE: Final = 365 * 24 * 3600  # seconds
ANONYMOUS: Final = "anonymous:"  # begins the keys of browsers
_SALT: Final = "feedback.people"

View = Callable[..., Any]


@dataclass(frozen=True)
class Person:
    """Somebody who submits corrections."""

    key: str  # what they submit carries this
    keys: tuple[str, ...]  # what carries any of these is theirs
    user_id: int | None = None
    is_new: bool = False  # nobody can have submitted anything under these keys yet
    # With which a socket of a user was opened; whoever knows it could pose as them.
    session: str | None = field(default=None, repr=False)


def of_request(request: HttpRequest) -> Person:
    """Return who sends a request. May look up a session: call it from a thread."""
    return _person(request.COOKIES.get(COOKIE), _pk(getattr(request, "user", None)))


def of_scope(scope: Mapping[str, Any]) -> Person:
    """Return who opened a socket. May look up a session: call it from a thread."""
    cookies = _cookies(scope)
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    user_id = None if session is None else user_of(session)
    return _person(cookies.get(COOKIE), user_id, session)


def of_scopes(scopes: Sequence[Mapping[str, Any]]) -> list[Person]:
    """Return who opened each of these sockets. May look up sessions: call it from a thread."""
    return [of_scope(scope) for scope in scopes]


def without_session(scope: Mapping[str, Any]) -> Person:
    """Return who opened a socket, by their browser's key alone."""
    return _person(_cookies(scope).get(COOKIE), None)


def has_session(scope: Mapping[str, Any]) -> bool:
    """Tell whether a socket came with a session, without looking it up."""
    return settings.SESSION_COOKIE_NAME in _cookies(scope)


def introduce(response: HttpResponseBase, person: Person) -> None:
    """Give a browser the key of a new person."""
    _, _, number = person.keys[-1].partition(":")
    response.set_cookie(
        COOKIE,
        signing.TimestampSigner(salt=_SALT).sign(number),
        max_age=MAX_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def introduced(view: View) -> View:
    """Wrap a page's view: a browser that has no key yet gets one with the page.

    A websocket handshake is too late for it: Daphne sends no headers of ours with that answer.
    """

    def greet(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if _number(request.COOKIES.get(COOKIE)) is None:
            introduce(response, _person(None, None))
        return response

    if iscoroutinefunction(view):

        @wraps(view)
        async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return greet(request, await view(request, *args, **kwargs))

        return wrapped

    @wraps(view)
    def wrapped_sync(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return greet(request, view(request, *args, **kwargs))

    return wrapped_sync


def user_of(session_key: str) -> int | None:
    """Return who is logged in with a session, by the rules of Django's login, if anybody still is.

    Looks it up: call it from a thread.
    """
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return _pk(get_user(request))


def _person(cookie: str | None, user_id: int | None, session: str | None = None) -> Person:
    known = _number(cookie)
    anonymous = f"{ANONYMOUS}{known or uuid.uuid4()}"
    if user_id is None:
        return Person(anonymous, (anonymous,), is_new=known is None)
    user = f"user:{user_id}"
    return Person(user, (user, anonymous), user_id, session=session)


def _number(cookie: str | None) -> uuid.UUID | None:
    """Return the number in a cookie that we have signed; None where it is anything else."""
    try:
        text = signing.TimestampSigner(salt=_SALT).unsign(cookie or "", max_age=MAX_AGE)
        return uuid.UUID(text)
    except (signing.BadSignature, ValueError):
        return None


def _cookies(scope: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                parsed = SimpleCookie(value.decode("latin1"))
            except CookieError:
                continue
            found |= {key: morsel.value for key, morsel in parsed.items()}
    return found


def _pk(user: User | AnonymousUser | None) -> int | None:
    return user.pk if user is not None and user.is_authenticated else None
