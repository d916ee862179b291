"""A version folder holds what torch computes, under its own digests, and nothing else."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recognizer.model_card import of_file
from trainer import export
from trainer.export import ParityError, open_session, parity, read_network, write_version
from trainer.network import RELEASED, Network, NetworkConfig, to_tensor
from trainer.onnx_graph import build
from trainer.tensor_files import TensorFileError
from trainer.tests.handwriting import stroke_set

CARD: dict[str, Any] = {"schema": 1, "number": 3}


SHAPES = (
    RELEASED,
    NetworkConfig(widths=(32, 64, 128)),  # of versions that were trained before depths were known
    NetworkConfig(widths=(4, 6, 8, 128), depths=(1, 2, 3, 1), kernel=5),
    NetworkConfig(widths=(4, 128), planes=5),
)


@pytest.fixture(params=SHAPES, ids=["released", "two each", "mixed", "directed"])
def network(request: pytest.FixtureRequest) -> Network:
    """Return a network whose batch norms have seen something."""
    torch.manual_seed(0)
    network = Network(request.param)
    network.train()
    with torch.no_grad():
        for _ in range(5):
            network(torch.rand(8, network.config.planes, 28, 28))
    return network.eval()


@pytest.fixture
def images(tmp_path: Path) -> Any:
    return stroke_set(tmp_path).rasters()


def test_the_graph_computes_what_torch_computes(network: Network, images: Any) -> None:
    assert parity(network, build(network).SerializeToString(), images) <= export.TOLERANCE


def test_the_graph_takes_any_number_of_images(network: Network) -> None:
    session = open_session(build(network).SerializeToString())
    for count in (1, 7):
        batch = np.random.default_rng(0).random((count, network.config.planes, 28, 28), np.float32)
        logits, features = session.run(["logits", "features"], {"image": batch})
        assert logits.shape == (count, 36)
        assert features.shape == (count, 256)


def test_the_same_weights_give_the_same_bytes_without_a_path(network: Network) -> None:
    first, second = (build(network).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second
    assert str(Path(export.__file__).parent).encode() not in first
    assert b"BatchNormalization" not in first


def test_the_card_names_every_file_by_its_digest(
    network: Network, images: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "version"
    write_version(folder, network, images, CARD)
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json", "card.md", "model.onnx", "weights.safetensors",
    ]  # fmt: skip
    assert (folder / "card.md").read_bytes() == of_file((folder / "card.json").read_bytes())
    card = json.loads((folder / "card.json").read_text())
    assert card["number"] == 3
    assert card["architecture"]["parameters"] == network.parameter_count()
    for name, digest in card["sha256"].items():
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        assert len(data) == card["bytes"][name]


def test_weights_come_back_as_the_same_network(
    network: Network, images: Any, tmp_path: Path
) -> None:
    write_version(tmp_path / "version", network, images, CARD)
    again = read_network(tmp_path / "version" / "weights.safetensors")
    values = network.state_dict()
    assert all(torch.equal(value, values[name]) for name, value in again.state_dict().items())
    with torch.inference_mode():
        torch.testing.assert_close(again(to_tensor(images))[0], network(to_tensor(images))[0])


def test_what_is_read_computes_in_the_layout_of_its_images(
    network: Network, images: Any, tmp_path: Path
) -> None:
    write_version(tmp_path / "version", network, images, CARD)
    again = read_network(tmp_path / "version" / "weights.safetensors")
    layouts = [value for value in again.parameters() if value.ndim == 4]
    assert layouts
    assert all(value.is_contiguous(memory_format=torch.channels_last) for value in layouts)


def test_an_older_version_in_its_place_is_replaced_whole(
    network: Network, images: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "versions" / "anchor"
    folder.mkdir(parents=True)
    (folder / "leftover").write_text("old")
    write_version(folder, network, images, CARD)
    assert not (folder / "leftover").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["anchor"]


def test_nothing_is_written_when_the_export_disagrees(
    network: Network, images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "parity", lambda *_: float("nan"))
    with pytest.raises(ParityError, match="off by nan"):
        write_version(tmp_path / "version", network, images, CARD)
    assert not (tmp_path / "version").exists()


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"nothing")
    with pytest.raises(TensorFileError, match=r"weights\.safetensors"):
        read_network(tmp_path / "weights.safetensors")
