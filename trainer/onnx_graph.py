"""The network as an ONNX graph, built node by node.

Built by hand rather than traced, for three reasons: the bytes depend on the weights alone (same
weights, same digest), batch norm is folded into the convolutions, and no path or stack trace of
the machine that exported it ends up in the file. `export.py` checks it against torch.
"""

from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from recognizer.rasterizer import SIDE
from trainer.network import DEVIATION, MEAN, Block, Network

_OPSET = 20
_IR_VERSION = 10  # what onnx calls the version of the file format
_BATCH = "batch"

Array = NDArray[np.float32]


class _Graph:
    """Nodes and their constants, each node named after its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output


def build(network: Network) -> onnx.ModelProto:
    """Return the graph: "image" (batch, planes, 28, 28) → "logits" (batch, 36), "features"."""
    graph = _Graph()
    scale = graph.constant("scale", np.array(1 / DEVIATION, np.float32))
    shift = graph.constant("shift", np.array(-MEAN / DEVIATION, np.float32))
    hidden = graph.node("Mul", ["image", scale], "scaled")
    hidden = graph.node("Add", [hidden, shift], "normalised")
    for index, block in enumerate(network.blocks):
        if index:
            hidden = graph.node(
                "MaxPool", [hidden], f"pooled{index}", kernel_shape=[2, 2], strides=[2, 2]
            )
        hidden = _add_block(graph, cast(Block, block), hidden, f"block{index}")
    mean = graph.node("GlobalAveragePool", [hidden], "mean")
    peak = graph.node("GlobalMaxPool", [hidden], "peak")
    both = graph.node("Concat", [mean, peak], "both", axis=1)
    graph.node("Flatten", [both], "features", axis=1)
    weight = graph.constant("classifier.weight", network.classifier.weight.detach().numpy())
    bias = graph.constant("classifier.bias", network.classifier.bias.detach().numpy())
    graph.node("Gemm", ["features", weight, bias], "logits", transB=1)
    return _model(graph, network)


def _add_block(graph: _Graph, block: Block, hidden: str, name: str) -> str:
    layers = list(block)
    for number, position in enumerate(range(0, len(layers), 3)):
        convolution = cast(nn.Conv2d, layers[position])
        side = convolution.kernel_size[0]
        weight, bias = fold(convolution, cast(nn.BatchNorm2d, layers[position + 1]))
        inputs = [
            hidden,
            graph.constant(f"{name}.{number}.weight", weight),
            graph.constant(f"{name}.{number}.bias", bias),
        ]
        hidden = graph.node(
            "Conv",
            inputs,
            f"{name}.{number}",
            kernel_shape=[side, side],
            pads=[side // 2] * 4,
        )
        hidden = graph.node("Relu", [hidden], f"{name}.{number}.relu")
    return hidden


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Array, Array]:
    """Return weight and bias of the convolution that does the work of both."""
    mean = cast(Tensor, norm.running_mean).double().numpy()
    variance = cast(Tensor, norm.running_var).double().numpy()
    gain = norm.weight.detach().double().numpy() / np.sqrt(variance + norm.eps)
    weight = convolution.weight.detach().double().numpy() * gain[:, None, None, None]
    bias = norm.bias.detach().double().numpy() - mean * gain
    return weight.astype(np.float32), bias.astype(np.float32)


def _model(graph: _Graph, network: Network) -> onnx.ModelProto:
    config = network.config

    def value(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [_BATCH, *shape])

    inputs = [value("image", config.planes, SIDE, SIDE)]
    outputs = [value("logits", config.labels), value("features", config.features)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, config.name, inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="trainer",
    )
    onnx.checker.check_model(model, full_check=True)
    return model
