"""Tiny handwriting in the exact formats of the real sets, made from a seed."""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.characters import StrokeSet
from trainer.stroke_files import read_strokes

# Shapes that a small network tells apart after a few steps.
SHAPES: dict[str, list[list[list[float]]]] = {
    "1": [[[5, 0], [5, 10]]],
    "7": [[[0, 0], [6, 0], [2, 10]]],
    "L": [[[0, 0], [0, 10], [6, 10]]],
    "x": [[[0, 0], [6, 10]], [[6, 0], [0, 10]]],
}


def write_stroke_file(
    path: Path, characters: str = "17Lx", writers: int = 4, repeats: int = 2
) -> Path:
    """Write a stroke file: every writer draws every character, each a little differently."""
    rng = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt") as file:
        for writer in range(writers):
            for character in characters * repeats:
                strokes = [
                    (np.array(stroke) + rng.normal(0, 0.3, (len(stroke), 2))).tolist()
                    for stroke in SHAPES[character]
                ]
                row = {"label": character, "writer": f"w{writer:02d}", "strokes": strokes}
                file.write(json.dumps(row) + "\n")
    return path


def stroke_set(folder: Path, name: str = "pens", characters: str = "17Lx") -> StrokeSet:
    """Return what such a file holds."""
    return read_strokes(write_stroke_file(folder / f"{name}.jsonl.gz", characters), name)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Return an array in the IDX format."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write an IDX file, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = idx_bytes(array)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_mnist(root: Path, count: int = 40, suffix: str = ".gz") -> None:
    """Write MNIST's files with `count` random images each."""
    rng = np.random.default_rng(0)
    for prefix in ("train", "t10k"):
        images = rng.integers(0, 255, (count, 28, 28), np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        write_idx(root / f"MNIST/raw/{prefix}-images-idx3-ubyte{suffix}", images)
        write_idx(root / f"MNIST/raw/{prefix}-labels-idx1-ubyte{suffix}", labels)


def write_emnist(
    root: Path,
    split: str,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    suffix: str = ".gz",
) -> None:
    """Write one split of EMNIST, its images as given (EMNIST stores x and y exchanged)."""
    for part in ("train", "test"):
        prefix = root / f"EMNIST/raw/emnist-{split}-{part}"
        write_idx(prefix.with_name(f"{prefix.name}-images-idx3-ubyte{suffix}"), images)
        write_idx(prefix.with_name(f"{prefix.name}-labels-idx1-ubyte{suffix}"), labels)


def write_kassel(path: Path, words: int = 20) -> None:
    """Write letters of 16x8 in words of two: a tall bar and a ring, no two alike."""
    rng = np.random.default_rng(0)
    bar, ring = np.zeros((16, 8), np.uint8), np.zeros((16, 8), np.uint8)
    bar[:, 3] = 255
    ring[5:11, 1:7] = 255
    ring[6:10, 2:6] = 0
    images = np.stack([bar, ring] * words)
    for image in images:
        image[tuple(rng.integers((16, 8), size=(3, 2)).T)] ^= 255
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        images=images,
        labels=np.array(["l", "o"] * words),
        word_id=np.repeat(np.arange(words), 2).astype(np.int32),
    )


def write_everything(root: Path) -> Path:
    """Write all default sources below `root`."""
    write_mnist(root)
    write_kassel(root / "images/ocr_kassel.npz")
    write_stroke_file(root / "strokes/pendigits.jsonl.gz", "17")
    write_stroke_file(root / "strokes/uji2_digits.jsonl.gz", "17")
    write_stroke_file(root / "strokes/chars74k.jsonl.gz")
    write_stroke_file(root / "strokes/omniglot_latin.jsonl.gz", "x")
    return root
