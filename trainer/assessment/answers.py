"""What a reader was asked and what it answered: all figures are computed from this.

Knows nothing about who the reader is or how it was asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, INDEX, LABELS, Charset, indices
from trainer.calibration import Calibration
from trainer.characters import Handwriting, Images, Labels, kinds_of, labels_of
from trainer.evaluation import Logits, Probabilities, Scored, probabilities

# With what people wrote each source; what is not here is "unknown".
DEVICES: Final[Mapping[str, str]] = {
    "mnist": "scanned",
    "emnist-letters": "scanned",
    "emnist-byclass": "scanned",
    "kassel": "cut out of words",
    "pendigits": "pen",
    "uji2": "pen",
    "chars74k": "pen",
    "omniglot": "canvas",
    "synthesis": "parametric",
    "corrections by mouse": "canvas, mouse",
    "corrections by touch": "canvas, touch",
    "corrections by pen": "canvas, pen",
    "corrections by upload": "picture",
    "corrections by api": "program",
}
# Sources whose groups are words or images; elsewhere a group is a writer.
WITHOUT_WRITERS: Final = frozenset({"mnist", "emnist-letters", "emnist-byclass", "kassel"})

# A reader that has no temperature and never says "not sure".
UNCALIBRATED: Final = Calibration(
    temperature=dict.fromkeys(CHARSETS, 1.0),
    confidence=dict.fromkeys(CHARSETS, 0.0),
    energy=-np.inf,
)


@dataclass(frozen=True)
class Answered:
    """Labelled images and a reader's logits for them: one entry a sample in each array."""

    images: Images  # (n, 28, 28): 0 paper … 255 ink
    characters: NDArray[np.str_]  # (n,) as written: "A" and "a" apart
    logits: Logits  # (n, 36); -inf where the reader does not know a label
    writers: NDArray[np.str_]  # (n,) "" where nobody knows
    sources: NDArray[np.str_]  # (n,) the set of handwriting
    devices: NDArray[np.str_]  # (n,) pen, canvas, scanned …

    def __post_init__(self) -> None:
        count = len(self.logits)
        for field in fields(self):
            found = getattr(self, field.name).shape[0]
            if found != count:
                raise ValueError(f"{field.name} has {found} entries, logits {count}")
        if self.logits.shape[1:] != (len(LABELS),):
            raise ValueError(
                f"logits have shape {self.logits.shape}, not (n, {len(LABELS)}): use `spread` for "
                "a reader with fewer labels"
            )

    @classmethod
    def of(cls, parts: Sequence[Handwriting], logits: Logits, images: Images | None = None) -> Self:
        """Join sets of handwriting, in their order, with the logits (n, 36) for all of them.

        `images` spares rasterising again what was rasterised for the reader.
        """
        if images is None:
            images = np.concatenate([part.rasters() for part in parts])
        return cls(
            images=images,
            characters=np.concatenate([part.characters for part in parts]),
            logits=logits,
            writers=np.concatenate(
                [
                    np.full(len(part), "", "<U1") if part.name in WITHOUT_WRITERS else part.groups
                    for part in parts
                ]
            ),
            sources=np.repeat([part.name for part in parts], [len(part) for part in parts]),
            devices=np.repeat(
                [DEVICES.get(part.name, "unknown") for part in parts],
                [len(part) for part in parts],
            ),
        )

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def labels(self) -> Labels:
        """Return the index of each sample's label, shape (n,)."""
        return labels_of(self.characters)

    @property
    def kinds(self) -> NDArray[np.str_]:
        """Return each sample's kind: digit, lower or upper."""
        return kinds_of(self.characters)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the samples that a mask or an array of positions names."""
        return type(self)(
            **{field.name: getattr(self, field.name)[which] for field in fields(self)}
        )

    def within(self, charset: Charset) -> Self:
        """Return the samples whose label belongs to a character set."""
        return self.take(np.isin(self.labels, indices(charset)))

    def scored(self) -> Scored:
        """Return what `trainer.evaluation` measures."""
        return Scored(self.logits, self.labels, self.writers)

    def hinted(self, calibration: Calibration) -> Probabilities:
        """Return probabilities (n, 36), each sample told whether it is a digit or a letter."""
        labels = self.labels
        found = np.zeros(self.logits.shape)
        for charset in ("digits", "letters"):
            kind = np.isin(labels, indices(charset))
            temperature = calibration.temperature[charset]
            found[kind] = probabilities(self.logits[kind], charset, temperature)
        return found

    def joint(self, calibration: Calibration) -> Probabilities:
        """Return probabilities (n, 36) among all labels."""
        return probabilities(self.logits, "all", calibration.temperature["all"])


@dataclass(frozen=True)
class Scribbled:
    """Drawings that are no character, and a reader's logits for them."""

    logits: Logits  # (n, 36)
    families: NDArray[np.str_]  # (n,) what kind of scribble
    trained: NDArray[np.bool_]  # (n,) whether training saw that kind


def spread(logits: NDArray[np.float32], labels: Sequence[str]) -> Logits:
    """Return logits (n, 36) of a reader that knows only `labels`: -inf for all others.

    Args:
        logits: of shape (n, len(labels)).
        labels: what the columns stand for, each of them one of the 36.
    """
    wide = np.full((len(logits), len(LABELS)), -np.inf, np.float32)
    wide[:, [INDEX[label] for label in labels]] = logits
    return wide
