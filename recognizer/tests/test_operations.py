"""Health and metrics: degraded is still serving; metrics are not for everybody."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

pytestmark = [pytest.mark.usefixtures("standin"), pytest.mark.django_db]


def test_a_live_process_says_so(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


def test_a_ready_process_names_its_version(client: Client) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["version"] == 7
    assert answer.json()["checks"]["model"] == "ok"


@pytest.mark.usefixtures("nothing_served")
def test_a_process_without_a_model_is_not_ready(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_redis_down_is_degraded_and_still_serving(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["redis"] == "down"


def test_the_database_down_is_degraded_and_still_serving(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (200, "down")


def test_metrics_are_in_prometheus_format(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    for name in ("predict_seconds", "ws_open", "loop_lag_seconds", "model_active_version"):
        assert f"# TYPE {name} " in text


def test_metrics_are_refused_to_other_machines_and_through_a_proxy(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403


def test_with_a_token_metrics_need_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "token"
    assert client.get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer token"}
    elsewhere = client.get("/metrics", headers=bearer, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200
    assert client.get("/metrics", headers=bearer | {"X-Forwarded-For": "a"}).status_code == 200
