"""MNIST and EMNIST: torchvision's download, our own reading, EMNIST's orientation put right.

Files that are already there, plain or gzipped, are used as they are and never touched. What must
be fetched is fetched by torchvision with its progress bar. Knows nothing about training.
"""

import string
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainer.characters import Images, ImageSet
from trainer.idx import find_idx, read_idx
from trainer.torchvision_compat import import_datasets

EmnistSplit = Literal["letters", "byclass"]
Part = Literal["train", "test"]

# Index of a written character by EMNIST's class number. "letters" counts from 1 and holds both
# cases of a letter under one number, so its characters are given in lower case.
EMNIST_CLASSES: dict[EmnistSplit, str] = {
    "letters": "\0" + string.ascii_lowercase,
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}


class DownloadError(RuntimeError):
    """A data set is not there and could not be fetched; the message says what to do."""


def read_mnist(root: Path, part: Part) -> ImageSet:
    """Read MNIST, fetching it into `root` if it is not there.

    Raises:
        DownloadError: it is not there and cannot be fetched.
    """
    prefix = "train" if part == "train" else "t10k"
    folder = root / "MNIST" / "raw"

    def fetch() -> None:
        import_datasets().MNIST(str(root), train=True, download=True)

    images, labels = _read(folder, prefix, fetch, "MNIST", "mnist")
    characters = np.array(list(string.digits))[labels]
    return ImageSet("mnist", characters, _unknown_writers(len(labels)), images)


def read_emnist(root: Path, split: EmnistSplit, part: Part) -> ImageSet:
    """Read one split of EMNIST upright, fetching it into `root` if it is not there.

    Raises:
        DownloadError: it is not there and cannot be fetched.
    """
    folder = root / "EMNIST" / "raw"

    def fetch() -> None:
        import_datasets().EMNIST(str(root), split=split, train=True, download=True)

    source = f"emnist-{split}"
    images, labels = _read(folder, f"emnist-{split}-{part}", fetch, "EMNIST", source)
    classes = EMNIST_CLASSES[split]
    if labels.min(initial=1) < (split == "letters") or labels.max(initial=0) >= len(classes):
        raise ValueError(f"{folder} holds class numbers that EMNIST {split} does not have")
    upright = np.ascontiguousarray(images.transpose(0, 2, 1))  # stored with x and y exchanged
    return ImageSet(source, np.array(list(classes))[labels], _unknown_writers(len(labels)), upright)


def _read(
    folder: Path, prefix: str, fetch: Callable[[], None], title: str, source: str
) -> tuple[Images, NDArray[np.uint8]]:
    names = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    if not all(find_idx(folder, name) for name in names):
        try:
            fetch()
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:
            raise DownloadError(
                f"{title} could not be fetched ({error}): put its files into {folder}, "
                f"or leave {source} out of --sources"
            ) from error
    paths = [find_idx(folder, name) for name in names]
    if paths[0] is None or paths[1] is None:
        raise DownloadError(
            f"{title} was fetched, yet {folder} lacks {names[0]} or {names[1]}: "
            f"remove the folder and try again, or leave {source} out of --sources"
        )
    images, labels = read_idx(paths[0]), read_idx(paths[1])
    if images.ndim != 3 or len(images) != len(labels):
        raise ValueError(f"{paths[0]} and {paths[1]} do not belong together")
    return images, labels


def _unknown_writers(count: int) -> NDArray[np.str_]:
    return np.array([f"{position:06d}" for position in range(count)], "<U8")
