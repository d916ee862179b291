"""The IDX format of MNIST and EMNIST, plain or gzipped. Knows nothing about what it holds."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 8


class IdxError(ValueError):
    """A file that is not what the IDX format promises; the message names it."""


def find_idx(folder: Path, name: str) -> Path | None:
    """Return the file `name` in `folder`, plain or with .gz, if there is one."""
    candidates = (folder / name, folder / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    Raises:
        IdxError: the file is cut short, damaged or of another type.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IdxError(f"{path} is damaged ({error}); remove it and get it again") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE:
        raise IdxError(f"{path} is not an IDX file of bytes; remove it and get it again")
    start = 4 + 4 * data[3]
    shape = np.frombuffer(data[4:start], ">u4").astype(int).tolist()
    if len(shape) != data[3] or len(data) - start != math.prod(shape):
        raise IdxError(f"{path} is cut short; remove it and get it again")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
