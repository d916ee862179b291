"""MNIST and EMNIST: files in place are used, EMNIST is turned upright, labels are mapped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import nist
from trainer.nist import DownloadError, read_emnist, read_mnist
from trainer.tests.handwriting import write_emnist, write_mnist
from trainer.torchvision_compat import import_datasets


def upright_seven() -> np.ndarray[Any, np.dtype[np.uint8]]:
    image = np.zeros((28, 28), np.uint8)
    image[4, 6:20] = 255  # the bar on top
    image[4:24, 19] = 255  # the stem on the right
    return image


def refuse_network(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    class Datasets:
        def __getattr__(self, name: str) -> Any:
            def fetch(*args: object, **options: object) -> None:
                raise error

            return fetch

    monkeypatch.setattr(nist, "import_datasets", Datasets)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_that_are_there_are_used_and_nothing_is_written(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_network(monkeypatch, AssertionError("no download was needed"))
    write_mnist(tmp_path, count=20, suffix=suffix)
    before = sorted(tmp_path.rglob("*"))
    train = read_mnist(tmp_path, "train")
    assert train.images.shape == (20, 28, 28)
    assert train.characters[:3].tolist() == ["0", "1", "2"]
    assert train.labels[:3].tolist() == [0, 1, 2]
    assert sorted(tmp_path.rglob("*")) == before


def test_emnist_is_turned_upright(tmp_path: Path) -> None:
    stored = np.stack([upright_seven().T] * 2)
    write_emnist(tmp_path, "byclass", stored, np.array([7, 7], np.uint8))
    read = read_emnist(tmp_path, "byclass", "train")
    assert (read.images[0] == upright_seven()).all()


@pytest.mark.parametrize(
    ("split", "numbers", "characters", "labels"),
    [
        ("letters", [1, 2, 26], ["a", "b", "z"], [10, 11, 35]),
        ("byclass", [0, 9, 10, 35, 36, 61], ["0", "9", "A", "Z", "a", "z"],
         [0, 9, 10, 35, 10, 35]),
    ],
)  # fmt: skip
def test_class_numbers_become_characters_and_labels(
    tmp_path: Path,
    split: nist.EmnistSplit,
    numbers: list[int],
    characters: list[str],
    labels: list[int],
) -> None:
    images = np.zeros((len(numbers), 28, 28), np.uint8)
    write_emnist(tmp_path, split, images, np.array(numbers, np.uint8))
    read = read_emnist(tmp_path, split, "test")
    assert read.characters.tolist() == characters
    assert read.labels.tolist() == labels


@pytest.mark.parametrize(("split", "number"), [("letters", 0), ("letters", 27), ("byclass", 62)])
def test_unknown_class_numbers_are_refused(
    tmp_path: Path, split: nist.EmnistSplit, number: int
) -> None:
    write_emnist(tmp_path, split, np.zeros((1, 28, 28), np.uint8), np.array([number], np.uint8))
    with pytest.raises(ValueError, match="class numbers"):
        read_emnist(tmp_path, split, "train")


@pytest.mark.parametrize(
    "error", [OSError("no route to host"), RuntimeError("Error downloading")], ids=["os", "torch"]
)
def test_a_failing_download_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    refuse_network(monkeypatch, error)
    with pytest.raises(DownloadError, match=r"MNIST/raw.*leave mnist out of --sources"):
        read_mnist(tmp_path, "train")
    with pytest.raises(DownloadError, match=r"leave emnist-letters out of --sources"):
        read_emnist(tmp_path, "letters", "train")


def test_what_is_missing_is_fetched_by_torchvision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = import_datasets()
    asked: list[str] = []

    def fetch_mnist(self: Any) -> None:
        asked.append(self.raw_folder)
        write_mnist(tmp_path, count=20, suffix="")

    def fetch_emnist(self: Any) -> None:
        asked.append(self.raw_folder)
        images, labels = np.zeros((1, 28, 28), np.uint8), np.ones(1, np.uint8)
        write_emnist(tmp_path, "letters", images, labels, suffix="")

    monkeypatch.setattr(datasets.MNIST, "download", fetch_mnist)
    monkeypatch.setattr(datasets.EMNIST, "download", fetch_emnist)
    assert len(read_mnist(tmp_path, "train")) == 20
    assert len(read_emnist(tmp_path, "letters", "train")) == 1
    assert asked == [str(tmp_path / "MNIST/raw"), str(tmp_path / "EMNIST/raw")]
