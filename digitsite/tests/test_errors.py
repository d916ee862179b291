"""What is answered where no view answers."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from digitsite import errors


@pytest.mark.parametrize(
    ("path", "host", "status", "code"),
    [
        ("/api/v1/nothing", "localhost", 404, "missing"),
        ("/api/v1/versions", "evil.example", 400, "request"),
    ],
)
def test_the_api_answers_in_its_own_shape(
    client: Client, path: str, host: str, status: int, code: str
) -> None:
    response = client.get(path, headers={"host": host})
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert set(response.json()["error"]) == {"code", "message", "field"}


@pytest.mark.parametrize(
    ("path", "host", "status", "words"),
    [
        ("/nothing", "localhost", 404, "There is nothing here"),
        ("/", "evil.example", 400, "This was not understood"),
    ],
)
def test_pages_get_pages_in_the_look_of_the_site(
    client: Client, path: str, host: str, status: int, words: str
) -> None:
    response = client.get(path, headers={"host": host})
    page = response.content.decode()
    assert response.status_code == status
    assert f"<h1>{words}</h1>" in page
    assert "css/tokens.css" in page
    assert "<style" not in page


@pytest.mark.django_db
def test_a_missing_page_names_what_is_missing_and_nothing_else(client: Client) -> None:
    page = client.get("/models/99/card", headers={"host": "localhost"}).content.decode()
    assert "There is nothing here" in page
    assert "tried" not in client.get("/nothing", headers={"host": "localhost"}).content.decode()


@pytest.mark.django_db
def test_the_admin_s_missing_page_leads_back(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    for path in ("/admin/nothing/", "/admin/feedback/correction/1/change/"):
        response = client.get(path, headers={"host": "localhost"})
        page = response.content.decode()
        assert response.status_code == 404, path
        assert "There is nothing here" in page
        assert '<a href="/admin/">Back to what you may do here</a>' in page
    assert "its owner may have deleted it" in page


def test_an_error_s_page_asks_no_database(rf: RequestFactory) -> None:
    page = errors.server_error(rf.get("/")).content.decode()
    assert "<h1>Something went wrong on the server</h1>" in page
    assert "css/tokens.css" in page


@pytest.mark.parametrize(
    "path", ["/api/v1/versions", "/api/v1/runs", "/api/v1/corrections", "/api/v1/openapi.json"]
)
@pytest.mark.django_db
def test_what_can_be_got_can_be_asked_for_without_its_body(client: Client, path: str) -> None:
    asked, got = (ask(path, headers={"host": "localhost"}) for ask in (client.head, client.get))
    assert asked.status_code == got.status_code == 200
    assert asked["Content-Type"] == got["Content-Type"]


def test_an_address_that_takes_get_says_that_it_takes_head(client: Client) -> None:
    answer = client.put("/api/v1/versions", headers={"host": "localhost"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    asked = client.head("/api/v1/predict", headers={"host": "localhost"})
    assert (asked.status_code, asked["Allow"]) == (405, "POST")


@pytest.mark.django_db
def test_the_admin_says_who_may_not_do_it_and_offers_a_way_back(client: Client) -> None:
    client.force_login(User.objects.create_user("<i>bare</i>", is_staff=True))
    response = client.get("/admin/feedback/correction/review/", headers={"host": "localhost"})
    page = response.content.decode()
    assert response.status_code == 403
    assert '<a href="/admin/">Back to what you may do here</a>' in page
    assert "&lt;i&gt;bare&lt;/i&gt;" in page
    assert "<i>bare" not in page


def test_an_error_says_nothing_about_its_cause(rf: RequestFactory) -> None:
    request = rf.get("/api/v1/predict")
    answers = [
        errors.server_error(request),
        errors.permission_denied(request, PermissionDenied("secret")),
        errors.csrf_failure(request, "secret"),
        errors.server_error(rf.get("/")),
        errors.permission_denied(rf.get("/"), PermissionDenied("")),
    ]
    assert [answer.status_code for answer in answers] == [500, 403, 403, 500, 403]
    assert not any(b"secret" in answer.content for answer in answers)


OURS = {"origin": "http://testserver"}
TYPED = {"reason": "reads <sevens", "csrfmiddlewaretoken": "old", "version": "2"}


def signed_in() -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root", password="root"))
    return client


@pytest.mark.django_db
def test_a_form_of_the_admin_that_was_open_for_too_long_can_be_sent_once_more(
    settings: Settings,
) -> None:
    settings.ALLOWED_ORIGINS = ["http://testserver"]
    client = signed_in()
    address = reverse("admin:trainer_trainingrun_start") + "?from=list"
    answer = client.post(address, TYPED, headers=OURS)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert re.search('<textarea[^>]* name="reason"[^>]*>reads &lt;sevens</textarea>', page)
    assert '<input type="hidden" name="version" value="2">' in page
    assert f'action="{address}"' in page
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    assert "style=" not in page
    again = client.post(address, TYPED | {"csrfmiddlewaretoken": token}, headers=OURS)
    assert again.status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", None])
def test_what_another_site_sends_is_not_shown_as_typed(
    settings: Settings, origin: str | None
) -> None:
    settings.ALLOWED_ORIGINS = ["http://testserver"]
    headers = {"origin": origin} if origin else {}
    answer = signed_in().post(reverse("admin:trainer_trainingrun_start"), TYPED, headers=headers)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "sevens" not in page
    assert "load the page again" in page


@pytest.mark.django_db
def test_who_is_not_signed_in_any_more_keeps_what_they_typed(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["http://testserver"]
    client = Client(enforce_csrf_checks=True)
    page = client.post(reverse("admin:trainer_trainingrun_start"), TYPED, headers=OURS)
    assert "reads &lt;sevens" in page.content.decode()
    assert "not signed in any more" in page.content.decode()


@pytest.mark.django_db
def test_no_password_is_sent_back(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["http://testserver"]
    typed = {"username": "mo", "password": "hunter2"}
    for client in (Client(enforce_csrf_checks=True), signed_in()):
        answer = client.post("/admin/login/", typed, headers=OURS)
        assert answer.status_code == 403
        assert "hunter2" not in answer.content.decode()
        assert 'value="mo"' not in answer.content.decode()


def test_a_form_without_its_token_gets_a_page_that_the_content_policy_lets_through() -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "mo"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "cookie" in page
    assert "<style" not in page
    assert "style=" not in page
    assert "css/tokens.css" in page
