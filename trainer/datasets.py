"""Which sets of handwriting there are, how each is split, and what must be said about it.

People, not images, are set aside for validation: the last writers of each stroke set, whole words
of the Kassel letters. MNIST and EMNIST name no writers, so the last of their training images are
set aside, and an image that validation holds is taken out of training wherever else it occurs.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.characters import Handwriting, ImageSet
from trainer.kassel import read_kassel
from trainer.nist import read_emnist, read_mnist
from trainer.stroke_files import read_strokes


class DataError(ValueError):
    """Training data that is missing or unusable; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """One set of handwriting: where it lies, how to read it, what to say about it."""

    name: str
    title: str
    licence: str
    path: str  # below the data folder
    read: Callable[[Path, str], Handwriting]  # (data folder, path)
    held_out: int  # writers, words per hundred, or images: see `unit`
    unit: str = "writers"
    files: str = ""  # pattern of the files in `path`, where that is a folder


def _strokes(name: str) -> Callable[[Path, str], Handwriting]:
    return lambda root, path: read_strokes(root / path, name)


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "mnist",
            "MNIST (LeCun et al. 1998)",
            "CC BY-SA 3.0",
            "MNIST/raw",
            lambda root, _: read_mnist(root, "train"),
            5000,
            "images",
        ),
        Source(
            "emnist-letters",
            "EMNIST letters (Cohen et al. 2017)",
            "public domain (NIST)",
            "EMNIST/raw",
            lambda root, _: read_emnist(root, "letters", "train"),
            5000,
            "images",
            "/emnist-letters-train-images-*",
        ),
        Source(
            "emnist-byclass",
            "EMNIST by-class (Cohen et al. 2017)",
            "public domain (NIST)",
            "EMNIST/raw",
            lambda root, _: read_emnist(root, "byclass", "train"),
            20000,
            "images",
            "/emnist-byclass-train-images-*",
        ),
        Source(
            "pendigits",
            "UCI Pen-Based Recognition of Handwritten Digits (Alpaydin, Alimoglu 1998)",
            "CC BY 4.0",
            "strokes/pendigits.jsonl.gz",
            _strokes("pendigits"),
            6,
        ),
        Source(
            "uji2",
            "UCI UJIpenchars2, digits (Llorens et al. 2008)",
            "CC BY 4.0",
            "strokes/uji2_digits.jsonl.gz",
            _strokes("uji2"),
            9,
        ),
        Source(
            "chars74k",
            "Chars74K, Hnd (de Campos et al. 2009)",
            "research use, cite; JSON by aparrish CC0",
            "strokes/chars74k.jsonl.gz",
            _strokes("chars74k"),
            8,
        ),
        Source(
            "omniglot",
            "Omniglot, Latin (Lake et al. 2015)",
            "MIT",
            "strokes/omniglot_latin.jsonl.gz",
            _strokes("omniglot"),
            3,
        ),
        Source(
            "kassel",
            "OCR letters (Kassel 1995)",
            "none stated, public research set",
            "images/ocr_kassel.npz",
            lambda root, path: read_kassel(root / path),
            10,
            "words in a hundred",
        ),
    )
}


def available(root: Path) -> tuple[str, ...]:
    """Return MNIST, which can always be fetched, and every other source that is below `root`.

    EMNIST is more than half a gigabyte: it is fetched only when somebody names it.
    """
    return tuple(
        name
        for name, source in SOURCES.items()
        if name == "mnist" or any(root.glob(f"{source.path}{source.files}"))
    )


@dataclass(frozen=True)
class HandwritingSplit:
    """Training and validation samples of every source, and the manifest that says so."""

    train: tuple[Handwriting, ...]
    validation: tuple[Handwriting, ...]
    manifest: dict[str, Any]


def load(root: Path, names: Iterable[str]) -> HandwritingSplit:
    """Read the named sources below `root` and split each.

    Raises:
        DataError: a name or a file is unknown, a file is unusable, or nothing is left to train on
            or to validate with.
    """
    train: list[Handwriting] = []
    validation: list[Handwriting] = []
    manifest: dict[str, Any] = {}
    for name in names:
        source = SOURCES.get(name)
        if source is None:
            raise DataError(f"there is no source {name!r}: choose from {', '.join(SOURCES)}")
        characters = _read(source, root)
        held_out = hold_out(characters, source)
        train.append(characters.take(~held_out))
        validation.append(characters.take(held_out))
        manifest[name] = _describe(source, train[-1], validation[-1])
    if not train:
        raise DataError(f"name at least one source of {', '.join(SOURCES)}")
    train = without(train, validation)
    _require_both(train, validation)
    return HandwritingSplit(tuple(train), tuple(validation), manifest)


def _require_both(train: Sequence[Handwriting], validation: Sequence[Handwriting]) -> None:
    """Refuse to choose among weights by nobody, or to learn from nobody."""
    names = ", ".join(part.name for part in train)
    if not any(len(part) for part in validation):
        raise DataError(
            f"nobody can be set aside for validation: {names} has one writer only; name another "
            "set with --sources as well, or add drawings by a second writer"
        )
    if not any(len(part) for part in train):
        raise DataError(
            f"nothing of {names} is left to train on: all of it is set aside for validation; name "
            "another set with --sources as well"
        )


def _read(source: Source, root: Path) -> Handwriting:
    if source.unit != "images" and not (root / source.path).exists():
        raise DataError(
            f"{source.name} is not there: put it at {root / source.path}, "
            f"or leave {source.name} out of --sources"
        )
    try:
        return source.read(root, source.path)
    except ValueError as error:
        raise DataError(str(error)) from error


def hold_out(characters: Handwriting, source: Source) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which samples are set aside for validation."""
    groups = sorted(set(characters.groups))
    if source.unit == "words in a hundred":
        count = len(groups) * source.held_out // 100
        # By a digest of the word, so that the choice depends on nothing else.
        groups.sort(key=lambda group: hashlib.sha256(group.encode()).digest())
    else:
        count = source.held_out
    count = min(max(count, 1), len(groups) // 2)  # a tiny set keeps something to train on
    return np.isin(characters.groups, groups[len(groups) - count :])


def without(train: Sequence[Handwriting], validation: Sequence[Handwriting]) -> list[Handwriting]:
    """Take images out of `train` that `validation` holds too: EMNIST's splits overlap."""
    images = [part.images for part in validation if isinstance(part, ImageSet)]
    held_out = {image.tobytes() for part in images for image in part}
    return [
        part.take(np.array([image.tobytes() not in held_out for image in part.images], bool))
        if isinstance(part, ImageSet)
        else part
        for part in train
    ]


def _describe(source: Source, train: Handwriting, validation: Handwriting) -> dict[str, Any]:
    described: dict[str, Any] = {
        "title": source.title,
        "licence": source.licence,
        "train": len(train),
        "validation": len(validation),
        "held_out": f"the last {source.held_out} {source.unit}",
    }
    if source.unit == "writers":
        described["held_out_writers"] = sorted(set(validation.groups))
    return described
