"""Makes the people whom a site knows: prints the cookies of each as JSON.

Runs with the settings of the site that is measured. Most of them have a browser's key and nothing
else, as anybody who has opened the page; some have taught something, some are logged in.
"""

import json
import sys
from importlib import import_module
from typing import Final

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django has to be set up
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.http import HttpResponse  # noqa: E402

from benchmarks import synthetic_corrections  # noqa: E402
from feedback import people  # noqa: E402

FEW: Final = 3


def cookies(count: int, taught: int, users: int, drawings: int = FEW) -> list[str]:
    """Return the Cookie header of each.

    The first have taught so many drawings each, the last are logged in.
    """
    keys = [f"anonymous:{number:032x}" for number in range(count)]
    for seed, key in enumerate(keys[:taught]):
        # Signing and reading a key again brings it into the form in which it is stored.
        synthetic_corrections.fill(drawings, seed, submitter=_person(key).key)
    headers = [_header(key) for key in keys]
    for number in range(count - users, count):
        headers[number] += f"; {settings.SESSION_COOKIE_NAME}={_session(f'user {number}')}"
    return headers


def _person(key: str) -> people.Person:
    return people.without_session({"headers": [(b"cookie", _header(key).encode())]})


def _header(key: str) -> str:
    return f"{people.COOKIE}={_signed(key)}"


def _signed(key: str) -> str:
    answer = HttpResponse()
    people.introduce(answer, people.Person(key, (key,)))
    return answer.cookies[people.COOKIE].value


def _session(name: str) -> str:
    user = User(username=name)
    user.set_unusable_password()
    user.save()
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    print(json.dumps(cookies(*map(int, sys.argv[1:]))))
