"""The NumPy network computes what it says, and its gradients are those of its loss."""

from typing import Any

import numpy as np
import pytest
import torch

from trainer.numpy_convolution import Convolution
from trainer.numpy_nn import (
    Array,
    Dense,
    Flatten,
    Layer,
    Network,
    ReLU,
    gradient_error,
    softmax_cross_entropy,
)

RIGHT = 1e-6  # a relative difference that rounding explains


def batch(*shape: int) -> Any:
    return np.random.default_rng(3).normal(size=shape)


def labels(count: int, classes: int = 4) -> Any:
    return np.arange(count) % classes


def dense_network() -> Network:
    rng = np.random.default_rng(0)
    return Network([Dense(6, 5, rng), ReLU(), Dense(5, 7, rng), ReLU(), Dense(7, 4, rng)])


def convolutional_network(side: int, stride: int) -> Network:
    rng = np.random.default_rng(0)
    first, second = Convolution(2, 3, rng, side, stride), Convolution(3, 4, rng, 2, 1)
    down, right = second.places(*first.places(9, 8))
    return Network(
        [first, ReLU(), second, ReLU(), Flatten(), Dense(4 * down * right, 4, rng)]
    )  # two, so that the gradient passes through one


def check(network: Network, inputs: Array) -> float:
    rng = np.random.default_rng(2)
    for name, values in network.state().items():
        if name.endswith("biases"):  # at zero, silent layers would put the next one on the kink
            values[...] = rng.normal(0, 0.1, values.shape)
    return gradient_error(network, inputs, labels(len(inputs)), np.random.default_rng(1))


def test_the_gradients_of_a_dense_network_are_those_of_its_loss() -> None:
    assert check(dense_network(), batch(5, 6)) < RIGHT


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (2, 2), (4, 3)])
def test_the_gradients_of_a_convolutional_network_are_those_of_its_loss(
    side: int, stride: int
) -> None:
    assert check(convolutional_network(side, stride), batch(3, 9, 8, 2)) < RIGHT


class BiasForgotten(Dense):
    def backward(self, gradient: Array) -> Array:
        before = super().backward(gradient)
        self.gradients["biases"] = self.gradients["biases"] * 0
        return before


class OneImageForgotten(Dense):
    def backward(self, gradient: Array) -> Array:
        before = super().backward(gradient)
        self.gradients["weights"] = self._inputs[1:].T @ gradient[1:]
        return before


class EverythingPasses(ReLU):
    def backward(self, gradient: Array) -> Array:
        return gradient


@pytest.mark.parametrize(
    "wrong",
    [
        BiasForgotten(6, 6, np.random.default_rng(0)),
        OneImageForgotten(6, 6, np.random.default_rng(0)),
        EverythingPasses(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_the_check_finds_a_mistake_in_a_backward_pass(wrong: Layer) -> None:
    rng = np.random.default_rng(0)
    assert check(Network([Dense(6, 6, rng), wrong, Dense(6, 4, rng)]), batch(5, 6)) > 1e-2


def test_the_check_leaves_the_weights_as_they_were() -> None:
    network = dense_network()
    before = {name: values.copy() for name, values in network.state().items()}
    gradient_error(network, batch(5, 6), labels(5), np.random.default_rng(1))
    for name, values in network.state().items():
        np.testing.assert_array_equal(values, before[name])


def test_a_convolution_is_that_of_torch() -> None:
    layer = Convolution(2, 3, np.random.default_rng(0), side=3, stride=2)
    images = batch(4, 9, 8, 2)
    weights = layer.parameters["weights"].T.reshape(3, 2, 3, 3)
    theirs = torch.nn.functional.conv2d(
        torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(weights.copy()), stride=2
    )
    ours = layer.forward(images)
    np.testing.assert_allclose(ours, theirs.permute(0, 2, 3, 1).numpy(), atol=1e-12)
    assert ours.shape[1:3] == layer.places(9, 8)


def test_the_loss_is_the_surprise_at_the_label() -> None:
    logits = np.log([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]])
    loss, gradient = softmax_cross_entropy(logits, np.array([0, 0]))
    assert loss == pytest.approx(-(np.log(0.7) + np.log(0.25)) / 2)
    np.testing.assert_allclose(gradient, [[-0.15, 0.1, 0.05], [-0.375, 0.25, 0.125]])


def test_huge_logits_do_not_overflow() -> None:
    loss, gradient = softmax_cross_entropy(np.array([[1e4, -1e4]]), np.array([1]))
    assert loss == pytest.approx(2e4)
    assert np.isfinite(gradient).all()


def test_the_signal_is_as_strong_behind_many_layers_as_in_front() -> None:
    rng = np.random.default_rng(0)
    layers: list[Layer] = []
    for _ in range(10):
        layers += [Dense(200, 200, rng), ReLU()]
    outputs = Network(layers).forward(batch(50, 200))
    assert 0.3 < np.mean(outputs**2) < 3


def test_the_weights_of_another_network_are_refused() -> None:
    other = Network([Dense(6, 4, np.random.default_rng(0))])
    with pytest.raises(ValueError, match="weights of another network"):
        dense_network().load(other.state())


def test_loaded_weights_are_copies() -> None:
    first, second = dense_network(), dense_network()
    second.load(first.state())
    second.state()["0.weights"][:] = 0
    assert first.state()["0.weights"].any()
