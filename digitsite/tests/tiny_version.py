"""A version folder of a few kilobytes, for tests that start a real process and not a real model."""

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from recognizer.alphabet import LABELS

PIXELS = 28 * 28


def write(folder: Path, number: int = 1) -> Path:
    """Write a linear model with seeded weights into `folder` and return it."""
    folder.mkdir(parents=True)
    weights = np.random.default_rng(0).normal(size=(PIXELS, len(LABELS))).astype(np.float32) / 20
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["features"]),
            helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(LABELS)]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", PIXELS]),
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    save_file({"weights": weights}, folder / "weights.safetensors")
    names = ("model.onnx", "weights.safetensors")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    card = {
        "schema": 1,
        "number": number,
        "name": "tiny",
        "created": "2026-01-01T00:00:00Z",
        "labels": list(LABELS),
        "architecture": {"name": "linear", "parameters": int(weights.size)},
        "temperature": {"digits": 1.0, "letters": 1.0, "all": 1.0},
        "abstain": {
            "confidence": {"digits": 0.0, "letters": 0.0, "all": 0.0},
            "energy": -1e9,
        },
        "data": {},
        "metrics": {},
        "sha256": digests,
        "bytes": {name: (folder / name).stat().st_size for name in names},
    }
    (folder / "card.json").write_text(json.dumps(card))
    return folder
