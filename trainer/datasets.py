"""Which sets of handwriting there are, how each is split, and what must be said about it.

People, not images, are set aside for validation: the last writers of each stroke set, a fifth of
those of a stroke file of one's own, whole words of the Kassel letters. MNIST and EMNIST name no
writers, so the last of their training images are set aside, and an image that validation holds is
taken out of training wherever else it occurs.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer import synthesis
from trainer.characters import Handwriting, ImageSet
from trainer.kassel import read_kassel
from trainer.nist import read_emnist, read_mnist
from trainer.stroke_files import read_strokes

_STROKES: Final = "strokes"  # folder of stroke files
_SUFFIX: Final = ".jsonl.gz"
_SHARE: Final = "writers in a hundred"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


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


def own(name: str) -> Source:
    """Return the source of a stroke file of one's own, `strokes/NAME.jsonl.gz`."""
    path = f"{_STROKES}/{name}{_SUFFIX}"
    return Source(name, f"own drawings, {path}", "not stated", path, _strokes(name), 20, _SHARE)


def source_of(name: str, root: Path) -> Source | None:
    """Return the source of a name: one of ours, or a stroke file below `root`."""
    if name in SOURCES:
        return SOURCES[name]
    return own(name) if name in _own_names(root) else None


def known(root: Path) -> tuple[str, ...]:
    """Return MNIST, which can always be fetched, and every other set of `SOURCES` below `root`.

    EMNIST is more than half a gigabyte: it is fetched only when somebody names it.
    """
    return tuple(
        name
        for name, source in SOURCES.items()
        if name == "mnist" or any(root.glob(f"{source.path}{source.files}"))
    )


def available(root: Path) -> tuple[str, ...]:
    """Return the known sets and the stroke files of one's own.

    Raises:
        DataError: a stroke file has a name that a source cannot have.
    """
    return known(root) + _own_names(root)


def _own_names(root: Path) -> tuple[str, ...]:
    """Return the names of the stroke files that are not those of our sources."""
    ours = {source.path for source in SOURCES.values()}
    names = []
    for path in sorted((root / _STROKES).glob(f"*{_SUFFIX}")):
        if f"{_STROKES}/{path.name}" in ours:
            continue
        name = path.name.removesuffix(_SUFFIX)
        if name in SOURCES or name == synthesis.NAME or not _NAME.fullmatch(name):
            raise DataError(
                f"{path} cannot be called so: give it another name, of letters, digits, _ and -, "
                "that no other set has"
            )
        names.append(name)
    return tuple(names)


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
        source = source_of(name, root)
        if source is None:
            names = ", ".join((*SOURCES, *_own_names(root)))
            raise DataError(
                f"there is no source {name!r}: choose from {names}, or put drawings of your own at "
                f"{root / own(name).path}"
            )
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
    if source.unit == _SHARE:
        return np.isin(characters.groups, _by_digest(groups, source.held_out))
    if source.unit == "words in a hundred":
        count = len(groups) * source.held_out // 100
        # By a digest of the word, so that the choice depends on nothing else.
        groups.sort(key=lambda group: hashlib.sha256(group.encode()).digest())
    else:
        count = source.held_out
    count = min(max(count, 1), len(groups) // 2)  # a tiny set keeps something to train on
    return np.isin(characters.groups, groups[len(groups) - count :])


def _by_digest(writers: list[str], percent: int) -> list[str]:
    """Return about so many writers: each by their name alone, so that others may join later."""

    def place(writer: str) -> int:
        return int.from_bytes(hashlib.sha256(writer.encode()).digest()[:4])

    ranked = sorted(writers, key=place)
    below = sum(place(writer) < percent * 2**32 // 100 for writer in writers)
    most = len(writers) // 2  # a tiny set keeps something to train on, and a single writer
    return ranked[: min(max(below, 1), most)]


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
        "held_out": f"{source.held_out} {_SHARE}, by a digest of their names"
        if source.unit == _SHARE
        else f"the last {source.held_out} {source.unit}",
    }
    if source.unit in {"writers", _SHARE}:
        described["held_out_writers"] = sorted(set(validation.groups))
    return described
