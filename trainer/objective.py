"""What training minimises, on one batch of characters followed by outliers.

Knows logits and labels; nothing about where they come from.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from recognizer.alphabet import indices

_DIGITS = len(indices("digits"))  # labels below are digits, the others letters


@dataclass(frozen=True)
class ObjectiveConfig:
    """The weights of the parts."""

    smoothing: float = 0.02  # label smoothing of the joint cross-entropy
    hinted: float = 1.0  # weight of the cross-entropy within the label's own character set
    outliers: float = 0.08  # weight of the outliers' distance from "any label alike"
    taught: float = 2.0  # weight of the distance from the teachers, where there are any
    temperature: float = 2.0  # at which teachers are followed: their doubts teach, too


def objective(
    logits: Tensor, labels: Tensor, config: ObjectiveConfig, taught: Tensor | None = None
) -> Tensor:
    """Return the loss of logits (characters + outliers, 36) for labels (characters,).

    The hinted part is what counts once a person has said "digits only": without it, the network
    would learn to tell 0 from o by the writer's style before it learns to tell 0 from 6. Teachers'
    logits (characters, 36) are followed as in Hinton et al. 2015, "Distilling the knowledge"; the
    distance counts temperature times, so at 2 the weight 2 is theirs of 1 (temperature squared).
    """
    characters, outliers = logits[: len(labels)], logits[len(labels) :]
    joint = cross_entropy(characters, labels, label_smoothing=config.smoothing)
    loss = joint + config.hinted * _hinted(characters, labels)
    if len(outliers):
        loss = loss + config.outliers * -log_softmax(outliers, dim=1).mean()
    if taught is not None:
        loss = loss + config.taught * _distance(characters, taught, config.temperature)
    return loss


def _distance(logits: Tensor, taught: Tensor, temperature: float) -> Tensor:
    mine, theirs = (log_softmax(each / temperature, dim=1) for each in (logits, taught))
    return kl_div(mine, theirs, reduction="batchmean", log_target=True) * temperature


def _hinted(logits: Tensor, labels: Tensor) -> Tensor:
    is_digit = labels < _DIGITS
    outside = torch.zeros_like(logits, dtype=torch.bool)
    outside[is_digit, _DIGITS:] = True
    outside[~is_digit, :_DIGITS] = True
    return cross_entropy(logits.masked_fill(outside, -1e4), labels)
