"""Pages of other origins: the API for those that the setting names, nothing for anybody else."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from feedback.models import Correction
from feedback.tests.making import SEVEN, scrawl, user_with
from recognizer import api
from recognizer.quotas import Buckets

LAB = "https://lab.example"
PREDICT, CORRECTIONS = "/api/v1/predict", "/api/v1/corrections"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}
NAMES = (
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lab(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [LAB]


def post(client: Client, path: str, body: Any, origin: str = LAB) -> Any:
    text, kind = json.dumps(body), "application/json"
    return client.post(path, text, content_type=kind, headers={"Origin": origin})


def test_a_browser_is_told_what_such_a_page_may_do(client: Client) -> None:
    answer = client.options(PREDICT, headers={"Origin": LAB, **PREFLIGHT})
    assert answer.status_code == 200
    assert [answer[name] for name in NAMES] == [LAB, "GET, POST, DELETE", "content-type"]
    assert "access-control-allow-credentials" not in answer
    assert "origin" in answer["Vary"].lower()


def test_it_may_read_answers_and_errors(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [post(client, PREDICT, {"strokes": SEVEN}), post(client, PREDICT, {"strokes": 7})]
    monkeypatch.setattr(api, "_buckets", Buckets(0.001, 0))
    answers.append(post(client, PREDICT, {"strokes": SEVEN}))
    answers.append(client.get("/api/v1/nothing", headers={"Origin": LAB}))
    answers.append(client.get("/api/v1/corrections.csv", headers={"Origin": LAB}))
    assert [answer.status_code for answer in answers] == [200, 422, 429, 404, 403]
    for answer in answers:
        assert answer["Access-Control-Allow-Origin"] == LAB
        assert answer["Access-Control-Expose-Headers"] == "Retry-After"
        assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://lab.example",
        f"{LAB}:8443",
        f"{LAB}.evil.example",
        "null",
        "",
    ],
)
def test_no_other_page_may(client: Client, origin: str) -> None:
    answers = (
        client.options(PREDICT, headers={"Origin": origin, **PREFLIGHT}),
        post(client, PREDICT, {"strokes": SEVEN}, origin),
    )
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/health/live", "/metrics", "/static/x"])
def test_it_is_for_the_api_alone(client: Client, path: str) -> None:
    for answer in (
        client.get(path, headers={"Origin": LAB}),
        client.options(path, headers={"Origin": LAB, **PREFLIGHT}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_machines_may_name_any_origin_and_any_host(client: Client) -> None:
    headers = {"Host": "10.0.0.7", "Origin": LAB}
    assert client.get("/health/live", headers=headers).status_code == 200


def test_by_default_there_is_no_such_page(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = []
    answer = client.options(PREDICT, headers={"Origin": LAB, **PREFLIGHT})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_what_it_corrects_is_somebody_new_s(client: Client) -> None:
    """Also where the browser sends the visitor's cookie along, as between subdomains."""
    body: dict[str, Any] = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    client.post(CORRECTIONS, json.dumps(body), content_type="application/json")
    known = client.cookies["person"].value
    for label in ("7", "1"):
        answer = post(client, CORRECTIONS, {"strokes": scrawl(2), "label": label})
        assert answer.status_code == 201
        assert not answer.cookies
    assert client.cookies["person"].value == known
    assert Correction.objects.order_by().values("submitter").distinct().count() == 3
    assert client.get(CORRECTIONS, headers={"Origin": LAB}).json() == []
    assert [one["id"] for one in client.get(CORRECTIONS).json()] == [body["id"]]
    address = f"{CORRECTIONS}/{body['id']}"
    assert client.get(address, headers={"Origin": LAB}).status_code == 200
    assert client.delete(address, headers={"Origin": LAB}).status_code == 403


def test_a_login_does_not_count_there(client: Client) -> None:
    client.force_login(user_with("ex", "export_correction"))
    post(client, CORRECTIONS, {"strokes": SEVEN, "label": "7"})
    assert client.get(f"{CORRECTIONS}.csv").status_code == 200
    assert client.get(f"{CORRECTIONS}.csv", headers={"Origin": LAB}).status_code == 403


def test_an_origin_of_the_site_itself_keeps_its_cookies(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = settings.ALLOWED_ORIGINS = ["http://testserver"]
    body = {"strokes": SEVEN, "label": "7"}
    assert "person" in post(client, CORRECTIONS, body, "http://testserver").cookies


def test_under_a_foreign_host_nothing_is_allowed(client: Client) -> None:
    headers = {"Host": "evil.example", "Origin": LAB}
    for answer in (
        client.options(PREDICT, headers={**headers, **PREFLIGHT}),
        client.get("/api/v1/versions", headers=headers),
    ):
        assert answer.status_code == 400
        assert "Access-Control-Allow-Origin" not in answer


def test_the_site_s_own_pages_keep_their_cookies_where_a_proxy_hides_that_it_is_encrypted(
    client: Client, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = settings.ALLOWED_ORIGINS = ["https://testserver"]
    body = {"strokes": SEVEN, "label": "7"}
    answer = post(client, CORRECTIONS, body, origin="https://testserver")
    assert answer.status_code == 201
    assert answer.cookies
