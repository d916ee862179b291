"""Reads images with a network as the product serves it, and measures the base.

A network is exported as it is for a version and run by ONNX Runtime on one thread, which takes
less than half of torch's time. Knows nothing about people or fine-tuning.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainer.characters import Images, Labels
from trainer.datasets import load
from trainer.evaluation import Logits
from trainer.evidence import divergence_of, hinted
from trainer.export import open_session
from trainer.network import Network, to_tensor
from trainer.onnx_graph import build

_CHUNK = 64


class Reader:
    """A network that reads."""

    def __init__(self, network: Network) -> None:
        self._fit = network.fit
        self._session = open_session(build(network).SerializeToString())

    def logits(self, images: Images) -> Logits:
        """Return logits (n, 36) for images (n, 28, 28), or planes (n, 5, 28, 28)."""
        parts = []
        for start in range(0, len(images), _CHUNK):
            chunk = self._fit(to_tensor(images[start : start + _CHUNK]))
            parts.append(self._session.run(["logits"], {"image": chunk.numpy()})[0])
        return np.concatenate(parts)

    def right(self, images: Images, labels: Labels) -> NDArray[np.bool_]:
        """Return which images are read right by somebody who is told "digit" or "letter"."""
        return hinted(self.logits(images), labels) == labels


@dataclass(frozen=True)
class BaseScore:
    """How the base is read, in per cent."""

    mnist: float  # told that it is a digit
    strokes: float  # told "digit" or "letter"
    joint: float  # strokes among all 36 labels
    flips: float  # right with the anchor and wrong now, of all of it
    divergence: float  # nats, from the anchor's answers

    def plain(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)


class BaseSet:
    """What was set aside when the anchor was trained: images of MNIST, people with a pen."""

    def __init__(self, images: Images, labels: Labels, drawn: NDArray[np.bool_]) -> None:
        self._images, self._labels, self._drawn = images, labels, drawn
        self._before: Logits | None = None

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read the parts that are held out.

        Raises:
            DataError: a set is not there, or is damaged.
        """
        parts = load(root, ("mnist", "pendigits", "uji2", "chars74k", "omniglot")).validation
        return cls(
            np.concatenate([part.seen(directed=True) for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([np.full(len(part), part.name != "mnist") for part in parts]),
        )

    def __len__(self) -> int:
        return len(self._labels)

    def score(self, reader: Reader) -> BaseScore:
        """Measure; the first to be measured is the anchor."""
        logits = reader.logits(self._images)
        if self._before is None:
            self._before = logits
        right = hinted(logits, self._labels) == self._labels
        joint = logits.argmax(axis=1) == self._labels
        before = hinted(self._before, self._labels) == self._labels
        return BaseScore(
            mnist=100 * float(right[~self._drawn].mean()),
            strokes=100 * float(right[self._drawn].mean()),
            joint=100 * float(joint[self._drawn].mean()),
            flips=100 * float((before & ~right).mean()),
            divergence=divergence_of(self._before, logits),
        )
