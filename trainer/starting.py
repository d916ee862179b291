"""Weights to start a training from: an earlier training's average, or a released version's.

What a version was started from belongs to its manifest: the file's digest and, where the file
says so, the training that made it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from trainer.tensor_files import read_tensors
from trainer.training import Training

_AVERAGE = "average."  # how a training's state names its averaged weights


class StartError(ValueError):
    """Weights that do not fit the network; the message names their file."""


@dataclass(frozen=True)
class Start:
    """Weights, and what is known about them."""

    path: Path
    weights: dict[str, Tensor]
    sha256: str
    described: dict[str, Any]

    def begin(self, training: Training) -> None:
        """Give the weights to a training that has not begun.

        Raises:
            StartError: they belong to another network.
        """
        try:
            training.start_from(self.weights, self.described)
        except RuntimeError as error:
            raise StartError(f"{self.path} holds the weights of another network") from error


def read_start(path: Path) -> Start:
    """Read the latest or best state of a training, or the weights of a version.

    Raises:
        TensorFileError: the file is missing, damaged or not ours.
    """
    tensors, facts = read_tensors(path)
    averaged = {
        name.removeprefix(_AVERAGE): tensor
        for name, tensor in tensors.items()
        if name.startswith(_AVERAGE)
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    described: dict[str, Any] = {"sha256": digest}
    if "config" in facts:
        described |= {
            "step": facts["step"],
            "training": facts["config"],
            "started_from": facts["started_from"],
        }
    return Start(path, averaged or tensors, digest, described)
