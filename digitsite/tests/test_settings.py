"""The settings as a whole, as a process reads them."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digitsite.tests.processes import ROOT, environment, run


def settings(state: Path, *names: str, **variables: object) -> dict[str, Any]:
    """Return the settings that a process with these variables has."""
    script = (
        "import json, sys; from digitsite import settings as s;"
        "print(json.dumps({n: getattr(s, n) for n in sys.argv[1:]}, default=str))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names],
        cwd=ROOT,
        env=environment(state, **variables),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_with_nothing_set_it_is_a_safe_local_site(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    found = settings(
        state,
        *("DEBUG", "ALLOWED_ORIGINS", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "SECRET_KEY"),
        *(
            "DATABASES",
            "HOST",
            "CORS_ALLOWED_ORIGINS",
            "SECURE_SSL_REDIRECT",
            "PREDICTION_INTERVAL_MS",
        ),
    )
    assert found["DEBUG"] is False
    assert found["HOST"] == "127.0.0.1"
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert found["ALLOWED_ORIGINS"][0] == "http://127.0.0.1:8000"
    assert found["CORS_ALLOWED_ORIGINS"] == []
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]
    assert found["PREDICTION_INTERVAL_MS"] == 50
    assert found["DATABASES"]["default"]["NAME"] == str(state / "db.sqlite3")
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "secret_key").read_text().strip() == found["SECRET_KEY"]
    assert (state / "secret_key").stat().st_mode & 0o777 == 0o600


def test_with_tls_cookies_stay_on_it(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "ALLOWED_HOSTS")
    found = settings(tmp_path, *names, ORIGINS="https://digits.example.org")
    assert list(found.values()) == [True, True, True, ["digits.example.org"]]
    mixed = settings(tmp_path, *names, ORIGINS="https://a.example.org,http://127.0.0.1:8000")
    assert [mixed["SESSION_COOKIE_SECURE"], mixed["SECURE_SSL_REDIRECT"]] == [True, False]


def test_a_production_site_passes_django_s_deployment_checks(tmp_path: Path, model: Path) -> None:
    status, said = run(
        *("check", "--deploy", "--fail-level", "WARNING"),
        state=tmp_path,
        ORIGINS="https://digits.example.org",
        MODEL=model,
    )
    assert status == 0, said


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "maybe"}, "digitsite: DIGITSITE_DEBUG is 'maybe': use 1 or 0.\n"),
        (
            {"ORIGIN": "https://a.b"},
            "digitsite: DIGITSITE_ORIGIN is set but is not a setting: did you mean "
            "DIGITSITE_ORIGINS?\n",
        ),
        (
            {"CORS_ORIGINS": "https://lab.example, *"},
            "digitsite: DIGITSITE_CORS_ORIGINS: '*' is not an origin: write scheme, host and port, "
            "for example https://digits.example.org or http://127.0.0.1:8000.\n",
        ),
        (
            {"DATABASE_URL": "mysql://user:secret@host/name"},
            "digitsite: DIGITSITE_DATABASE_URL: use sqlite:///path/to/file or "
            "postgresql://user:password@host/name.\n",
        ),
        (
            {"REDIS_URL": "secret"},
            "digitsite: DIGITSITE_REDIS_URL: use redis://, rediss:// or unix://, with host and "
            "password.\n",
        ),
        (
            {"BROKER_URL": "secret", "REDIS_URL": "redis://somewhere"},
            "digitsite: DIGITSITE_BROKER_URL: use redis://, rediss://, unix://, amqp:// or "
            "amqps://, with host and password.\n",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    assert run("check", state=tmp_path, **variables) == (1, sentence)


@pytest.mark.parametrize("given", [["--port", "99999"], ["--port=99999"]])
def test_a_bad_option_is_called_by_its_own_name(tmp_path: Path, given: list[str]) -> None:
    sentence = "digitsite: --port is '99999': use a whole number from 1 to 65535.\n"
    assert run("web", *given, state=tmp_path) == (1, sentence)


def test_an_old_python_is_refused_in_one_sentence() -> None:
    manage = ROOT / "manage.py"
    ast.parse(manage.read_text(), feature_version=(3, 4))
    script = (
        "import sys, runpy; sys.version_info = (3, 9, 2);"
        f"runpy.run_path({str(manage)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("digitsite needs Python 3.11 or newer and this is 3.9: install")
    assert done.stderr.count("\n") == 1


def test_the_database_is_in_wal_mode_and_syncs_fully(state: Path, model: Path) -> None:
    script = (
        "from django.db import connection as c; k = c.cursor();"
        "print([k.execute('PRAGMA ' + p).fetchone()[0] for p in "
        "('journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys')])"
    )
    status, said = run("shell", "--no-imports", "-c", script, state=state, MODEL=model)
    assert (status, said) == (0, "['wal', 2, 20000, 1]\n")
