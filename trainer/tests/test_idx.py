"""IDX files are read plain or gzipped, and damage is named."""

from pathlib import Path

import numpy as np
import pytest

from trainer.idx import IdxError, find_idx, read_idx
from trainer.tests.handwriting import idx_bytes, write_idx

ARRAY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_it_reads_plain_and_gzipped_files(tmp_path: Path, name: str) -> None:
    write_idx(tmp_path / name, ARRAY)
    found = find_idx(tmp_path, "file")
    assert found == tmp_path / name
    assert (read_idx(found) == ARRAY).all()


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert find_idx(tmp_path, "file") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0", b"no idx at all", idx_bytes(ARRAY)[:-1], idx_bytes(ARRAY) + b"\0"],
    ids=["empty", "short", "foreign", "cut", "too long"],
)
def test_a_damaged_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(IdxError, match=str(path)):
        read_idx(path)


def test_a_damaged_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    write_idx(path, ARRAY)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(IdxError, match=str(path)):
        read_idx(path)
