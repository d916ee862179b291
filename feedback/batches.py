"""Long work on rows in short transactions."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

_BATCH: Final = 500  # rows in one transaction: long enough to be fast, short enough for others


def batches(things: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of as many as one transaction may have."""
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        yield batch
