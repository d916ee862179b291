"""Fixtures of the recogniser's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from pytest_django import Settings

from recognizer import pulse, serving, watching
from recognizer.glance import Glance
from recognizer.predictor import Predictor
from recognizer.tests.standin import predictor


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """The process serves a stand-in that reads every drawing as 3."""
    fixed = predictor()
    monkeypatch.setattr(serving, "_booted", True)
    monkeypatch.setattr(serving, "_predictor", fixed)
    return fixed


@pytest.fixture
def nothing_served(standin: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has no model version."""
    monkeypatch.setattr(serving, "_predictor", None)


@pytest.fixture
def state(tmp_path: Path, settings: Settings) -> Path:
    """A state directory of the test's own, and no pinned version."""
    folder = tmp_path / "state"
    folder.mkdir()
    settings.STATE = folder
    settings.VERSIONS_DIR = folder / "versions"
    settings.STORAGES = settings.STORAGES | {
        "versions": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder / "versions"},
        }
    }
    settings.MODEL_DIR = None
    return folder


@pytest.fixture
def looks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks looks, in the test's own thread: its transaction reaches no other."""
    monkeypatch.setattr(Glance, "ask", lambda self: sync_to_async(self._look)())
    monkeypatch.setattr(connections, "close_all", lambda: None)
    monkeypatch.setattr(pulse, "ours", pulse.Pulse())


@pytest.fixture
def no_writes(db: None) -> Iterator[None]:
    """The database can only be read."""
    if connection.vendor != "sqlite":
        pytest.skip("makes SQLite read-only")
    connection.ensure_connection()
    # Not through Django, which refuses to go on in a transaction that has failed.
    connection.connection.execute("PRAGMA query_only = ON")
    yield
    connection.connection.execute("PRAGMA query_only = OFF")


@pytest.fixture
def unbooted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has just started."""
    monkeypatch.setattr(serving, "_booted", False)
    monkeypatch.setattr(serving, "_predictor", None)
    monkeypatch.setattr(serving, "_pinned_refusal", "")
    monkeypatch.setattr(serving, "_on_swap", [])
    monkeypatch.setattr(watching, "_watcher", None)
