"""A convolution for the network of trainer/numpy_nn.py: the same small weights at every place.

A dense layer does not know which pixels are neighbours, and has to learn a stroke anew at every
place where it may be. A convolution looks at one small window at a time and asks the same questions
of each. Written as one matrix product over all windows ("im2col", Chellapilla et al. 2006), it is a
dense layer whose rows are windows instead of images, and its derivation is that of `Dense`. Knows
nothing about handwriting, training or files.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.random import Generator

from trainer.numpy_nn import Array, Layer, he_normal


class Convolution(Layer):
    """Square windows of `side` pixels, one every `stride` pixels, each seen by all filters."""

    def __init__(
        self, channels: int, filters: int, rng: Generator, side: int = 5, stride: int = 2
    ) -> None:
        super().__init__()
        self._side, self._stride = side, stride
        pixels = channels * side * side  # of one window
        self.parameters = {
            "weights": he_normal((pixels, filters), pixels, rng),  # (pixels, filters)
            "biases": np.zeros(filters),  # (filters,)
        }

    def places(self, height: int, width: int) -> tuple[int, int]:
        """Return how many rows and columns of windows fit into an image."""
        down, right = height - self._side, width - self._side
        return down // self._stride + 1, right // self._stride + 1

    def forward(self, inputs: Array) -> Array:
        """Return (n, rows, columns, filters) of images (n, height, width, channels)."""
        self._shape = inputs.shape
        every, side = self._stride, self._side
        windows = sliding_window_view(inputs, (side, side), axis=(1, 2))[:, ::every, ::every]
        self._places = windows.shape[:3]  # (n, rows, columns); then channels, side, side
        # The view shares memory with the images; only here is every window written out.
        self._windows = windows.reshape(np.prod(self._places), -1)  # (n · rows · columns, pixels)
        outputs = self._windows @ self.parameters["weights"] + self.parameters["biases"]
        return outputs.reshape(*self._places, -1)

    def backward(self, gradient: Array) -> Array:
        """Return the gradient of the images for that of the outputs.

        To the matrix product a window is a row like any other: its gradients are those of `Dense`.
        Only one thing is new. A pixel lies in several windows, so it appears in several rows, and
        by all of them it moves the loss: what they say is added up where the pixel came from.
        """
        rows = gradient.reshape(len(self._windows), -1)  # (n · rows · columns, filters)
        self.gradients = {"weights": self._windows.T @ rows, "biases": rows.sum(axis=0)}
        of_windows = rows @ self.parameters["weights"].T  # (n · rows · columns, pixels)
        side, every = self._side, self._stride
        of_windows = of_windows.reshape(*self._places, self._shape[3], side, side)
        of_images = np.zeros(self._shape, gradient.dtype)
        high, wide = every * self._places[1], every * self._places[2]
        for down in range(side):
            for right in range(side):
                # All windows' pixels (down, right) at once: no two of them are the same pixel.
                place = np.s_[:, down : down + high : every, right : right + wide : every]
                of_images[place] += of_windows[..., down, right]
        return of_images
