"""Writes a model version: a folder with model.onnx, weights.safetensors, card.json and card.md.

The exported graph must agree with torch on real images before anything is written; the folder is
written aside and renamed, so nobody ever sees half of a version.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from recognizer import model_card
from trainer.characters import Images
from trainer.network import Network, NetworkConfig, to_tensor
from trainer.onnx_graph import build
from trainer.tensor_files import read_tensors, tensors_of

TOLERANCE = 1e-4  # largest difference of a logit or feature between ONNX Runtime and torch
MODEL, WEIGHTS, CARD = "model.onnx", "weights.safetensors", "card.json"


class ParityError(RuntimeError):
    """The exported graph does not compute what the network computes; nothing was written."""


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """Open an exported model the way it is served: on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def parity(network: Network, model: bytes, images: Images) -> float:
    """Return the largest difference of any logit or feature between torch and ONNX Runtime."""
    session = open_session(model)
    with torch.inference_mode():
        expected = [output.numpy() for output in network.eval()(to_tensor(images))]
    batch = network.fit(to_tensor(images)).numpy()
    together = session.run(["logits", "features"], {"image": batch})
    alone = session.run(["logits", "features"], {"image": batch[:1]})
    differences = [np.abs(a - b).max() for a, b in zip(together, expected, strict=True)]
    differences += [np.abs(a - b[:1]).max() for a, b in zip(alone, expected, strict=True)]
    return float(max(differences))


def latency(model: bytes, repeats: int = 400) -> float:
    """Return the median time of one forward pass of one image on one thread, in milliseconds."""
    return float(np.median(turn_by_turn([model], repeats)))


def turn_by_turn(models: Sequence[bytes], repeats: int) -> NDArray[np.float64]:
    """Time forward passes of one image on one thread, one of each model after the other.

    So whatever else the machine does slows all of them alike.

    Returns:
        Milliseconds, shape (models, repeats).
    """
    sessions = [open_session(model) for model in models]
    chance = np.random.default_rng(0)
    images = [chance.random((1, *each.get_inputs()[0].shape[1:]), np.float32) for each in sessions]
    times = np.zeros((len(sessions), repeats))
    for turn in range(repeats):
        for index, session in enumerate(sessions):
            started = time.perf_counter()
            session.run(["logits", "features"], {"image": images[index]})
            times[index, turn] = time.perf_counter() - started
    return times * 1000


def version_files(network: Network, images: Images, card: dict[str, Any]) -> dict[str, bytes]:
    """Return the three files of a version.

    Args:
        network: what to release.
        images: real images (n, 28, 28) for the parity check.
        card: what the card says besides files and architecture.

    Raises:
        ParityError: ONNX Runtime and torch disagree.
    """
    network = network.eval()
    model = build(network).SerializeToString(deterministic=True)
    difference = parity(network, model, images)
    if not difference <= TOLERANCE:
        raise ParityError(f"the exported model is off by {difference:.2g}, {TOLERANCE:g} allowed")
    files = {MODEL: model, WEIGHTS: weights_of(network)}
    whole = card | {
        "architecture": network.config.facts() | {"parameters": network.parameter_count()},
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "bytes": {name: len(data) for name, data in files.items()},
    }
    files[CARD] = (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def weights_of(network: Network) -> bytes:
    """Return the weights as a safetensors file: the same weights, the same bytes."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    return save(state, {"facts": json.dumps(network.config.facts())})


def write_version(folder: Path, network: Network, images: Images, card: dict[str, Any]) -> str:
    """Write a version folder, replacing an older one there; return the digest of its model.

    Raises:
        As `version_files`.
    """
    files = version_files(network, images, card)
    _replace_folder(folder, files | {model_card.FILE: model_card.of_file(files[CARD])})
    return hashlib.sha256(files[MODEL]).hexdigest()


def read_network(path: Path) -> Network:
    """Read a network from weights that `write_version` wrote.

    Raises:
        TensorFileError: the file is missing, damaged or not ours.
    """
    return _network(*read_tensors(path))


def network_of(weights: bytes) -> Network:
    """Return the network whose weights `weights_of` gave.

    Raises:
        TensorFileError: they are damaged or not ours.
    """
    return _network(*tensors_of(weights))


def _network(tensors: dict[str, Tensor], facts: dict[str, Any]) -> Network:
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    network = Network(NetworkConfig(**settings))
    network.load_state_dict(tensors)
    # In the layout that `to_tensor` gives images: convolutions take half the time so.
    return network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]


def _replace_folder(folder: Path, files: dict[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.new.{os.getpid()}")
    old = folder.with_name(f".{folder.name}.old.{os.getpid()}")
    try:
        fresh.mkdir()
        for name, data in files.items():
            with (fresh / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
