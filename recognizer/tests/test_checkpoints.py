"""A version folder is served whole or not at all."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django import Settings

from recognizer import checkpoints, serving
from recognizer.checkpoints import (
    CheckpointCorrupt,
    CheckpointError,
    CheckpointIncompatible,
    CheckpointMissing,
)
from recognizer.predictor import Predictor
from recognizer.serving import PACKAGED_ANCHOR, Unavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGED_ANCHOR, tmp_path / "version"))


def edit_card(folder: Path, **changes: Any) -> None:
    path = folder / checkpoints.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_packaged_anchor_is_whole_and_answers() -> None:
    predictor = Predictor.load(PACKAGED_ANCHOR)
    assert predictor.version == 1
    bar = (np.array([[0.0, 0.0], [0.0, 50.0]]),)
    assert predictor.predict(bar, "digits").label == "1"


def test_the_packaged_weights_fit_two_megabytes() -> None:
    assert (PACKAGED_ANCHOR / checkpoints.WEIGHTS).stat().st_size <= 2 * 2**20


@pytest.mark.parametrize("name", [checkpoints.CARD, checkpoints.MODEL, checkpoints.WEIGHTS])
def test_a_missing_file_is_said_to_be_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointMissing, match=name):
        checkpoints.verify(folder)


@pytest.mark.parametrize("name", [checkpoints.MODEL, checkpoints.WEIGHTS])
def test_one_flipped_bit_is_found(folder: Path, name: str) -> None:
    flip_a_bit(folder / name)
    with pytest.raises(CheckpointCorrupt, match="SHA-256"):
        checkpoints.verify(folder)


def test_a_truncated_model_is_found(folder: Path) -> None:
    path = folder / checkpoints.MODEL
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointCorrupt):
        Predictor.load(folder)


def test_a_card_that_is_not_json_is_corrupt(folder: Path) -> None:
    (folder / checkpoints.CARD).write_text("{")
    with pytest.raises(CheckpointCorrupt, match="JSON"):
        checkpoints.verify(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"labels": ["0", "1"]},
        {"temperature": {"digits": 1.0, "letters": 0.0, "all": 1.0}},
        {"temperature": {"digits": 1.0, "all": 1.0}},
        {"abstain": {}},
        {"abstain": {"confidence": {"digits": 0.5, "all": 0.5}, "energy": 0.0}},
        {"number": 0},
    ],
)
def test_a_card_of_another_kind_is_incompatible(folder: Path, changes: dict[str, Any]) -> None:
    edit_card(folder, **changes)
    with pytest.raises(CheckpointIncompatible):
        checkpoints.verify(folder)


def test_a_whole_file_that_is_no_model_is_incompatible(folder: Path) -> None:
    path = folder / checkpoints.MODEL
    path.write_bytes(b"not a model")
    sha256 = {name: checkpoints.digest(folder / name) for name in (path.name, checkpoints.WEIGHTS)}
    edit_card(folder, sha256=sha256)
    with pytest.raises(CheckpointIncompatible, match="cannot be served"):
        Predictor.load(folder)


def test_a_broken_configured_version_falls_back_to_the_anchor(
    folder: Path, settings: Settings, standin: Predictor, caplog: pytest.LogCaptureFixture
) -> None:
    flip_a_bit(folder / checkpoints.MODEL)
    settings.MODEL_DIR = folder
    serving.boot()
    assert serving.current().version == 1
    assert "model version refused" in caplog.text


def test_a_whole_configured_version_is_served(
    folder: Path, settings: Settings, standin: Predictor
) -> None:
    edit_card(folder, number=5)
    settings.MODEL_DIR = folder
    serving.boot()
    assert serving.current().version == 5


def test_with_no_whole_version_nothing_is_served(
    folder: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    nothing_served: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    flip_a_bit(folder / checkpoints.MODEL)
    settings.MODEL_DIR = folder
    monkeypatch.setattr(serving, "PACKAGED_ANCHOR", folder)
    serving.boot()
    with pytest.raises(Unavailable):
        serving.current()
    assert "predictions are unavailable" in caplog.text


def test_an_oversized_file_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 1000)
    with pytest.raises(CheckpointError, match="larger"):
        checkpoints.verify(folder)
