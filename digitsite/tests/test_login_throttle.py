"""Passwords cannot be guessed for long, and guessing locks nobody else out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from digitsite import login_throttle

pytestmark = pytest.mark.django_db

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture(autouse=True)
def _nobody_has_failed(settings: Settings) -> Iterator[None]:
    settings.LOGIN_FAILURES, settings.LOGIN_FAILURES_PER_ADDRESS = 10, 50
    for counters in (login_throttle._by_name, login_throttle._by_address):
        counters.cache_clear()
    yield
    for counters in (login_throttle._by_name, login_throttle._by_address):
        counters.cache_clear()


@pytest.fixture(autouse=True)
def _staff() -> None:
    for name in ("mo", "other"):
        User.objects.create_user(name, password=f"right for {name}", is_staff=True)


def log_in(name: str, tried: str = "wrong", address: str = HOME) -> Any:
    return Client(REMOTE_ADDR=address).post(
        reverse("admin:login"), {"username": name, "password": tried}
    )


def test_after_ten_failures_the_right_password_has_to_wait() -> None:
    assert {log_in("mo").status_code for _ in range(10)} == {200}
    answer = log_in("mo", "right for mo")
    assert answer.status_code == 429
    assert 60 <= int(answer["Retry-After"]) <= 90
    assert b"too many attempts" in answer.content
    assert "sessionid" not in answer.cookies


@pytest.mark.parametrize("spelling", ["MO", " mo ", "\uff4do"])
def test_another_spelling_of_a_name_is_the_same_name(spelling: str) -> None:
    for _ in range(10):
        log_in("mo")
    assert log_in(spelling).status_code == 429


def test_others_at_that_address_and_the_user_elsewhere_log_in() -> None:
    for _ in range(25):
        log_in("mo")
    assert log_in("other", "right for other").status_code == 302
    assert log_in("mo", "right for mo", ELSEWHERE).status_code == 302


def test_an_address_cannot_try_one_name_after_another() -> None:
    assert {log_in(f"name{k}").status_code for k in range(50)} == {200}
    assert log_in("other", "right for other").status_code == 429
    assert log_in("other", "right for other", ELSEWHERE).status_code == 302


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 200),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", 200),
    ],
)
def test_addresses_of_one_household_are_one(one: str, other: str, status: int) -> None:
    for _ in range(10):
        log_in("mo", address=one)
    assert log_in("mo", address=other).status_code == status


def test_logins_count_for_nothing_and_wipe_out_nothing() -> None:
    for _ in range(30):
        assert log_in("mo", "right for mo").status_code == 302
    for _ in range(9):
        log_in("mo")
    assert log_in("mo", "right for mo").status_code == 302
    assert log_in("mo").status_code == 200
    assert log_in("mo").status_code == 429


def test_many_at_once_are_counted_one_by_one(rf: RequestFactory) -> None:
    asked = []

    def view(request: object) -> HttpResponse:
        asked.append(request)
        return HttpResponse()

    login = login_throttle.throttled(view)
    with ThreadPoolExecutor(16) as pool:
        requests = [rf.post("/", {"username": "mo"}) for _ in range(100)]
        answers = [answer.status_code for answer in pool.map(login, requests)]
    assert (len(asked), answers.count(429)) == (10, 90)


def test_what_is_no_answer_to_a_password_is_no_failure(rf: RequestFactory) -> None:
    def view(request: object) -> HttpResponse:
        raise OperationalError

    login = login_throttle.throttled(view)
    for _ in range(11):
        with pytest.raises(OperationalError):
            login(rf.post("/", {"username": "mo"}, REMOTE_ADDR=HOME))
    assert log_in("mo").status_code == 200


def test_the_page_itself_is_always_shown() -> None:
    for _ in range(11):
        log_in("mo")
    assert Client(REMOTE_ADDR=HOME).get(reverse("admin:login")).status_code == 200
