"""What a model card consists of: sections of sentences and tables. Knows no card."""

from collections.abc import Sequence
from dataclasses import dataclass

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Table:
    """Rows under a head; without a head, names and what they are."""

    rows: Rows
    head: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of the card: sentences, then tables."""

    title: str
    says: Sequence[str] = ()
    tables: Sequence[Table] = ()


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage; nothing for what was not measured."""
    return "" if share is None else f"{share * 100:.{digits}f} %"
