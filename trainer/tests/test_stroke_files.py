"""Stroke files become drawings with a label and a writer; bad lines are named."""

import gzip
from pathlib import Path

import pytest

from trainer.characters import by_kind
from trainer.stroke_files import StrokeFileError, read_strokes
from trainer.tests.handwriting import write_stroke_file


def write_line(path: Path, line: str) -> Path:
    path.write_bytes(gzip.compress(line.encode()))
    return path


def test_it_reads_drawings_labels_and_writers(tmp_path: Path) -> None:
    strokes = read_strokes(write_stroke_file(tmp_path / "a.jsonl.gz", "7x", writers=2), "a")
    assert strokes.characters.tolist() == list("7x7x") * 2
    assert sorted(set(strokes.groups)) == ["w00", "w01"]
    assert [len(ink) for ink in strokes.inks[:2]] == [1, 2]
    assert strokes.rasters().shape == (8, 28, 28)


def test_upper_case_is_trained_as_its_letter_and_kept_apart_as_a_kind(tmp_path: Path) -> None:
    strokes = read_strokes(write_stroke_file(tmp_path / "a.jsonl.gz", "L1x", writers=1), "a")
    assert strokes.labels.tolist()[:3] == [21, 1, 33]
    assert [name for name, _ in by_kind([strokes])] == ["a/digit", "a/lower", "a/upper"]


def test_times_are_allowed_and_ignored(tmp_path: Path) -> None:
    line = '{"label": "1", "writer": "w", "strokes": [[[1, 2, 0], [3, 4, 16.5]], [[5, 6]]]}'
    (ink,) = read_strokes(write_line(tmp_path / "a.jsonl.gz", line), "a").inks
    assert [points.tolist() for points in ink] == [[[1, 2], [3, 4]], [[5, 6]]]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '{"label": "1", "writer": "w"}',
        '{"label": "1", "writer": "w", "strokes": []}',
        '{"label": "1", "writer": "w", "strokes": [[[1, NaN]]]}',
        '{"label": "1", "writer": "w", "strokes": 3}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(StrokeFileError, match="line 1"):
        read_strokes(write_line(tmp_path / "a.jsonl.gz", line), "a")


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = write_stroke_file(tmp_path / "a.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StrokeFileError, match=r"a\.jsonl\.gz"):
        read_strokes(path, "a")
