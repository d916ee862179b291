"""Reads handwriting as pen strokes from .jsonl.gz files, one drawing a line.

A line is {"label": "a", "writer": "w01", "strokes": [[[x, y], [x, y, t], …], …]} with y growing
down, in any units. Knows nothing about where the files come from.
"""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from recognizer.alphabet import label_of
from recognizer.strokes import Drawing, Ink
from trainer.characters import StrokeSet

_NUMBERS: Final = (int, float)


class StrokeFileError(ValueError):
    """A stroke file that cannot be read; the message names the file and the line."""


def read_strokes(path: Path, name: str) -> StrokeSet:
    """Read every drawing of a stroke file.

    Raises:
        StrokeFileError: the file is damaged or empty, or a line is not a drawing.
    """
    inks: list[Ink] = []
    characters: list[str] = []
    writers: list[str] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    character, writer, ink = _drawing(line)
                except (ValueError, RecursionError) as error:
                    raise StrokeFileError(
                        f"{path}, line {number}, is no drawing: {error}"
                    ) from error
                inks.append(ink)
                characters.append(character)
                writers.append(writer)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise StrokeFileError(f"{path} cannot be read: {error}") from error
    if not inks:
        raise StrokeFileError(f"{path} has no drawings: put one on each line, or take it away")
    return StrokeSet(name, np.array(characters, str), np.array(writers, str), tuple(inks))


def _drawing(line: str) -> tuple[str, str, Ink]:
    """Return the character, the writer and the ink of a line.

    Raises:
        ValueError: it is not a drawing; the message says what of it is wrong.
    """
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - of a file, not of a caller
    missing = [key for key in ("label", "writer", "strokes") if key not in row]
    if missing:
        raise ValueError(f"it has no {' and no '.join(missing)}")
    character, writer = row["label"], row["writer"]
    if not isinstance(character, str):
        raise ValueError(f"its label {character!r} is not text")  # noqa: TRY004
    label_of(character)
    if not isinstance(writer, str) or not writer:
        raise ValueError(f"its writer {writer!r} is not a name")
    return character, writer, _ink(row["strokes"])


def _ink(strokes: Any) -> Ink:
    if not _nested(strokes):
        raise ValueError("its strokes are not lists of points [x, y] or [x, y, t] of numbers")
    try:
        ink = Drawing.of(strokes).ink()
    except OverflowError as error:  # JSON has whole numbers of any length
        raise ValueError("a number of it is too large") from error
    if not ink:
        raise ValueError("it has no points")
    return ink


def _nested(strokes: Any) -> bool:
    """Tell whether these are lists of lists of lists of numbers; a truth value is none."""
    return isinstance(strokes, list) and all(
        isinstance(stroke, list)
        and all(
            isinstance(point, list) and all(type(value) in _NUMBERS for value in point)
            for point in stroke
        )
        for stroke in strokes
    )
