"""A worker's sign of life, which has to be that of its child as well."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.worker import state
from pytest_django import Settings

from digitsite import celery

ended: list[int] = []  # with which status


@pytest.fixture
def file(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.HEARTBEAT_FILE = tmp_path / "heartbeat"
    monkeypatch.setattr(celery, "_patience", celery.Patience())
    monkeypatch.setattr(celery, "os", SimpleNamespace(_exit=ended.append))
    ended.clear()
    return tmp_path / "heartbeat"


def beats(
    file: Path, monkeypatch: pytest.MonkeyPatch, now: float, *, waits: int, runs: int
) -> bool:
    """Let the parent's heart beat once; say whether the file was touched."""
    file.unlink(missing_ok=True)
    monkeypatch.setattr(celery, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(state, "reserved_requests", ["task"] * waits)
    monkeypatch.setattr(state, "active_requests", ["task"] * runs)
    celery.touch_if_the_child_is_well()
    return file.exists()


def test_an_idle_and_a_busy_child_are_well(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert beats(file, monkeypatch, 0, waits=0, runs=0)
    assert beats(file, monkeypatch, 10, waits=2, runs=1)
    assert beats(file, monkeypatch, 500, waits=2, runs=1)
    assert beats(file, monkeypatch, 999, waits=0, runs=0)


def test_a_child_that_begins_nothing_is_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert beats(file, monkeypatch, 0, waits=1, runs=0)
    assert beats(file, monkeypatch, 60, waits=1, runs=0)
    assert not ended
    assert not beats(file, monkeypatch, 61, waits=1, runs=0)
    assert ended == [celery.STUCK]  # a worker that learns nothing makes room for one that does
    assert beats(file, monkeypatch, 62, waits=1, runs=1)
    assert beats(file, monkeypatch, 900, waits=1, runs=0)
