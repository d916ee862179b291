"""Fixtures of the tests of corrections."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from feedback import scoring, submissions
from feedback.tests.standin import predictor
from recognizer import serving
from recognizer.predictor import Predictor


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> Iterator[None]:
    """Every test starts with full quotas."""
    settings.CORRECTIONS_PER_HOUR = 600
    settings.CORRECTIONS_PER_ADDRESS_PER_HOUR = 3000
    settings.RETENTION_DAYS = 90
    settings.MEMORY_SIZE = 128
    settings.RECEIPT_POLL_SECONDS = 0.05
    _fill_quotas()
    yield
    _fill_quotas()


def _fill_quotas() -> None:
    submissions._by_submitter.cache_clear()
    submissions._by_address.cache_clear()


@pytest.fixture(autouse=True)
def _connection_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's transaction lives and dies with its connection, which Channels would close."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


@pytest.fixture(autouse=True)
def standin(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """The process serves a stand-in that reads every drawing as 3; so does the anchor."""
    fixed = predictor()
    monkeypatch.setattr(serving, "_booted", True)
    monkeypatch.setattr(serving, "_predictor", fixed)
    monkeypatch.setattr(scoring, "anchor", lambda: fixed)
    return fixed
