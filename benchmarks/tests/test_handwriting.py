"""The benchmark replays people that training never saw, and says so when it has none."""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import handwriting

ROWS: list[dict[str, Any]] = [
    {"label": label, "writer": f"w{writer}", "strokes": [[[0, 0], [1, 9, 120]], [], [[5, 5]]]}
    for writer in (3, 1, 2)
    for label in ("7", "A")
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / handwriting.STROKE_SETS["omniglot"][0]
    path.parent.mkdir()
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in ROWS)
    return tmp_path


def test_the_split_is_that_of_the_training() -> None:
    from trainer.datasets import SOURCES  # imports torch, which only this test needs

    for name, (path, writers) in handwriting.STROKE_SETS.items():
        source = SOURCES[name]
        assert (source.path, source.held_out, source.unit) == (path, writers, "writers")


def test_only_the_last_writers_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        handwriting.STROKE_SETS, "omniglot", (handwriting.STROKE_SETS["omniglot"][0], 1)
    )
    characters = handwriting.held_out(folder)
    assert [(c.set, c.label, c.hint) for c in characters] == [
        ("omniglot/digit", "7", "digits"),
        ("omniglot/upper", "a", "letters"),
    ]


def test_times_are_kept_and_empty_strokes_left_out(folder: Path) -> None:
    first, dot = handwriting.held_out(folder)[0].strokes
    assert first.tolist() == [[0, 0, pytest.approx(np.nan, nan_ok=True)], [1, 9, 120]]
    assert dot.tolist() == [[5, 5, pytest.approx(np.nan, nan_ok=True)]]


def test_without_data_it_says_so_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(data_dir=tmp_path, seed=1, limit=None)
    with pytest.raises(SystemExit) as stopped:
        handwriting.chosen(options)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(tmp_path) in said


def test_the_seed_decides_the_order(folder: Path) -> None:
    def order(seed: int) -> list[str]:
        options = argparse.Namespace(data_dir=folder, seed=seed, limit=4)
        return [character.label for character in handwriting.chosen(options)]

    assert len(order(1)) == 4
    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) > 1
