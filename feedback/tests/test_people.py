"""Who submits: a signed key in a cookie, or the user who is logged in; nobody poses as another."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from feedback.people import COOKIE, introduce, introduced, of_request, of_scope

pytestmark = pytest.mark.django_db


def request(cookie: str | None = None, user: User | None = None) -> HttpRequest:
    made = RequestFactory().get("/")
    if cookie is not None:
        made.COOKIES[COOKIE] = cookie
    made.user = user or AnonymousUser()
    return made


def scope(**cookies: str) -> dict[str, Any]:
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {"headers": [(b"host", b"x"), (b"cookie", text.encode())]}


def cookie_of(response: HttpResponse) -> str:
    return response.cookies[COOKIE].value


@pytest.fixture
def cookie() -> str:
    response = HttpResponse()
    introduce(response, of_request(request()))
    return cookie_of(response)


def test_a_key_is_recognised_over_http_and_over_the_socket(cookie: str) -> None:
    one, other = of_request(request(cookie)), of_scope(scope(person=cookie))
    assert one == other
    assert one.key.startswith("anonymous:")
    assert not one.is_new


def test_without_a_key_everybody_is_somebody_new() -> None:
    one, other = of_request(request()), of_scope({"headers": []})
    assert one.is_new
    assert other.is_new
    assert one.key != other.key


@pytest.mark.parametrize("tamper", ["", "x", "0" * 36, "☃", "a:b:c"])
def test_a_key_that_we_have_not_signed_is_nobody_s(tamper: str) -> None:
    assert of_request(request(tamper)).is_new


def test_a_changed_number_is_not_recognised(cookie: str) -> None:
    other = ("0" if cookie[0] != "0" else "1") + cookie[1:]
    assert of_request(request(other)).is_new


def test_a_key_lasts_a_year(cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 366 * 24 * 3600)
    assert of_request(request(cookie)).is_new


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    introduce(response, of_request(request()))
    morsel = response.cookies[COOKIE]
    assert (morsel["httponly"], morsel["samesite"], morsel["secure"]) == (True, "Lax", True)
    assert morsel["max-age"] == 365 * 24 * 3600


def test_a_page_introduces_a_new_browser_once(cookie: str) -> None:
    view = introduced(lambda _: HttpResponse())
    fresh = cookie_of(view(request()))
    assert not of_request(request(fresh)).is_new
    assert COOKIE not in view(request(cookie)).cookies


async def test_an_async_page_does_too() -> None:
    async def page(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert COOKIE in (await introduced(page)(request())).cookies


def test_a_user_who_is_logged_in_keeps_what_the_browser_sent_before(cookie: str) -> None:
    user = User.objects.create_user("mo")
    before, after = of_request(request(cookie)), of_request(request(cookie, user))
    assert (after.key, after.user_id) == (f"user:{user.pk}", user.pk)
    assert after.keys == (after.key, before.key)


def test_the_socket_knows_the_user_of_a_session_and_not_of_an_old_one() -> None:
    user = User.objects.create_user("mo", password="mo")
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    assert of_scope(scope(sessionid=session)).key == f"user:{user.pk}"
    user.set_password("other")
    user.save()
    assert of_scope(scope(sessionid=session)).user_id is None
    SessionStore(session).delete()
    assert of_scope(scope(sessionid=session)).user_id is None


def test_odd_cookies_are_nobody_s() -> None:
    for text in (b"person", b"person=\xff\xfe; sessionid=../../x", b";;;=", b'person="\\'):
        assert of_scope({"headers": [(b"cookie", text)]}).user_id is None
