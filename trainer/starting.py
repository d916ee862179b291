"""Weights to start a training from: an earlier training's average, or a released version's.

What a version was started from belongs to its manifest: the file's digest and, where the file
says so, the training that made it.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from torch import Tensor
from torch.nn.functional import pad

from recognizer.checkpoints import WEIGHTS, CheckpointError, read_card
from trainer.network import Network, NetworkConfig
from trainer.tensor_files import read_tensors
from trainer.training import Training

_FIRST = "blocks.0.0.weight"  # of the convolution that sees the drawing
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

    def fitted(self, network: NetworkConfig) -> Self:
        """Return the start of a network that may know directions where these weights know none.

        It begins by not looking at them.

        Raises:
            StartError: they belong to another network.
        """
        weights = dict(self.weights)
        first = weights.get(_FIRST)
        if first is not None and first.ndim == 4 and first.shape[1] < network.planes:
            weights[_FIRST] = pad(first, (0, 0, 0, 0, 0, network.planes - first.shape[1]))
        fitted = replace(self, weights=weights)
        fitted.require_shape(network)
        return fitted

    def require_shape(self, network: NetworkConfig) -> None:
        """Refuse weights that the network cannot take.

        Raises:
            StartError: they belong to another network.
        """
        try:
            Network(network).load_state_dict(self.weights)
        except RuntimeError as error:
            raise StartError(f"{self.path} holds the weights of another network") from error

    def begin(self, training: Training) -> None:
        """Give the weights to a training that has not begun."""
        training.start_from(self.weights, self.described)


def _said_beside(path: Path, digest: str) -> dict[str, Any]:
    """Return how a version's weights were trained, as the card in their folder says."""
    try:
        card = read_card(path.parent)
    except CheckpointError:
        return {}  # a training's state has no card; its own facts say more
    if path.name != WEIGHTS or card.sha256.get(WEIGHTS) != digest:
        return {}
    return {key: card.data[key] for key in ("training", "started_from") if key in card.data}


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
    described: dict[str, Any] = {"sha256": digest} | _said_beside(path, digest)
    if "config" in facts:
        described |= {
            "step": facts["step"],
            "training": facts["config"],
            "started_from": facts["started_from"],
        }
    return Start(path, averaged or tensors, digest, described)
