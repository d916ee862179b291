"""Which version is meant, and what has to be known of it to measure it fairly.

"champion", "anchor", a number of the registry, or a path to a version folder. A folder needs no
database. Knows nothing about figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError

from recognizer import outages, publishing, registry
from recognizer.checkpoints import CARD, MODEL, WEIGHTS, Card, CheckpointError, read_card
from recognizer.models import ModelVersion
from recognizer.predictor import Predictor

_WITHOUT_DATABASE: Final = 'or name "anchor" or the path of a version folder'


class Unknown(Exception):
    """There is no such version, or it cannot be measured; the text says what to do."""


@dataclass(frozen=True)
class Subject:
    """One version, ready to answer."""

    predictor: Predictor
    anchor: Card  # of what it was built from: itself, if it is one
    lessons: frozenset[str]  # ids of the corrections that it has learned from

    @property
    def card(self) -> Card:
        """Return what it says of itself."""
        return self.predictor.card

    @property
    def sources(self) -> Mapping[str, Any]:
        """Return what its anchor was trained and validated on."""
        sources: Mapping[str, Any] = self.anchor.data.get("sources", {})
        return sources

    @property
    def name(self) -> str:
        """Return what people call it."""
        return called(self.card)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the network that it serves."""
        return self.card.sha256[MODEL]


def called(card: Card) -> str:
    """Return what people call the version that a card belongs to."""
    return f"version {card.number} ({card.name})"


def find(text: str) -> Subject:
    """Find the version that somebody means.

    Raises:
        Unknown: there is none, or its folder is not whole.
    """
    try:
        folder = _folder(text)
        predictor = Predictor.load(folder)
        anchor = _anchor_of(predictor.card)
    except (CheckpointError, OSError) as error:
        raise Unknown(f"{text} cannot be measured: {error}") from error
    lessons = frozenset(entry[0] for entry in predictor.card.data.get("corrections", []))
    return Subject(predictor, anchor, lessons)


def _folder(text: str) -> Path:
    if text == "anchor":
        return _anchor_folder()
    if text == "champion" or text.isdecimal():
        try:
            row = _row(text)
        except registry.Refused as error:
            raise Unknown(f"{text} cannot be looked up: {error}, {_WITHOUT_DATABASE}") from error
        except DatabaseError as error:
            raise Unknown(
                f"{text} cannot be looked up, because the database {outages.told(error)} "
                f"({outages.reason(error)}): {outages.advice(error)}, {_WITHOUT_DATABASE}"
            ) from error
        if row is None:
            raise Unknown(f"there is no version {text}: `manage.py versions` lists them")
        return publishing.fetch(row.folder, row.sha256)
    if not (Path(text) / CARD).is_file():
        raise Unknown(
            f"{text} is neither a version's number nor champion, anchor or a version folder "
            f"(which has a {CARD})"
        )
    return Path(text)


def _row(text: str) -> ModelVersion | None:
    if text == "champion":
        return registry.champion().version
    return ModelVersion.objects.filter(pk=int(text)).first()


def _anchor_folder() -> Path:
    """Return the newest anchor; without a database the one that comes with the code."""
    try:
        row = ModelVersion.objects.filter(parent=None).order_by("-number").first()
    except DatabaseError:
        row = None
    return publishing.fetch(row.folder, row.sha256) if row else publishing.PACKAGED_ANCHOR


def _anchor_of(card: Card) -> Card:
    """Return the card of the anchor that a version was built from: its own, if it is one."""
    weights = card.data.get("anchor", {}).get("weights")
    if weights is None:
        return card
    packaged = read_card(publishing.PACKAGED_ANCHOR)
    if packaged.sha256[WEIGHTS] == weights:
        return packaged
    try:
        rows = list(ModelVersion.objects.filter(parent=None))
    except DatabaseError:
        rows = []
    for row in rows:
        anchor = read_card(publishing.fetch(row.folder, row.sha256))
        if anchor.sha256[WEIGHTS] == weights:
            return anchor
    raise Unknown(
        f"the anchor that version {card.number} was built from (weights {weights[:12]}) is not "
        "known here, so who was set aside for validation is not either"
    )
