"""Trains the network of trainer/numpy_nn.py: mini-batches, momentum, weight decay, a schedule.

The gradient says in which direction every weight should move; this file is about how far, how often
and when to stop. Knows images as bytes and labels as numbers; nothing about data sets or files.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from trainer.numpy_convolution import Convolution
from trainer.numpy_nn import Array, Dense, Flatten, Labels, Layer, Network, ReLU

Images = NDArray[np.uint8]  # (n, 28, 28): 0 paper … 255 ink

SIDE = 28
# Mean and standard deviation of a pixel, ink being 1: ink covers about a tenth of an image.
MEAN, DEVIATION = 0.13, 0.30
_CHUNK = 500  # images read at once, where nothing is learned from them


@dataclass(frozen=True)
class Architecture:
    """What must be known to build the network again."""

    labels: int
    hidden: tuple[int, ...] = (256,)  # width of each hidden dense layer
    filters: int = 0  # of a convolution in front of them; 0: there is none

    def build(self, rng: Generator) -> Network:
        """Return a network with random weights for images (n, 28, 28, 1), in float32."""
        layers: list[Layer] = []
        width = SIDE * SIDE
        if self.filters:
            convolution = Convolution(1, self.filters, rng)
            layers += [convolution, ReLU()]
            rows, columns = convolution.places(SIDE, SIDE)
            width = rows * columns * self.filters
        layers.append(Flatten())
        for outputs in self.hidden:
            layers += [Dense(width, outputs, rng), ReLU()]
            width = outputs
        layers.append(Dense(width, self.labels, rng))  # no ReLU: a logit may be negative
        return Network(layers).cast(np.float32)


@dataclass(frozen=True)
class Settings:
    """What decides the outcome besides the data and the architecture."""

    seed: int = 1
    epochs: int = 20  # how often every image is seen
    batch_size: int = 100
    lr: float = 0.05  # at the start
    momentum: float = 0.9
    weight_decay: float = 5e-4


@dataclass(frozen=True)
class Progress:
    """Where training stands, after a step."""

    step: int
    steps: int
    loss: float  # smoothed
    samples_per_second: float
    validation: dict[str, float] | None = None  # only at the end of an epoch


def to_inputs(images: Images) -> Array:
    """Return images as the network takes them: (n, 28, 28, 1), of about mean 0, deviation 1.

    Were all inputs positive, all weights of a sum could only grow together or shrink together.
    """
    scaled = images[..., None].astype(np.float32) / np.float32(255)
    return (scaled - np.float32(MEAN)) / np.float32(DEVIATION)


def logits_of(network: Network, images: Images) -> NDArray[np.float32]:
    """Return the network's logits (n, labels) for images (n, 28, 28)."""
    chunks = range(0, len(images), _CHUNK)
    parts = [network.forward(to_inputs(images[start : start + _CHUNK])) for start in chunks]
    return np.concatenate(parts)


def learning_rate(progress: float, highest: float) -> float:
    """Return the learning rate at a share of the training: half a cosine, from `highest` to 0.

    The gradient of a batch is that of all images plus noise. Large steps get far but never settle,
    because the noise throws them about; small steps settle. So the large ones come first, and the
    steps shrink without ever jumping (Loshchilov, Hutter 2017).
    """
    return highest * 0.5 * (1 + math.cos(math.pi * progress))


class Momentum:
    """Gradient descent with a memory: every weight has a velocity (Polyak 1964).

    v ← momentum · v - lr · gradient;  w ← w + v. Where gradients agree from batch to batch the
    velocity grows, to 1 / (1 - momentum) times a single step: ten times at 0.9. Where they point
    to and fro, across a narrow valley, they cancel.

    Weight decay adds decay · w to the gradient of w: a weight that the data does not need goes to
    zero, so little is learned by heart. Biases are left alone: shifting a sum hides nothing in it.
    """

    def __init__(self, network: Network, settings: Settings) -> None:
        self._network = network
        self._settings = settings
        self._velocities = {name: np.zeros_like(w) for name, w in network.state().items()}

    def step(self, lr: float) -> None:
        """Move every weight, by the gradients of the latest `network.loss`."""
        for parameter in self._network.parameters():
            gradient = parameter.gradient
            if parameter.name.endswith("weights"):
                gradient = gradient + self._settings.weight_decay * parameter.values
            velocity = self._velocities[parameter.name]
            velocity *= self._settings.momentum
            velocity -= lr * gradient
            parameter.values[...] += velocity  # in place: this is the layer's own array


class Diverged(ArithmeticError):
    """The steps were so large that the weights ran away; the message says what to do."""


Validate = Callable[[Network], dict[str, float]]  # holds "loss", by which the best is chosen


def train(
    network: Network,
    images: Images,
    labels: Labels,
    settings: Settings,
    validate: Validate,
    *,
    report: Callable[[Progress], None],
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = lambda: 0.0,
) -> int | None:
    """Train, and leave the network with the weights of the epoch that validated best.

    Every epoch sees all images once, in a new order, a batch at a time. One step on all 60,000
    would cost as much as 600 steps on 100 each, and the noise of its direction falls with the
    square root alone: 600 times the work for 24 times less noise.

    Args:
        network: with its initial weights.
        images: (n, 28, 28).
        labels: (n,).
        settings: the rest.
        validate: measures the network after each epoch, on images that are not trained on. The
            best epoch is chosen by this alone: chosen by a test set, what the test says of it would
            be too good, because it was chosen for that.
        report: is told after every step.
        stop: is asked after every step.
        clock: seconds, for the speed that is reported; time does not decide anything.

    Returns:
        The epoch that was chosen, from 1, or None if it was asked to stop.

    Raises:
        Diverged: the loss is no longer a number.
    """
    per_epoch = math.ceil(len(images) / settings.batch_size)
    steps = settings.epochs * per_epoch
    optimizer = Momentum(network, settings)
    best_loss, best_epoch, best = math.inf, 0, network.state()
    step, smoothed, started = 0, 0.0, clock()
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(images))
        for start in range(0, len(images), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            loss = network.loss(to_inputs(images[batch]), labels[batch])
            if not math.isfinite(loss):
                raise Diverged(f"the loss was {loss} after {step} steps: try a lower --lr")
            optimizer.step(learning_rate(step / steps, settings.lr))
            smoothed = loss if step == 0 else 0.98 * smoothed + 0.02 * loss
            step += 1
            validation = None
            if step % per_epoch == 0:
                validation = validate(network)
                if validation["loss"] < best_loss:
                    best_loss, best_epoch = validation["loss"], epoch
                    best = {name: values.copy() for name, values in network.state().items()}
            speed = step * settings.batch_size / max(clock() - started, 1e-9)
            report(Progress(step, steps, smoothed, speed, validation))
            if stop():
                return None
    if not best_epoch:
        raise Diverged("the validation loss never was a number: try a lower --lr")
    network.load(best)
    return best_epoch
