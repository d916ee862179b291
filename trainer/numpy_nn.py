"""A neural network in NumPy alone, written to be read: forward, backward, and the proof of both.

A network is a row of layers. A layer answers two questions. `forward`: given your inputs, what are
your outputs? `backward`: given how the loss changes with each of your outputs, how does it change
with each of your inputs, and with each of your weights? The second is the chain rule and nothing
else, applied from the last layer to the first (Rumelhart, Hinton, Williams 1986).

Everything happens to a batch of n images at once: the first axis is always the image, and what a
layer does to one row it does to every row. "The gradient of x" is short for "the derivative of the
loss with respect to x". It always has the shape of x, which is a good check of a derivation: where
all dimensions differ, only one order and transposition of the factors of a product has that shape.

Read from top to bottom, then trainer/numpy_convolution.py for a layer that knows what an image is,
then trainer/numpy_training.py for what the gradients are for. Knows nothing about handwriting,
training or files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]  # floats: float32 to train, float64 where a gradient is checked
Labels = NDArray[np.int64]  # (n,): which of the outputs is the right one


class Layer:
    """One step of a network. `backward` belongs to the latest `forward`.

    What a layer learns is in `parameters`, by name; `backward` leaves the gradient of each under
    the same name in `gradients`. A layer that learns nothing has none.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}

    def forward(self, inputs: Array) -> Array:
        """Return the outputs."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """Take the gradient of the outputs, keep that of the parameters, return the inputs'."""
        raise NotImplementedError


class Dense(Layer):
    """Every output is a weighted sum of all inputs, plus a bias: y = x W + b."""

    def __init__(self, inputs: int, outputs: int, rng: Generator) -> None:
        super().__init__()
        self.parameters = {
            "weights": he_normal((inputs, outputs), inputs, rng),  # (inputs, outputs)
            "biases": np.zeros(outputs),  # (outputs,)
        }

    def forward(self, inputs: Array) -> Array:
        """Return y = x W + b: (n, inputs) → (n, outputs)."""
        self._inputs = inputs  # backward needs them
        return inputs @ self.parameters["weights"] + self.parameters["biases"]

    def backward(self, gradient: Array) -> Array:
        """Return the gradient of x, (n, inputs), for that of y, (n, outputs), here called g.

        In one image, y_j = Σ_i x_i W_ij + b_j.

        W_ij appears in y_j alone, multiplied by x_i, so its gradient is x_i g_j. Every image of the
        batch adds to the loss, so the gradients add up: Σ_n x_ni g_nj, which is xᵀ g.

        b_j appears in y_j alone, multiplied by 1: its gradient is Σ_n g_nj.

        x_i appears in every y_j, each time multiplied by W_ij. By all these ways it moves the loss,
        so its gradient is Σ_j g_j W_ij, which is g Wᵀ.
        """
        self.gradients = {
            "weights": self._inputs.T @ gradient,  # (inputs, n) @ (n, outputs)
            "biases": gradient.sum(axis=0),  # (outputs,)
        }
        return gradient @ self.parameters["weights"].T  # (n, outputs) @ (outputs, inputs)


class ReLU(Layer):
    """Lets what is positive pass: y = max(x, 0).

    Without something in between that is not linear, two dense layers would be one: (x A) B is
    x (A B).
    """

    def forward(self, inputs: Array) -> Array:
        """Return max(x, 0), any shape."""
        self._passed = inputs > 0
        return inputs * self._passed

    def backward(self, gradient: Array) -> Array:
        """Return the gradient of x: where x passed it is that of y, elsewhere x moved nothing."""
        return gradient * self._passed


class Flatten(Layer):
    """Puts all that belongs to one image into one row; dense layers want rows."""

    def forward(self, inputs: Array) -> Array:
        """Return (n, everything) of (n, …)."""
        self._shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, gradient: Array) -> Array:
        """Return the same numbers in the shape that they came in."""
        return gradient.reshape(self._shape)


def he_normal(shape: tuple[int, ...], inputs: int, rng: Generator) -> Array:
    """Draw initial weights for sums of so many inputs (He et al. 2015).

    Equal weights would stay equal for ever, since equal weights have equal gradients; so they are
    random. A sum of `inputs` independent products has `inputs` times the variance of one, and the
    ReLU before it has thrown half of it away: with a variance of 2 / inputs the signal is as strong
    behind the layer as in front of it, however many layers there are.
    """
    return rng.normal(0.0, np.sqrt(2.0 / inputs), shape)


def softmax_cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Return the loss of a batch, in nats, and the gradient of the logits (n, outputs).

    Softmax turns logits z into probabilities, p_j = exp(z_j) / Σ_k exp(z_k); the loss of an image
    is the surprise at its label y, -log p_y; the loss of the batch is the mean.

    Why both in one function: -log p_y = log Σ_k exp(z_k) - z_y, and its derivative with respect to
    z_j is exp(z_j) / Σ_k exp(z_k), minus one where j is y. That is p - (0, …, 1, …, 0): what was
    said minus what should have been said. The mean over n images divides it by n.
    """
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)  # the same p, and exp cannot overflow
    exponentials = np.exp(shifted)  # (n, outputs)
    sums = exponentials.sum(axis=1, keepdims=True)  # (n, 1)
    loss = np.log(sums[:, 0]) - shifted[rows, labels]  # (n,)
    gradient = exponentials / sums
    gradient[rows, labels] -= 1
    return float(loss.mean()), gradient / len(labels)


@dataclass(frozen=True)
class Parameter:
    """One array that is learned, and the gradient that the latest backward pass left for it."""

    name: str  # "0.weights": of which layer, and which of its arrays
    values: Array
    gradient: Array


class Network:
    """Layers one behind the other."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    def forward(self, inputs: Array) -> Array:
        """Return the logits (n, outputs) of a batch."""
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def loss(self, inputs: Array, labels: Labels) -> float:
        """Return the loss of a batch; leave the gradient of every parameter with its layer."""
        loss, gradient = softmax_cross_entropy(self.forward(inputs), labels)
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return loss

    def state(self) -> dict[str, Array]:
        """Return every array that is learned, by name; the arrays themselves, not copies."""
        return {
            f"{index}.{name}": values
            for index, layer in enumerate(self.layers)
            for name, values in layer.parameters.items()
        }

    def load(self, state: dict[str, Array]) -> None:
        """Take over what `state` of a network of the same shape returned, as copies.

        Raises:
            ValueError: names or shapes are another network's.
        """
        ours = self.state()
        theirs = {name: values.shape for name, values in state.items()}
        if theirs != {name: values.shape for name, values in ours.items()}:
            raise ValueError("these are the weights of another network: build it as it was trained")
        for index, layer in enumerate(self.layers):
            for name in layer.parameters:
                layer.parameters[name] = state[f"{index}.{name}"].copy()

    def cast(self, dtype: type[np.floating[Any]]) -> "Network":
        """Compute in another precision from now on; returns the network itself."""
        self.load({name: values.astype(dtype) for name, values in self.state().items()})
        return self

    def parameters(self) -> Iterator[Parameter]:
        """Yield what is learned, with the gradients of the latest `loss`."""
        for index, layer in enumerate(self.layers):
            for name, values in layer.parameters.items():
                yield Parameter(f"{index}.{name}", values, layer.gradients[name])


def gradient_error(
    network: Network, inputs: Array, labels: Labels, rng: Generator, each: int = 20
) -> float:
    """Compare the backward pass with what the loss does when a weight is moved a little.

    The derivative of L at w is nearly (L(w + h) - L(w - h)) / 2h. Going both ways matters: the
    error of this central difference shrinks with h², that of the one-sided one only with h. Nor
    may h be tiny, because L itself is rounded to about 1e-16 of its size and the quotient blows
    that up by 1 / h: near h = 1e-5 both errors are smallest. In float32, with 1e-7 in place of
    1e-16, the comparison would tell nothing.

    Where a move carries an input of a ReLU across zero, the two disagree although neither is
    wrong. With few images and small moves that hardly ever happens by chance, but it does where
    biases are exactly zero and a whole layer before them is silent: give them other values.

    Args:
        network: in float64.
        inputs: a small batch.
        labels: of that batch.
        rng: chooses which weights are moved.
        each: how many of each array.

    Returns:
        The largest relative difference. Below 1e-6 the backward pass is right; a mistake in it
        gives 1e-2 and more.
    """
    step = 1e-5
    worst = 0.0
    network.loss(inputs, labels)
    for parameter in network.parameters():
        count = min(each, parameter.values.size)
        for position in rng.choice(parameter.values.size, count, replace=False):
            place = np.unravel_index(position, parameter.values.shape)
            before = parameter.values[place]
            parameter.values[place] = before + step
            above, _ = softmax_cross_entropy(network.forward(inputs), labels)
            parameter.values[place] = before - step
            below, _ = softmax_cross_entropy(network.forward(inputs), labels)
            parameter.values[place] = before
            numeric = (above - below) / (2 * step)
            analytic = float(parameter.gradient[place])
            size = max(abs(numeric) + abs(analytic), 1e-4)  # of less, rounding is too large a part
            worst = max(worst, abs(numeric - analytic) / size)
    return worst
