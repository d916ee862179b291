"""Sets of labelled handwriting in memory: drawings as strokes, or images of 28x28.

A sample carries the character as written ("A" and "a" apart), the label it trains (both "a") and
the group that must not be split between training and validation: its writer, or its word. Knows
nothing about files, splits, networks or Django.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from recognizer.alphabet import INDEX, label_of
from recognizer.directions import PLANES, Seen, planes
from recognizer.rasterizer import SIDE, rasterise
from recognizer.strokes import Ink

Kind = Literal["digit", "upper", "lower", "letter"]  # "letter": the set does not tell the case
# (n, 28, 28): 0 paper … 255 ink; (n, 5, 28, 28) for networks that know the pen's directions
Images = NDArray[np.uint8]
Labels = NDArray[np.int64]  # (n,): indices into LABELS


def kind_of(character: str) -> Kind:
    """Return which kind of character `character` is as written."""
    if character.isdigit():
        return "digit"
    return "upper" if character.isupper() else "lower"


def labels_of(characters: NDArray[np.str_]) -> Labels:
    """Return the index of the label of each character as written, shape (n,)."""
    index = {character: INDEX[label_of(character)] for character in set(characters)}
    return np.array([index[character] for character in characters], np.int64)


def kinds_of(characters: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the kind of each character as written, shape (n,)."""
    return np.array([kind_of(character) for character in characters], "<U6")


@dataclass(frozen=True)
class CharacterSet:
    """What strokes and images have in common: one entry a sample in each array."""

    name: str
    characters: NDArray[np.str_]  # (n,) as written
    groups: NDArray[np.str_]  # (n,) writer, or word

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def labels(self) -> Labels:
        """Return the index of each sample's label."""
        return labels_of(self.characters)

    @property
    def kinds(self) -> NDArray[np.str_]:
        """Return each sample's kind."""
        return kinds_of(self.characters)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the samples that a mask or an array of positions names."""
        return replace(self, characters=self.characters[which], groups=self.groups[which])

    def rasters(self) -> Images:
        """Return every sample as an image."""
        raise NotImplementedError

    def seen(self, *, directed: bool) -> Images:
        """Return every sample as a network sees it that knows directions, or one that does not."""
        raise NotImplementedError


@dataclass(frozen=True)
class StrokeSet(CharacterSet):
    """Drawings as pen strokes."""

    inks: tuple[Ink, ...]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the samples that a mask or an array of positions names."""
        positions = np.arange(len(self))[which]
        taken = super().take(which)
        return replace(taken, inks=tuple(self.inks[position] for position in positions))

    def rasters(self) -> Images:
        """Rasterise every drawing."""
        return draw_all(self.inks, directed=False)

    def seen(self, *, directed: bool) -> Images:
        """Draw every drawing."""
        return draw_all(self.inks, directed=directed)


@dataclass(frozen=True)
class ImageSet(CharacterSet):
    """Images that already have the network's geometry, with directions if somebody drew them."""

    images: Images

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the samples that a mask or an array of positions names."""
        return replace(super().take(which), images=self.images[which])

    def rasters(self) -> Images:
        """Return the images as they are, without directions."""
        return pictures_of(self.images)

    def seen(self, *, directed: bool) -> Images:
        """Return the images, with their directions where those are known."""
        return stack_of(list(self.images), directed=True) if directed else self.rasters()


Handwriting = StrokeSet | ImageSet


def stack_of(drawn: Sequence[Seen], *, directed: bool) -> Images:
    """Return drawings as one array: (n, 28, 28), or (n, 5, 28, 28) with directions.

    What has no directions, being a picture, gets none.
    """
    if not directed:
        return np.array(drawn, np.uint8).reshape(-1, SIDE, SIDE)
    images = np.zeros((len(drawn), PLANES, SIDE, SIDE), np.uint8)
    for image, one in zip(images, drawn, strict=True):
        image[0 if one.ndim == 2 else slice(None)] = one
    return images


def draw_all(inks: Iterable[Ink], *, directed: bool) -> Images:
    """Draw strokes as a network sees them that knows directions, or one that does not."""
    draw = planes if directed else rasterise
    return stack_of([draw(ink) for ink in inks], directed=directed)


def pictures_of(images: Images) -> Images:
    """Return the images (n, 28, 28) of what networks see: for people, and for digests."""
    return images if images.ndim == 3 else images[:, 0]


def by_kind(sets: Sequence[Handwriting]) -> Iterator[tuple[str, Handwriting]]:
    """Yield ("set/kind", samples) for every kind of character in every set."""
    for characters in sets:
        kinds = characters.kinds
        for kind in sorted(set(kinds)):
            yield f"{characters.name}/{kind}", characters.take(kinds == kind)
