"""Runs a network over the validation samples and chooses by writers, kind by kind.

Each kind of each source counts alike (digits of pendigits, lower case of omniglot …), so that the
five thousand images of MNIST do not outvote eight people with a pen.
"""

from collections.abc import Sequence

import numpy as np
import torch

from recognizer.alphabet import Charset
from trainer.characters import Handwriting, Images, by_kind
from trainer.evaluation import Logits, Scored, join, negative_log_likelihood, top_k
from trainer.network import Network, to_tensor

_CHUNK = 256


def hint_of(name: str) -> Charset:
    """Return the hint that a person would give for a "source/kind"."""
    return "digits" if name.endswith("/digit") else "letters"


@torch.inference_mode()
def logits_of(network: Network, images: Images) -> Logits:
    """Return the network's logits for images (n, 28, 28), or planes (n, 5, 28, 28)."""
    network.eval()
    parts = [
        network(to_tensor(images[start : start + _CHUNK]))[0].numpy()
        for start in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, network.config.labels), np.float32)


class Validation:
    """The validation samples, rasterised once."""

    def __init__(self, sets: Sequence[Handwriting], *, directed: bool = False) -> None:
        self._kinds = list(by_kind(sets))
        self._images = [samples.seen(directed=directed) for _, samples in self._kinds]

    def score(self, network: Network, limit: int | None = None) -> dict[str, Scored]:
        """Return the scored samples of each "source/kind", at most `limit` of each."""
        return {
            name: Scored(
                logits_of(network, images[:limit]), samples.labels[:limit], samples.groups[:limit]
            )
            for (name, samples), images in zip(self._kinds, self._images, strict=True)
        }

    def __call__(self, network: Network) -> dict[str, float]:
        """Return the loss that chooses the best weights, and accuracies to watch."""
        scored = self.score(network, limit=1500)
        losses = [negative_log_likelihood(part, hint_of(name)) for name, part in scored.items()]
        joint = join(list(scored.values()))
        return {
            "loss": float(np.mean(losses)) + 0.2 * negative_log_likelihood(joint, "all"),
            "top1": top_k(joint, "all"),
            "top3": top_k(joint, "all", 3),
        } | {name: top_k(part, hint_of(name)) for name, part in scored.items()}
