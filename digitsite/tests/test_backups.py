"""A backup is whole, private and new; what is restored from it is the site."""

import json
import subprocess
import tarfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from digitsite import backups
from digitsite.tests import postgres, processes
from digitsite.tests.processes import Web
from examples.client import Client


@pytest.fixture
def site(state: Path, model: Path, tmp_path: Path) -> Iterator[Web]:
    """Return a running site with a correction."""
    with processes.web(state, tmp_path / "log", MODEL=model) as running:
        Client(running.origin).correct([[[0, 0], [40, 0], [15, 60]]], "7")
        yield running


@pytest.fixture
def places(tmp_path: Path, settings: Any) -> Path:
    """Return a state directory of the test's own with a version and a key."""
    settings.STATE = tmp_path / "state"
    settings.VERSIONS_DIR = settings.STATE / "versions"
    (settings.VERSIONS_DIR / "v000002").mkdir(parents=True)
    (settings.VERSIONS_DIR / "v000002" / "card.json").write_text("{}")
    (settings.VERSIONS_DIR / ".new-half").mkdir()
    (settings.STATE / "secret_key").write_text("hush")
    return tmp_path


def backup(file: Path, *options: str) -> str:
    out = StringIO()
    call_command("backup", str(file), *options, stdout=out)
    return out.getvalue()


def test_what_is_restored_is_the_site(site: Web, tmp_path: Path, model: Path) -> None:
    file, restored = tmp_path / "site.tar", tmp_path / "restored"
    status, said = processes.run("backup", str(file), "--json", state=site.state, MODEL=model)
    assert status == 0, said
    told = json.loads(said)
    assert (told["database"], told["secret_key"]) == (True, True)
    assert told["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        archive.extractall(restored, filter="data")
    for listing in (["review", "list", "--json"], ["versions"]):
        before, after = (
            processes.run(*listing, state=state, MODEL=model) for state in (site.state, restored)
        )
        assert before == after
        assert after[0] == 0
    assert json.loads(processes.run("review", "list", "--json", state=restored, MODEL=model)[1])


def test_with_postgresql_what_is_restored_as_the_readme_says_is_the_site(
    tmp_path: Path, model: Path
) -> None:
    tools = [postgres.program(name) for name in ("pg_dump", "pg_restore")]
    if not (postgres.is_installed() and all(tools)):
        processes.missing("PostgreSQL is not installed")
    state, restored, dump = tmp_path / "state", tmp_path / "restored", tmp_path / "site.dump"
    with postgres.server() as server:
        old, new = server.url("old"), server.url("new")
        for statement in (
            "CREATE DATABASE old", "CREATE DATABASE new", "CREATE ROLE another LOGIN",
            "ALTER DATABASE new OWNER TO another",
        ):  # fmt: skip
            server.query(statement)
        with processes.web(state, tmp_path / "log", MODEL=model, DATABASE_URL=old) as site:
            Client(site.origin).correct([[[0, 0], [40, 0], [15, 60]]], "7")
            pg_dump, pg_restore = map(str, tools)
            saving = ["--format=custom", f"--file={dump}", old]
            subprocess.run([pg_dump, *saving], check=True)
            file = tmp_path / "site.tar"
            status, said = processes.run("backup", str(file), state=state, DATABASE_URL=old)
            assert status == 0, said
            assert "has 1 version and the secret key" in said
        with tarfile.open(file) as archive:
            archive.extractall(restored, filter="data")
        new = new.replace("user=postgres", "user=another")
        restoring = ["--no-owner", "--exit-on-error", f"--dbname={new}", str(dump)]
        subprocess.run([pg_restore, *restoring], check=True)
        for listing in (["review", "list", "--json"], ["versions"]):
            before, after = (
                processes.run(*listing, state=where, MODEL=model, DATABASE_URL=url)
                for where, url in ((state, old), (restored, new))
            )
            assert before == after
            assert after[0] == 0
        with processes.web(restored, tmp_path / "log-2", MODEL=model, DATABASE_URL=new) as site:
            Client(site.origin).correct([[[0, 0], [40, 0], [15, 60]]], "7")
        assert server.query("SELECT count(*) FROM feedback_correction", "new") == [(2,)]


@pytest.mark.django_db(
    transaction=True, serialized_rollback=True
)  # a copy waits for a transaction of its own
def test_it_has_whole_versions_and_the_key(places: Path) -> None:
    said = backup(places / "site.tar")
    assert said.endswith("has the database, 1 version and the secret key.\n")
    with tarfile.open(places / "site.tar") as archive:
        assert archive.getnames() == [
            "db.sqlite3", "versions/v000002", "versions/v000002/card.json", "secret_key",
        ]  # fmt: skip
    assert [path.name for path in places.iterdir() if "site" in path.name] == ["site.tar"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_existing_file_is_never_overwritten(places: Path) -> None:
    (places / "site.tar").write_text("kept")
    with pytest.raises(CommandError, match=r"site\.tar exists already: name a new file"):
        backup(places / "site.tar")
    assert (places / "site.tar").read_text() == "kept"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_file_that_appears_meanwhile_is_not_overwritten_either(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backups._add_secret_key

    def slow(archive: tarfile.TarFile) -> bool:
        assert not (places / "site.tar").exists()  # whole or not at all, also when killed here
        (places / "site.tar").write_text("kept")
        return made(archive)

    monkeypatch.setattr(backups, "_add_secret_key", slow)
    with pytest.raises(CommandError, match=r"site\.tar exists already"):
        backup(places / "site.tar")
    assert (places / "site.tar").read_text() == "kept"


def test_before_the_first_start_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    status, said = processes.run("backup", str(tmp_path / "x.tar"), state=tmp_path / "new")
    assert status == 1
    assert "There is no backup: there is no database yet: start the site once" in said
    assert not (tmp_path / "x.tar").exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_fails_leaves_nothing(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "_add_versions", full)
    before = set(places.iterdir())
    with pytest.raises(CommandError, match="No space left on device"):
        backup(places / "site.tar")
    assert set(places.iterdir()) == before
    with pytest.raises(CommandError, match="cannot be written"):
        backup(places / "none" / "site.tar")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_with_postgresql_it_names_pg_dump_and_has_the_rest(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")
    assert backup(places / "site.tar").endswith("has 1 version and the secret key.\n")
    assert "save that first, with `pg_dump" in capsys.readouterr().err


def test_the_readme_says_how_both_halves_are_restored() -> None:
    readme = (processes.ROOT / "README.md").read_text()
    steps = (
        "pg_dump --format=custom --file=site.dump",
        "python manage.py backup site.tar",
        "mkdir -m 700 restored && tar -xf site.tar -C restored",
        "pg_restore --no-owner --exit-on-error --dbname=",
    )
    found = [readme.index(f"\n{step}") for step in steps]
    assert found == sorted(found)
