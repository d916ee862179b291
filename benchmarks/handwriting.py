"""The characters that are replayed: those of writers that training never saw.

Reads the same stroke files as `manage.py train` and sets aside the same writers, but keeps the
times of the points, which training has no use for. Knows nothing about sockets or servers.
"""

import argparse
import gzip
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import Charset, label_of
from trainer.characters import kind_of

# (path below the data folder, writers set aside): the split of `trainer.datasets`, which a test
# compares this with. Importing it would bring torch into a process that must stay light.
STROKE_SETS: Final[dict[str, tuple[str, int]]] = {
    "pendigits": ("strokes/pendigits.jsonl.gz", 6),
    "uji2": ("strokes/uji2_digits.jsonl.gz", 9),
    "chars74k": ("strokes/chars74k.jsonl.gz", 8),
    "omniglot": ("strokes/omniglot_latin.jsonl.gz", 3),
}

ROOT: Final = Path(__file__).resolve().parent.parent

TimedPoints = NDArray[np.float64]  # (n, 3): x, y, ms; NaN where the file gives no time


class DataError(ValueError):
    """Handwriting that is missing or unusable; the message says what to do."""


@dataclass(frozen=True)
class Character:
    """One character as somebody wrote it."""

    set: str  # "chars74k/upper": where it comes from and which kind of character it is
    label: str
    strokes: tuple[TimedPoints, ...]

    @property
    def hint(self) -> Charset:
        """The character set that a person drawing this would have chosen."""
        return "digits" if self.label.isdigit() else "letters"


def held_out(root: Path) -> list[Character]:
    """Read the characters of the writers set aside, of every stroke set there is below `root`.

    Raises:
        DataError: there is none, or one is damaged.
    """
    characters: list[Character] = []
    for name, (path, writers) in STROKE_SETS.items():
        if (root / path).exists():
            characters += _last_writers(_read(root / path), name, writers)
    if not characters:
        raise DataError(
            f"There are no stroke files below {root}: name the folder that has "
            f"{STROKE_SETS['pendigits'][0]} and the like with --data-dir or DIGITSITE_DATA_DIR."
        )
    return characters


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _last_writers(rows: Sequence[dict[str, Any]], name: str, count: int) -> list[Character]:
    last = set(sorted({row["writer"] for row in rows})[-count:])
    return [
        Character(
            set=f"{name}/{kind_of(row['label'])}",
            label=label_of(row["label"]),
            strokes=tuple(_timed(stroke) for stroke in row["strokes"] if stroke),
        )
        for row in rows
        if row["writer"] in last
    ]


def _timed(samples: list[list[float]]) -> TimedPoints:
    return np.array([[*sample, np.nan][:3] for sample in samples], np.float64)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose what is replayed."""
    default = Path(os.environ.get("DIGITSITE_DATA_DIR") or ROOT / "data")
    parser.add_argument(
        "--data-dir", type=Path, default=default, help="has strokes/*.jsonl.gz (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="order of the drawings (%(default)s)")
    parser.add_argument("--limit", type=int, help="at most so many drawings")


def chosen(options: argparse.Namespace) -> list[Character]:
    """Return the characters that the options ask for, in an order that the seed decides.

    Without data it says so in one sentence and ends the program with status 2.
    """
    try:
        characters = held_out(options.data_dir)
    except DataError as error:
        stop(str(error))
    random.Random(options.seed).shuffle(characters)
    return characters[: options.limit]


def describe(characters: Sequence[Character], seed: int) -> str:
    """Say which characters these are."""
    counts = Counter(character.set.split("/")[0] for character in characters)
    sets = ", ".join(
        f"{counts[name]} of the last {writers} writers of {name}"
        for name, (_, writers) in STROKE_SETS.items()
        if counts[name]
    )
    return f"{len(characters)} drawings by held-out writers: {sets}; seed {seed}"


def stop(sentence: str) -> NoReturn:
    """End the program because something that it needs is not there."""
    print(sentence, file=sys.stderr)
    raise SystemExit(2)
