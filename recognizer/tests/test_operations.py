"""Health and metrics: degraded is still serving; metrics are not for everybody."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from digitsite.tests import tiny_version
from recognizer import pulse, readiness, registry, serving, watching
from recognizer.checkpoints import MODEL, WEIGHTS
from recognizer.glance import Glance
from recognizer.tests.making_versions import flip_a_bit, folder_of, made

pytestmark = [pytest.mark.usefixtures("standin", "looks_here"), pytest.mark.django_db]


def ready(client: Client, status: int = 200) -> dict[str, Any]:
    answer = client.get("/health/ready")
    assert answer.status_code == status
    told: dict[str, Any] = answer.json()
    return told


def metric(client: Client, name: str) -> float | None:
    lines = client.get("/metrics").content.decode().splitlines()
    values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")]
    return values[0] if values else None


def test_a_live_process_says_so(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


def test_a_ready_process_names_its_version(client: Client) -> None:
    told = ready(client)
    assert (told["status"], told["version"]) == ("ok", 7)
    names = ("model", "champion", "database", "redis", "disk")
    assert told["checks"] == {**dict.fromkeys(names, "ok"), "redis": "none"}
    assert told["details"] == {}


@pytest.mark.usefixtures("nothing_served")
def test_a_process_without_a_model_is_not_ready(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_redis_down_is_degraded_and_still_serving(client: Client, settings: Settings) -> None:
    assert metric(client, "redis_up") is None
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    told = ready(client)
    assert (told["status"], told["checks"]["redis"]) == ("degraded", "down")
    assert "DIGITSITE_REDIS_URL" in told["details"]["redis"]
    assert "nowhere" not in str(told)
    assert metric(client, "redis_up") == 0


@pytest.mark.usefixtures("no_writes")
def test_a_database_that_can_only_be_read_is_degraded_and_still_serving(client: Client) -> None:
    told = ready(client)
    assert (told["status"], told["checks"]["database"]) == ("degraded", "down")
    assert "it takes no writes" in told["details"]["database"]
    assert "manage.py doctor" in told["details"]["database"]


def test_a_database_that_takes_no_writes_is_a_metric(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert metric(client, "database_up") == 1
    monkeypatch.setattr(pulse.ours, "_latest", pulse.Beat("ok", "", 0.0))

    def refuse() -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(pulse, "try_now", refuse)
    assert metric(client, "database_up") == 0


def test_the_process_s_own_writes_are_enough_to_know(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[None] = []
    monkeypatch.setattr(pulse, "try_now", lambda: tried.append(None))
    pulse.ours.beat(lambda: None)
    assert ready(client)["checks"]["database"] == "ok"
    assert tried == []


@pytest.mark.parametrize("name", ["database", "redis", "disk"])
def test_what_hangs_is_told_and_keeps_nobody(
    name: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(self: Glance[Any]) -> Any:
        if self._name == f"look-{name}":
            raise TimeoutError
        return await asked(self)

    asked = Glance.ask
    monkeypatch.setattr(Glance, "ask", hang)
    told = ready(client)
    assert (told["status"], told["checks"][name]) == ("degraded", "down")
    assert "does not answer" in told["details"][name]
    assert client.get("/metrics").status_code == 200


def test_a_full_disk_is_degraded_and_names_what_is_on_it(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VERSIONS_DIR = tmp_path

    def nearly(folder: Path) -> Any:
        return SimpleNamespace(free=(199 if folder == tmp_path else 1000) << 20)

    monkeypatch.setattr(shutil, "disk_usage", nearly)
    told = ready(client)
    assert (told["status"], told["checks"]["disk"]) == ("degraded", "down")
    assert "less than 200 MB free for versions: make room" in told["details"]["disk"]
    assert str(tmp_path) not in str(told)
    assert metric(client, 'disk_free_bytes{place="versions"}') == 199 << 20
    assert metric(client, 'disk_free_bytes{place="state"}') == 1000 << 20


@pytest.mark.usefixtures("state", "unbooted")
def test_a_champion_that_was_refused_is_degraded_and_named(
    client: Client, settings: Settings
) -> None:
    version = made()
    registry.promote(version.number, reason="x", expected=1)
    flip_a_bit(folder_of(version) / MODEL)
    watching._one().step()
    serving.boot()
    told = ready(client)
    assert (told["status"], told["version"], told["checks"]["model"]) == ("degraded", 1, "ok")
    assert told["checks"]["champion"] == "refused"
    said = told["details"]["champion"]
    assert said.startswith("version 2 should be served and was refused (v000002/model.onnx")
    assert "version 1 answers" in said
    assert str(settings.STATE) not in said
    assert metric(client, "model_refused_version") == 2
    registry.rollback(None, "x")
    watching._one().step()
    assert ready(client)["checks"]["champion"] == "ok"
    assert metric(client, "model_refused_version") == 0


@pytest.mark.usefixtures("state", "unbooted")
@pytest.mark.parametrize("spoil", [flip_a_bit, Path.unlink])
def test_a_champion_that_could_not_be_loaded_again_is_degraded_and_goes_on(
    client: Client, settings: Settings, spoil: Callable[[Path], None]
) -> None:
    version = made()
    registry.promote(version.number, reason="x", expected=1)
    watching._one().step()
    assert ready(client)["checks"]["champion"] == "ok"
    weights = folder_of(version) / WEIGHTS
    whole = weights.read_bytes()
    spoil(weights)
    told = ready(client)
    assert (told["status"], told["version"], told["checks"]["model"]) == ("degraded", 2, "ok")
    assert told["checks"]["champion"] == "damaged"
    said = told["details"]["champion"]
    assert said.startswith("version 2 goes on answering from memory, but its files are not whole")
    assert "(v000002/weights.safetensors" in said
    assert str(settings.STATE) not in said
    assert metric(client, "model_files_whole") == 0
    weights.write_bytes(whole)
    assert ready(client)["checks"]["champion"] == "ok"
    assert metric(client, "model_files_whole") == 1


@pytest.mark.usefixtures("state", "unbooted")
def test_what_was_found_of_one_version_is_not_said_of_the_next(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made(), made()
    for version, champion in ((first, 1), (second, first.number)):
        registry.promote(version.number, reason="x", expected=champion)
        watching._one().step()
    (folder_of(second) / WEIGHTS).unlink()
    assert ready(client)["checks"]["champion"] == "damaged"
    found = readiness.files_glance._look()
    monkeypatch.setattr(readiness.files_glance, "_look", lambda: found)  # as kept for a while
    assert ready(client)["checks"]["champion"] == "damaged"
    registry.rollback(None, "as advised")
    watching._one().step()
    told = ready(client)
    assert (told["version"], told["checks"]["champion"]) == (first.number, "ok")


@pytest.mark.usefixtures("state", "unbooted")
def test_a_champion_that_a_store_keeps_is_not_missed_here(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    version = made()
    registry.promote(version.number, reason="x", expected=1)
    watching._one().step()
    shutil.copytree(settings.VERSIONS_DIR, tmp_path / "store")
    shutil.rmtree(folder_of(version))
    assert ready(client)["checks"]["champion"] == "damaged"
    settings.STORAGES = settings.STORAGES | {
        "versions": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "store"},
        }
    }
    assert ready(client)["checks"]["champion"] == "ok"


@pytest.mark.usefixtures("unbooted")
def test_a_pinned_version_that_could_not_be_loaded_again_is_degraded(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MODEL_DIR = tiny_version.write(tmp_path / "pinned", number=9)
    serving.boot()
    assert ready(client)["checks"]["champion"] == "ok"
    shutil.rmtree(settings.MODEL_DIR)
    told = ready(client)
    assert (told["status"], told["version"]) == ("degraded", 9)
    assert told["checks"]["champion"] == "damaged"
    assert str(tmp_path) not in str(told)


@pytest.mark.usefixtures("unbooted")
def test_a_pinned_version_that_was_refused_is_degraded(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MODEL_DIR = tiny_version.write(tmp_path / "pinned", number=9)
    flip_a_bit(settings.MODEL_DIR / MODEL)
    serving.boot()
    told = ready(client)
    assert (told["status"], told["version"]) == ("degraded", 1)
    assert told["details"]["champion"].startswith("version 1 answers: the pinned one was refused")
    assert str(tmp_path) not in str(told)


def test_a_model_that_is_missing_outweighs_all_else(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    monkeypatch.setattr(serving, "_predictor", None)
    told = ready(client, 503)
    assert (told["status"], told["version"]) == ("unavailable", None)
    assert {"model", "redis"} <= set(told["details"])


def test_metrics_are_in_prometheus_format(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    for name in (
        "predict_seconds",
        "predict_batch",
        "ws_open",
        "loop_lag_seconds",
        "model_active_version",
        "swap_seconds",
    ):
        assert f"# TYPE {name} " in text


def test_metrics_are_refused_to_other_machines_and_through_a_proxy(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403


def test_metrics_are_refused_to_a_page_whose_own_name_leads_here(
    client: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["digits.example.org"]
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[nonsense", ""):
        assert client.get("/metrics", headers={"Host": host}).status_code == 403
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "10.0.0.7", "digits.example.org"):
        assert client.get("/metrics", headers={"Host": host}).status_code == 200


def test_with_a_token_metrics_need_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "token"
    assert client.get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer token"}
    elsewhere = client.get("/metrics", headers=bearer, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200
    assert client.get("/metrics", headers=bearer | {"X-Forwarded-For": "a"}).status_code == 200
