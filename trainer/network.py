"""The convolutional network: a drawing in, 36 logits and the penultimate features out.

Knows the shape of its input and its own configuration; nothing about data, training or files.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from recognizer.alphabet import LABELS

# Mean and standard deviation of the training images: ink covers about a tenth of the frame.
MEAN, DEVIATION = 0.13, 0.30


@dataclass(frozen=True)
class NetworkConfig:
    """What must be known to build the network again; stored with the weights."""

    name: str = "cnn"
    widths: tuple[int, ...] = (32, 64, 128)  # channels of each block
    depths: tuple[int, ...] = ()  # convolutions of each block; empty: two
    kernel: int = 3  # side of the first convolution, which sees the image
    dropout: float = 0.1
    labels: int = len(LABELS)
    planes: int = 1  # 5: the image and the pen's directions, see `recognizer/directions.py`

    def facts(self) -> dict[str, Any]:
        """Return what is stored: weights of images alone keep the bytes that they always had."""
        return {key: value for key, value in asdict(self).items() if (key, value) != ("planes", 1)}

    @property
    def directed(self) -> bool:
        """Whether the network sees which way the pen moved."""
        return self.planes > 1

    @property
    def features(self) -> int:
        """Length of the penultimate features: a global mean and a global maximum per channel."""
        return 2 * self.widths[-1]


DEEPEST = 5  # blocks, each at half the resolution of the one before: 28, 14, 7, 3, 1

# The shape that is trained from scratch unless somebody asks for another, here for images alone;
# docs/experiments.md says why.
RELEASED = NetworkConfig(widths=(16, 48, 96, 128), depths=(1, 2, 2, 2))


class Block(nn.Sequential):
    """Convolutions, each with batch norm and ReLU, at one resolution."""

    def __init__(self, inputs: int, outputs: int, depth: int, kernel: int = 3) -> None:
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [
                nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            inputs, kernel = outputs, 3
        super().__init__(*layers)


class Dropout(nn.Module):
    """Dropout whose chance may come from a generator of its own: threads share torch's."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.generator: torch.Generator | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Drop some of the values while training, and raise the others to make up for them."""
        if not self.training or not self.share:
            return values
        kept = torch.empty_like(values).bernoulli_(1 - self.share, generator=self.generator)
        return values * kept / (1 - self.share)


class Network(nn.Module):
    """Blocks with max pooling between them, global mean and max pooling, one linear layer."""

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config or RELEASED
        widths = self.config.widths
        depths = self.config.depths or (2,) * len(widths)
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, depth, 3 if index else self.config.kernel)
            for index, (inputs, outputs, depth) in enumerate(
                zip((self.config.planes, *widths[:-1]), widths, depths, strict=True)
            )
        )
        self.pool = nn.MaxPool2d(2)
        self.dropout = Dropout(self.config.dropout)
        self.classifier = nn.Linear(self.config.features, self.config.labels)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, labels) and features (N, features) of images (N, p, 28, 28) in 0..1.

        Of planes that the network does not know it sees the first; what it lacks is 0.
        """
        hidden = (self.fit(images) - MEAN) / DEVIATION  # (N, planes, 28, 28)
        for index, block in enumerate(self.blocks):
            hidden = block(self.pool(hidden) if index else hidden)  # (N, width, 28 >> index, …)
        features = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
        return self.classifier(self.dropout(features)), features

    def fit(self, images: Tensor) -> Tensor:
        """Return images (N, any, 28, 28) with as many planes as the network knows."""
        lacking = self.config.planes - images.shape[1]
        if not lacking:
            return images
        fitted = pad(images, (0, 0, 0, 0, 0, lacking))  # or without the last ones
        return fitted.contiguous(memory_format=torch.channels_last)

    def parameter_count(self) -> int:
        """Count the trainable numbers."""
        return sum(parameter.numel() for parameter in self.parameters())


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """Return images (n, 28, 28), or planes (n, p, 28, 28), as a network takes them.

    That is (n, p, 28, 28) in 0..1, p being 1 for images.
    """
    scaled = np.divide(images[:, None] if images.ndim == 3 else images, 255, dtype=np.float32)
    return torch.from_numpy(scaled).contiguous(memory_format=torch.channels_last)
