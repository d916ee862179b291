"""What training minimises, on one batch of characters followed by outliers.

Knows logits and labels; nothing about where they come from.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from recognizer.alphabet import indices

_DIGITS = len(indices("digits"))  # labels below are digits, the others letters


@dataclass(frozen=True)
class ObjectiveConfig:
    """The weights of the parts."""

    smoothing: float = 0.02  # label smoothing of the joint cross-entropy
    hinted: float = 1.0  # weight of the cross-entropy within the label's own character set
    outliers: float = 0.08  # weight of the outliers' distance from "any label alike"


def objective(logits: Tensor, labels: Tensor, config: ObjectiveConfig) -> Tensor:
    """Return the loss of logits (characters + outliers, 36) for labels (characters,).

    The hinted part is what counts once a person has said "digits only": without it, the network
    would learn to tell 0 from o by the writer's style before it learns to tell 0 from 6.
    """
    characters, outliers = logits[: len(labels)], logits[len(labels) :]
    joint = cross_entropy(characters, labels, label_smoothing=config.smoothing)
    loss = joint + config.hinted * _hinted(characters, labels)
    if len(outliers):
        loss = loss + config.outliers * -log_softmax(outliers, dim=1).mean()
    return loss


def _hinted(logits: Tensor, labels: Tensor) -> Tensor:
    is_digit = labels < _DIGITS
    outside = torch.zeros_like(logits, dtype=torch.bool)
    outside[is_digit, _DIGITS:] = True
    outside[~is_digit, :_DIGITS] = True
    return cross_entropy(logits.masked_fill(outside, -1e4), labels)
