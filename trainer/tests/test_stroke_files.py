"""Stroke files become drawings with a label and a writer; bad lines are named."""

import gzip
import json
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
        "[" * 100_000,
        '{"label": "1", "writer": "w", "strokes": [[[1, 2, 1e999]]]}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(StrokeFileError, match="line 1"):
        read_strokes(write_line(tmp_path / "a.jsonl.gz", line), "a")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"label": "zz"}, "'zz' is not a label: use one of 0-9 or a-z"),
        ({"label": "ß"}, "'ß' is not a label"),
        ({"label": 7}, "its label 7 is not text"),
        ({"writer": ""}, "its writer '' is not a name"),
        ({"writer": None}, "its writer None is not a name"),
        ({"strokes": [[["1", 2]]]}, "are not lists of points"),
        ({"strokes": [[[True, 2]]]}, "are not lists of points"),
        ({"strokes": [[1, 2]]}, "are not lists of points"),
        ({"strokes": [[{"x": 1}]]}, "are not lists of points"),
        ({"strokes": [[[1]]]}, "a point is"),
        ({"strokes": [[[1, 2, 10**400]]]}, "a number of it is too large"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(
    tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    good = {"label": "1", "writer": "w", "strokes": [[[1, 2], [3, 4]]]}
    lines = json.dumps(good) + "\n" + json.dumps(good | changes)
    with pytest.raises(StrokeFileError) as error:
        read_strokes(write_line(tmp_path / "a.jsonl.gz", lines), "a")
    assert f"a.jsonl.gz, line 2, is no drawing: {why}" in str(error.value).replace(
        "its strokes ", ""
    )


@pytest.mark.parametrize("content", [b"", b'"\xff"\n'])
def test_a_file_without_drawings_or_text_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(StrokeFileError, match=r"a\.jsonl\.gz"):
        read_strokes(path, "a")


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = write_stroke_file(tmp_path / "a.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StrokeFileError, match=r"a\.jsonl\.gz"):
        read_strokes(path, "a")
