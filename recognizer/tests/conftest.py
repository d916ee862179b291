"""Fixtures of the recogniser's tests."""

import pytest

from recognizer import serving
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
