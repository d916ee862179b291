"""Pictures are read from the command line as the site would read them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from digitsite.tests import tiny_version
from recognizer import publishing, registry
from recognizer.checkpoints import MODEL
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing
from recognizer.tests.making_versions import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(tmp_path: Path, state: Path) -> Path:
    """Return a picture of a seven: dark ink on light ground."""
    path = tmp_path / "seven.png"
    ink = rasterise(Drawing.of([[[0, 0], [40, 0], [15, 60]]]).ink())
    cv2.imwrite(str(path), 255 - cv2.resize(ink, (140, 140)))
    return path


def predict(*arguments: str) -> str:
    out = StringIO()
    call_command("predict", *arguments, stdout=out)
    return out.getvalue().strip()


def told(*arguments: str) -> Any:
    return json.loads(predict(*arguments, "--json"))


def test_people_read_label_confidence_and_the_three_likeliest(picture: Path) -> None:
    said = predict(str(picture), "--charset", "digits")
    assert said.startswith(f"{picture}: 7, ")
    assert "% sure (7 " in said
    assert said.count("%") == 4


def test_programs_read_the_same(picture: Path) -> None:
    (row,) = told(str(picture), "--charset", "digits")
    assert (row["file"], row["label"], row["version"]) == (str(picture), "7", 1)
    assert row["top"][0]["label"] == "7"
    assert row["top"][0]["probability"] == row["confidence"]
    assert len(row["top"]) == 3


def test_what_it_is_not_sure_of_is_said(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor.load(PACKAGED_ANCHOR)
    nothing = predictor.nothing("all")
    monkeypatch.setattr(Predictor, "predict_raster", lambda *_, **__: nothing)
    assert predict(str(picture)).startswith(f"{picture}: not sure (")
    assert told(str(picture))[0]["label"] is None


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank, text = tmp_path / "blank.png", tmp_path / "text.png"
    cv2.imwrite(str(blank), np.full((50, 50), 255, np.uint8))
    text.write_text("no picture")
    files = [str(file) for file in (tmp_path / "none.png", blank, text, picture)]
    with pytest.raises(CommandError, match="3 of 4 files could not be read"):
        call_command("predict", *files)
    none, empty, odd, seven = capsys.readouterr().out.splitlines()
    assert none.endswith("it cannot be read (No such file or directory)")
    assert empty.startswith(str(blank))
    assert odd.endswith("send a PNG, JPEG or WebP picture")
    assert seven.startswith(f"{picture}: ")


def test_the_champion_reads_or_what_is_pinned(
    picture: Path, settings: Settings, tmp_path: Path
) -> None:
    made()
    registry.promote(2, reason="x", expected=1)
    assert told(str(picture))[0]["version"] == 2
    settings.MODEL_DIR = tiny_version.write(tmp_path / "pinned", number=9)
    assert told(str(picture))[0]["version"] == 9


def test_a_champion_that_is_not_whole_is_one_sentence(picture: Path) -> None:
    version = made()
    registry.promote(2, reason="x", expected=1)
    (publishing.fetch(version.folder, version.sha256) / MODEL).unlink()
    with pytest.raises(CommandError, match=r"The version cannot be served: .*model\.onnx"):
        predict(str(picture))
