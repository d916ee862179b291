"""`manage.py train_numpy` end to end on a handful of drawings, and the files that it writes."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recognizer.alphabet import LABELS
from trainer import numpy_release, release, splits, synthesis
from trainer.management.commands import train_numpy
from trainer.nist import read_mnist
from trainer.numpy_files import read_network
from trainer.numpy_training import logits_of
from trainer.tensor_files import TensorFileError
from trainer.tests.handwriting import write_everything

TINY = ("--epochs", "2", "--hidden", "8", "--batch-size", "16")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw few scribbles and few characters."""
    monkeypatch.setattr(release, "FITTED_SCRIBBLES", 30)
    monkeypatch.setattr(release, "REPORTED_SCRIBBLES", 30)
    monkeypatch.setattr(numpy_release, "WRITTEN", {"train": (404, 3, 1), "validation": (505, 2, 1)})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with a little of everything."""
    return write_everything(tmp_path / "data")


def train(data: Path, *options: str) -> str:
    out = StringIO()
    call_command(
        "train_numpy", "--data-dir", str(data), "--out", str(data.parent / "out"), *TINY, *options,
        stdout=out,
    )  # fmt: skip
    return out.getvalue()


def facts_of(data: Path) -> Any:
    return json.loads((data.parent / "out/network.json").read_text())


def test_it_trains_on_mnist_and_tells_what_evaluate_tells(data: Path) -> None:
    out = train(data, "--test")
    lines = out.splitlines()
    assert lines[0] == "training on mnist"
    assert [line[:9] for line in lines[1:3]] == ["epoch 1/2", "epoch 2/2"]
    assert "which validated best" in lines[3]
    assert lines[4] == "validation:"
    assert lines[6].startswith("scanned digit")
    assert out.count("calibration error") == 4  # two splits, each with the hint and among all
    assert "mnist-test:" in lines


def test_it_writes_the_report_of_evaluate(data: Path) -> None:
    out = train(data, "--test")
    for split, samples in (("validation", 20), ("mnist-test", 40)):
        page = data.parent / "out" / split / "report.html"
        assert f"Report: {page}" in out
        assert f"The NumPy network on {split}" in page.read_text()
        assert facts_of(data)["sha256"]["weights.safetensors"] in page.read_text()
        figures = json.loads(page.with_suffix(".json").read_text())
        assert figures["overall"]["samples"] == samples


def test_scribbles_are_measured_though_none_was_trained_on(data: Path) -> None:
    train(data)
    page = json.loads((data.parent / "out/validation/report.json").read_text())
    digits = next(each for each in page["abstention"] if each["charset"] == "digits")
    assert digits["caught"] is None
    assert 0 <= digits["caught_held_out"] <= 1


def test_what_is_written_says_how_it_came_about(data: Path) -> None:
    train(data, "--seed", "3")
    facts = facts_of(data)
    assert facts["settings"]["seed"] == 3
    assert facts["architecture"] == {"labels": 36, "hidden": [8], "filters": 0}
    assert facts["sources"]["mnist"]["train"] == 20
    losses = [epoch["loss"] for epoch in facts["curve"]]
    assert len(losses) == 2
    assert facts["epoch"] == 1 + losses.index(min(losses))
    assert str(data.parent) not in json.dumps(facts)


def test_test_images_are_read_only_when_asked_for(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> Any:
        raise AssertionError("nobody asked for the test images")

    monkeypatch.setattr(splits, "read_mnist", refuse)
    train(data)
    assert not (data.parent / "out/mnist-test").exists()


@pytest.mark.parametrize("options", [(), ("--filters", "2"), ("--hidden",)])
def test_what_is_written_can_be_read_again(data: Path, options: tuple[str, ...]) -> None:
    train(data, *options)
    network, _ = read_network(data.parent / "out")
    test = read_mnist(data, "test")
    assert logits_of(network, test.images).shape == (len(test), len(LABELS))


def test_the_same_command_writes_the_same_bytes(data: Path) -> None:
    train(data)
    first = (data.parent / "out/weights.safetensors").read_bytes()
    train(data)
    assert (data.parent / "out/weights.safetensors").read_bytes() == first


def test_without_data_it_trains_on_our_own_handwriting_and_says_so(tmp_path: Path) -> None:
    out = train(tmp_path / "nothing")
    lines = out.splitlines()
    assert "so our own handwriting has to do" in lines[0]
    assert "fetch_data --sets mnist" in lines[0]
    assert lines[1] == "training on synthesis"
    assert "parametric lower" in out
    assert facts_of(tmp_path / "nothing")["sources"]["synthesis"]["train"] == 3 * len(LABELS)


def test_test_images_that_are_not_there_are_asked_for_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="fetch_data --sets mnist"):
        train(tmp_path / "nothing", "--test")


def test_damaged_test_images_are_named(data: Path) -> None:
    path = data / "MNIST/raw/t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CommandError, match=f"{path.name} is damaged"):
        train(data, "--test")


def test_validation_is_by_writers_that_training_does_not_have() -> None:
    split = numpy_release.read_split(Path("nowhere"), [synthesis.NAME])
    train, validation = split.train[0].rasters(), split.validation[0].rasters()
    assert not {image.tobytes() for image in train} & {image.tobytes() for image in validation}


def test_strokes_train_it_as_well(data: Path) -> None:
    out = train(data, "--sources", "mnist", "chars74k")
    assert "pen lower" in out
    assert facts_of(data)["sources"]["chars74k"]["held_out_writers"]


def test_our_own_handwriting_is_not_mixed_with_others(data: Path) -> None:
    with pytest.raises(CommandError, match="name it alone"):
        train(data, "--sources", "mnist", "synthesis")


def test_a_learning_rate_that_is_too_high_is_named(data: Path) -> None:
    with np.errstate(all="ignore"), pytest.raises(CommandError, match="try a lower --lr"):
        train(data, "--lr", "1e9", "--epochs", "30")


def test_an_interrupted_training_writes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped:
        def __enter__(self) -> Any:
            return lambda: True

        def __exit__(self, *error: object) -> None:
            """Nothing to put back."""

    monkeypatch.setattr(train_numpy, "stop_on_signals", Stopped)
    with pytest.raises(CommandError, match="nothing was written"):
        train(data)
    assert not (data.parent / "out").exists()


@pytest.mark.parametrize(
    "options",
    [("--epochs", "0"), ("--lr", "nan"), ("--hidden", "0"), ("--momentum", "1"),
     ("--weight-decay", "-1"), ("--filters", "-1"), ("--batch-size", "few")],
)  # fmt: skip
def test_odd_values_are_refused(data: Path, options: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=options[0]):
        train(data, *options)


def test_damaged_and_exchanged_files_are_named(data: Path) -> None:
    train(data)
    folder = data.parent / "out"
    (folder / "weights.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(TensorFileError, match=r"weights\.safetensors is not the file that"):
        read_network(folder)
    (folder / "network.json").write_text("{}")
    with pytest.raises(TensorFileError, match="holds no NumPy network"):
        read_network(folder)
    with pytest.raises(TensorFileError, match="holds no NumPy network"):
        read_network(data)


def test_a_folder_that_cannot_be_written_is_said_before_training(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(numpy_release, "train", None)  # nobody gets so far
    with pytest.raises(CommandError, match=r"--out .*file/x cannot be written"):
        train(data, "--out", str(tmp_path / "file" / "x"))
