"""What happens before a start: only what is needed, and refusals in a sentence."""

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError

from digitsite import checks, commandline, preparation
from digitsite.commandline import CannotRun
from digitsite.locks import Taken, exclusive
from digitsite.management.commands import serve
from digitsite.tests import processes
from recognizer import serving

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the commands that were called."""
    called: list[str] = []
    monkeypatch.setattr(preparation, "call_command", lambda name, **_: called.append(name))
    return called


@pytest.fixture
def static_root(tmp_path: Path, settings: Any) -> Path:
    root = tmp_path / "static"
    root.mkdir()
    settings.STATIC_ROOT = root
    return root


@pytest.mark.django_db(transaction=True)  # its connection is closed
def test_an_up_to_date_installation_is_left_alone(calls: list[str], static_root: Path) -> None:
    preparation.prepare()
    assert calls == ["collectstatic"]
    preparation.prepare()
    assert calls == ["collectstatic"]


@pytest.mark.django_db(transaction=True)  # its connection is closed
def test_a_changed_file_is_collected(
    calls: list[str], static_root: Path, tmp_path: Path, settings: Any
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    settings.STATICFILES_DIRS = [folder]
    for content in ("a", "bb"):
        (folder / "x.js").write_text(content)
        preparation.prepare()
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_behind_is_migrated(calls: list[str], static_root: Path) -> None:
    call_command("migrate", "sessions", "zero", verbosity=0)
    try:
        preparation.prepare()
        assert calls[0] == "migrate"
    finally:
        call_command("migrate", "sessions", verbosity=0)


@pytest.mark.django_db
def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch, static_root: Path) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(preparation, "call_command", full)
    with pytest.raises(CannotRun, match=r"No space left on device.*has space left"):
        preparation.prepare()


def test_a_nearly_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 199 * 2**20))
    with pytest.raises(CannotRun, match=r"Only 199 MB are free in .* and 200 MB are needed"):
        serve.require_space(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 201 * 2**20))
    serve.require_space(tmp_path)


def test_with_no_version_to_serve_the_start_is_refused(
    tmp_path: Path, model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODEL_DIR = None
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", tmp_path / "none")
    with pytest.raises(CannotRun, match=r"none cannot be served: .* `git checkout"):
        preparation.require_model()
    assert [problem.id for problem in checks.check_model(None)] == ["digitsite.W002"]
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", model)
    preparation.require_model()
    assert checks.check_model(None) == []


def test_a_pinned_version_that_is_not_whole_is_not_replaced_by_the_anchor(
    tmp_path: Path, model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", model)
    settings.MODEL_DIR = tmp_path / "missing"
    for require in (preparation.require_model, preparation.require_pinned):
        with pytest.raises(CannotRun, match=r"missing cannot be served: .* DIGITSITE_MODEL, or"):
            require()
    assert [problem.id for problem in checks.check_model(None)] == ["digitsite.E002"]
    settings.MODEL_DIR = model
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", tmp_path / "none")
    preparation.require_model()  # what was pinned is enough
    assert checks.check_model(None) == []


@pytest.mark.parametrize("command", [["serve"], ["web"], ["web", "--prepared"]])
def test_a_start_with_a_missing_pinned_version_is_one_sentence(
    command: list[str], tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    status, said = processes.run(*command, state=tmp_path / "state", MODEL=missing)
    assert status == 1
    assert said.startswith(f"digitsite: The model version in {missing} cannot be served: ")
    assert said.count("\n") == 1


def test_an_altered_version_is_noticed(
    tmp_path: Path, model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = shutil.copytree(model, tmp_path / "altered")
    content = bytearray((altered / "model.onnx").read_bytes())
    content[500] ^= 1
    (altered / "model.onnx").write_bytes(content)
    settings.MODEL_DIR = altered
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", altered)
    with pytest.raises(CannotRun, match="does not match the SHA-256"):
        preparation.require_model()


def test_old_servers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_versions(None) == []
    monkeypatch.setattr(checks, "version", lambda _: "4.2.1")
    assert {problem.id for problem in checks.check_versions(None)} == {"digitsite.E001"}


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        exclusive(path, wait=False),
        pytest.raises(Taken),
        exclusive(path, wait=False),
    ):
        pass
    with exclusive(path, wait=False):
        pass


@pytest.mark.parametrize("command", ["versions", "runs"])
def test_a_command_before_the_first_start_says_what_to_do(command: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", command, "--state", str(tmp_path / "new")],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.startswith("digitsite: there is no database of this version yet")
    assert "Traceback" not in ran.stderr


def test_another_fault_of_the_database_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: list[str]) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(commandline, "execute_from_command_line", broken)
    with pytest.raises(OperationalError, match="disk I/O"):
        commandline.run(["manage.py", "versions"])
