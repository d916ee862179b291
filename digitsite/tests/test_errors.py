"""What is answered where no view answers."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

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


def test_pages_get_pages(client: Client) -> None:
    response = client.get("/nothing", headers={"host": "localhost"})
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


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


def test_a_form_without_its_token_gets_a_page_that_the_content_policy_lets_through() -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "mo"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "cookie" in page
    assert "<style" not in page
    assert "style=" not in page
    assert "css/tokens.css" in page
