"""What happens before a start: only what is needed, and refusals in a sentence."""

import json
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import Error, OperationalError, ProgrammingError

from digitsite import checks, commandline, preparation
from digitsite.commandline import CannotRun
from digitsite.locks import Taken, exclusive
from digitsite.management.commands import serve
from digitsite.tests import postgres, processes
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


@pytest.mark.django_db(transaction=True, serialized_rollback=True)  # its connection is closed
def test_an_up_to_date_installation_is_left_alone(calls: list[str], static_root: Path) -> None:
    preparation.prepare()
    assert calls == ["collectstatic"]
    preparation.prepare()
    assert calls == ["collectstatic"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)  # its connection is closed
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


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
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


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Error], None]:
    """Let every command fail with an error."""

    def fail_with(error: Error) -> None:
        def fail(_: list[str]) -> None:
            raise error

        monkeypatch.setattr(commandline, "execute_from_command_line", fail)

    monkeypatch.setenv("DIGITSITE_DATABASE_POOL", "0")  # as `run` sets it
    return fail_with


def test_a_database_that_cannot_be_used_is_one_sentence(failing: Callable[[Error], None]) -> None:
    failing(OperationalError("connection failed: it is not there\n\tDoes it run?"))
    with pytest.raises(SystemExit) as ended:
        commandline.run(["manage.py", "versions"])
    assert ended.value.code == (
        "digitsite: the database does not answer (connection failed: it is not there): see that it "
        "runs, and that DIGITSITE_DATABASE_URL names it; `manage.py doctor` looks further"
    )
    with pytest.raises(OperationalError):
        commandline.run(["manage.py", "versions", "--traceback"])


def test_a_database_of_an_older_version_is_to_be_prepared(
    failing: Callable[[Error], None],
) -> None:
    failing(OperationalError("no such column: trainer_trainingrun.refused"))
    with pytest.raises(SystemExit, match=r"no database of this version yet.*`manage.py prepare`"):
        commandline.run(["manage.py", "runs"])


def test_a_fault_of_ours_is_not_hidden(failing: Callable[[Error], None]) -> None:
    failing(ProgrammingError("syntax error"))
    with pytest.raises(ProgrammingError, match="syntax error"):
        commandline.run(["manage.py", "versions"])


@pytest.mark.parametrize(
    ("command", "given", "left"),
    [
        ("runs", {}, "0"),
        ("runs", {"DIGITSITE_DATABASE_POOL": "20"}, "0"),
        ("runs", {"DIGITSITE_DATABASE_POOL": "many"}, "many"),  # to be refused
        ("runs", {"DIGITSITE_DATABASE_POOL": "1001"}, "1001"),  # as well
        ("web", {"DIGITSITE_DATABASE_POOL": "20"}, "20"),
        ("serve", {}, None),
    ],
)
def test_a_command_that_ends_connects_by_itself(
    command: str, given: dict[str, str], left: str | None
) -> None:
    commandline._go_without_a_pool(["manage.py", command], given)
    assert given.get("DIGITSITE_DATABASE_POOL") == left


@pytest.mark.parametrize(
    ("command", "begin"),
    [
        ("runs", "digitsite: the database does not answer (connection failed: "),
        ("prepare", "digitsite: The database cannot be prepared (connection failed: "),
        ("web", "digitsite: The database cannot be prepared (connection failed: "),
    ],
)
def test_why_there_is_no_connection_is_told_in_one_line(
    command: str, begin: str, state: Path, model: Path
) -> None:
    away = f"postgresql://nobody:hidden@127.0.0.1:{processes.free_port()}/none"
    status, said = processes.run(command, state=state, DATABASE_URL=away, MODEL=model)
    assert (status, said.count("\n")) == (1, 1), said
    assert said.startswith(begin)
    assert "Connection refused): see that it runs" in said
    assert "hidden" not in said


def test_a_database_that_a_server_does_not_have_is_told_by_its_own_words(
    state: Path, model: Path
) -> None:
    if not postgres.is_installed():
        processes.missing("PostgreSQL is not installed")
    with postgres.server() as server:
        for command in ("versions", "prepare", "doctor"):
            url = server.url("nope")
            status, said = processes.run(command, state=state, DATABASE_URL=url, MODEL=model)
            assert status == 1
            assert 'database "nope" does not exist)' in said, said
            assert "Traceback" not in said
            assert "psycopg.pool" not in said


def test_static_files_of_another_version_are_refused_until_it_is_prepared(
    state: Path, model: Path
) -> None:
    manifest = state / "static/staticfiles.json"
    whole = json.loads(manifest.read_bytes())
    of_another = {name: path for name, path in whole["paths"].items() if name != "js/live.js"}
    manifest.write_text(json.dumps(whole | {"paths": of_another}))
    away = f"postgresql://nobody@127.0.0.1:{processes.free_port()}/none"
    status, said = processes.run("web", "--prepared", state=state, MODEL=model, DATABASE_URL=away)
    assert (status, said) == (
        1,
        f"digitsite: The static files in {state / 'static'} lack some of this version (1, "
        "such as js/live.js): run `manage.py prepare`.\n",
    )
    assert processes.run("prepare", state=state, MODEL=model)[0] == 0
    assert json.loads(manifest.read_bytes())["paths"] == whole["paths"]


def test_a_state_that_was_never_prepared_is_refused(tmp_path: Path, model: Path) -> None:
    status, said = processes.run("web", "--prepared", state=tmp_path / "new", MODEL=model)
    assert (status, said.count("\n")) == (1, 1), said
    assert "lack some of this version" in said
    assert "run `manage.py prepare`" in said
