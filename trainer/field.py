"""What people corrected, as a split: only people whom the measured versions have not learned from.

A version that learned one drawing of somebody knows their hand, so all others of theirs are left
out as well. Submitters are numbered: a report names nobody. Asks the database; knows nothing about
figures.
"""

from collections.abc import Collection

import numpy as np

from feedback.models import Correction, Device
from recognizer.alphabet import LABELS
from trainer import lesson
from trainer.characters import ImageSet
from trainer.datasets import DataError
from trainer.splits import CORRECTIONS, Split

_NOTES = (
    "People correct what was misread more often than they confirm what was right, so these shares "
    "are lower than what people meet.",
    "A correction does not tell the case of a letter: all count as lower case.",
)


def corrections(learned: Collection[str]) -> Split:
    """Return approved corrections by people of whom nothing is among `learned` (ids).

    Raises:
        DataError: there are none.
    """
    known = _submitters(learned)
    entries = [entry for entry in lesson.approved_entries() if entry[0] not in learned]
    found = lesson.gather(entries)
    devices = _devices([entry[0] for entry in entries])
    people = {key: f"person {index}" for index, key in enumerate(sorted(set(found.submitters)), 1)}
    fresh = np.array([submitter not in known for submitter in found.submitters], bool)
    if not fresh.any():
        raise DataError(
            "there is no approved correction by anybody whom this version has not learned from: "
            "measure on another split"
        )
    parts = []
    for device in Device.values:
        which = fresh & np.array([each == device for each in devices], bool)
        if which.any():
            parts.append(
                ImageSet(
                    f"{CORRECTIONS} by {device}",
                    np.array([LABELS[label] for label in found.labels])[which],
                    np.array([people[submitter] for submitter in found.submitters])[which],
                    found.images[which],
                )
            )
    return Split(CORRECTIONS, "corrections by people it has not learned from", tuple(parts), _NOTES)


def _submitters(ids: Collection[str]) -> set[str]:
    wanted = sorted(ids)
    known: set[str] = set()
    for first in range(0, len(wanted), 500):
        rows = Correction.objects.filter(pk__in=wanted[first : first + 500])
        known.update(rows.values_list("submitter", flat=True))
    return known


def _devices(ids: list[str]) -> list[str]:
    found: dict[str, str] = {}
    for first in range(0, len(ids), 500):
        rows = Correction.objects.filter(pk__in=ids[first : first + 500])
        found |= {str(pk): device for pk, device in rows.values_list("pk", "device")}
    return [found[pk] for pk in ids]
