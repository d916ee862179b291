"""Reads handwriting as pen strokes from .jsonl.gz files, one drawing a line.

A line is {"label": "a", "writer": "w01", "strokes": [[[x, y], [x, y, t], …], …]} with y growing
down, in any units. Knows nothing about where the files come from.
"""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.strokes import Drawing, Ink
from trainer.characters import StrokeSet


class StrokeFileError(ValueError):
    """A stroke file that cannot be read; the message names the file and the line."""


def read_strokes(path: Path, name: str) -> StrokeSet:
    """Read every drawing of a stroke file.

    Raises:
        StrokeFileError: the file is damaged or a line is not a drawing.
    """
    inks: list[Ink] = []
    characters: list[str] = []
    writers: list[str] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row: dict[str, Any] = json.loads(line)
                    inks.append(_ink(row["strokes"]))
                    characters.append(row["label"])
                    writers.append(row["writer"])
                except (ValueError, KeyError, TypeError) as error:
                    raise StrokeFileError(
                        f"{path}, line {number}, is no drawing: {error}"
                    ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise StrokeFileError(f"{path} cannot be read: {error}") from error
    return StrokeSet(name, np.array(characters, str), np.array(writers, str), tuple(inks))


def _ink(strokes: list[list[list[float]]]) -> Ink:
    ink = Drawing.of(strokes).ink()
    if not ink:
        raise ValueError("it has no points")
    return ink
