"""The samples that a version is measured on, by name, and what must be said about each choice.

`validation` is who was set aside when the anchor was trained, `mnist-test` is opened once for each
released version, `parametric` needs no data set. Knows nothing about networks, rows or who asks.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recognizer.strokes import Ink
from trainer import synthesis
from trainer.characters import Handwriting, StrokeSet
from trainer.datasets import DataError, available, load
from trainer.nist import read_mnist

VALIDATION: Final = "validation"
MNIST_TEST: Final = "mnist-test"
PARAMETRIC: Final = "parametric"
CORRECTIONS: Final = "corrections"
NAMES: Final = (VALIDATION, MNIST_TEST, PARAMETRIC, CORRECTIONS)
ONCE: Final = frozenset({MNIST_TEST})  # looked at once for each version

# Hands that neither replay, gate nor calibration of `trainer/base.py` is written in.
_HANDS: Final = (404, 30)  # seed, writers
_FETCH: Final = "`manage.py fetch_data` downloads MNIST, README.md says where stroke files go"


@dataclass(frozen=True)
class Split:
    """Labelled handwriting under a name."""

    name: str
    title: str  # "the validation writers"
    parts: tuple[Handwriting, ...]
    notes: tuple[str, ...] = ()  # what a reader of figures on it has to know

    @property
    def once(self) -> bool:
        """Whether it may be looked at only once for each version."""
        return self.name in ONCE

    @property
    def inks(self) -> list[Ink]:
        """Real strokes, which some scribbles are made of."""
        return [ink for part in self.parts if isinstance(part, StrokeSet) for ink in part.inks]

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)


def there(root: Path) -> tuple[str, ...]:
    """Return the sources below a data folder; nothing is fetched for this."""
    found = available(root) if root.is_dir() else ()
    return tuple(
        name for name in found if name != "mnist" or any(root.glob("MNIST/raw/train-images*"))
    )


def validation(root: Path, sources: Mapping[str, Any], anchor: str) -> Split:
    """Return the writers, words and images that were set aside when an anchor was trained.

    Args:
        root: the data folder.
        sources: `data.sources` of the anchor's card.
        anchor: what people call it.

    Raises:
        DataError: nothing of it is there, or what is there is not what the card says.
    """
    names = [name for name in sources if name in there(root)]
    if not names:
        raise DataError(
            f"none of the sets that {anchor} was validated on ({', '.join(sources)}) is below "
            f"{root}: name the folder with --data-dir, or measure on --split {PARAMETRIC}; {_FETCH}"
        )
    split = load(root, names)
    for name in names:
        _require_same(name, sources[name], split.manifest[name], anchor)
    absent = [name for name in sources if name not in names]
    notes = [f"Not in the data folder, so not measured: {', '.join(absent)}."] if absent else []
    return Split(VALIDATION, "the validation writers", split.validation, tuple(notes))


def _require_same(name: str, then: Mapping[str, Any], now: Mapping[str, Any], anchor: str) -> None:
    """Refuse a set that is not the one whose writers were set aside."""
    for key in ("validation", "held_out_writers"):
        if then.get(key) != now.get(key):
            raise DataError(
                f"{name} in the data folder is not the set that {anchor} was trained with: its "
                f"{key.replace('_', ' ')} differ from the card's, so writers that it knows would "
                "be measured; put the original set there, or take it away"
            )


def mnist_test(root: Path) -> Split:
    """Return MNIST's 10,000 test images.

    Raises:
        DataError: they are not there.
    """
    if not any(root.glob("MNIST/raw/t10k-images*")):
        raise DataError(
            f"MNIST's test images are not below {root}: `manage.py fetch_data --sets mnist` "
            "downloads them, or name their folder with --data-dir"
        )
    return Split(MNIST_TEST, "MNIST's test images", (read_mnist(root, "test"),))


def parametric() -> Split:
    """Return parametric handwriting by hands that nothing was trained, judged or calibrated on."""
    note = (
        "This is parametric handwriting, written by a program: it says whether a version works, "
        f"not how well it reads people. {_FETCH}; --data-dir names their folder."
    )
    parts = (synthesis.exemplars(*_HANDS, 1),)
    return Split(PARAMETRIC, "parametric handwriting", parts, (note,))


def digest(split: Split) -> str:
    """Return the SHA-256 of all samples: the same digest is the same split."""
    whole = hashlib.sha256()
    for part in split.parts:
        whole.update(part.rasters().tobytes() + part.labels.tobytes())
    return whole.hexdigest()
