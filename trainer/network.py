"""The convolutional network: a 28x28 image in, 36 logits and the penultimate features out.

Knows the shape of its input and its own configuration; nothing about data, training or files.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recognizer.alphabet import LABELS

# Mean and standard deviation of the training images: ink covers about a tenth of the frame.
MEAN, DEVIATION = 0.13, 0.30


@dataclass(frozen=True)
class NetworkConfig:
    """What must be known to build the network again; stored with the weights."""

    name: str = "cnn"
    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.1
    labels: int = len(LABELS)

    @property
    def features(self) -> int:
        """Length of the penultimate features: a global mean and a global maximum per channel."""
        return 2 * self.widths[-1]


class Block(nn.Sequential):
    """Two 3x3 convolutions, each with batch norm and ReLU, at one resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Network(nn.Module):
    """Blocks with max pooling between them, global mean and max pooling, one linear layer."""

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config or NetworkConfig()
        widths = self.config.widths
        self.blocks = nn.ModuleList(
            Block(inputs, outputs) for inputs, outputs in zip((1, *widths), widths, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(self.config.dropout)
        self.classifier = nn.Linear(self.config.features, self.config.labels)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, labels) and features (N, features) of images (N, 1, 28, 28) in 0..1."""
        hidden = (images - MEAN) / DEVIATION  # (N, 1, 28, 28)
        for index, block in enumerate(self.blocks):
            hidden = block(self.pool(hidden) if index else hidden)  # (N, width, 28 >> index, …)
        features = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
        return self.classifier(self.dropout(features)), features

    def parameter_count(self) -> int:
        """Count the trainable numbers."""
        return sum(parameter.numel() for parameter in self.parameters())
