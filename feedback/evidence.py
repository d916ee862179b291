"""What a moderator is shown around an item: what is near it, what stands against it, who sent it.

The number of queries for one item is constant. Nothing here decides, and nothing here shows an
address or a browser: they are not stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from django.db.models import Count, Q
from django.urls import reverse

from feedback import triage
from feedback.guesses import Guess
from feedback.models import Correction, Status
from feedback.narrowing import submitter_name
from feedback.wording import percent
from recognizer.alphabet import ambiguity_group

NEIGHBOURS: Final = 3
COPIES: Final = 6  # shown of those that were folded into an item
THUMBNAIL: Final = 128  # pixels; shown at half that, for screens with many
SEARCHED: Final = 2000  # latest approved drawings of the two labels that are compared


@dataclass(frozen=True)
class Near:
    """An approved drawing that lies near."""

    url: str
    percent: str


@dataclass(frozen=True)
class Group:
    """The nearest approved drawings of one label."""

    label: str
    items: tuple[Near, ...]


@dataclass(frozen=True)
class Record:
    """What became of everything that a submitter sent."""

    name: str
    text: str
    url: str  # of the list of it


@dataclass(frozen=True)
class Copies:
    """What was folded into an item."""

    count: int
    people: int  # who sent them
    latest: tuple[tuple[str, str], ...]  # (address of the picture, what it is in words)

    @property
    def text(self) -> str:
        """How many there are, and of how many people."""
        copies = "1 copy" if self.count == 1 else f"{self.count} copies"
        people = "1 person" if self.people == 1 else f"{self.people} people"
        return f"{copies}, sent by {people}"


def thumbnail(pk: object, side: int) -> str:
    """Return the address of a picture of an item."""
    return reverse("admin:feedback_correction_thumbnail", args=[pk, side])


def alternative(pk: UUID, label: str, predicted: str | None, personal: bool) -> str:
    """Return the text that stands for the picture of an item."""
    who = "their memory" if personal else "model"
    said = f"{who} said {predicted}" if predicted else f"{who} was not sure"
    return f"Drawing {str(pk)[:8]}, user says {label}, {said}"


def neighbours(item: Correction, found: Sequence[Guess]) -> list[Group]:
    """Return the nearest approved drawings of the submitted label and of its likeliest rival."""
    features = item.feature_vector
    if features is None:
        return []
    labels = [item.submitted_label, *_rival(item, found)]
    rows = list(
        Correction.objects.approved()
        .filter(label__in=labels, anchor=item.anchor, features__isnull=False)
        .exclude(pk=item.pk)
        .order_by("-decided")
        .values_list("pk", "label", "features")[:SEARCHED]
    )
    return [
        Group(label, _nearest(features, [(pk, blob) for pk, near, blob in rows if near == label]))
        for label in labels
    ]


def _nearest(
    features: triage.Features, rows: Sequence[tuple[UUID, bytes | memoryview | None]]
) -> tuple[Near, ...]:
    vectors = [np.frombuffer(bytes(blob or b""), np.float16) for _, blob in rows]
    known = np.array(vectors, np.float32).reshape(len(rows), len(features))  # (n, F)
    return tuple(
        Near(thumbnail(rows[row][0], THUMBNAIL), percent(max(0.0, likeness)))
        for row, likeness in triage.nearest(features, known, NEIGHBOURS)
    )


def _rival(item: Correction, found: Sequence[Guess]) -> list[str]:
    """Return the label that most likely stands against the submitted one."""
    said = [item.predicted or "", item.anchor_label]
    said += [bar.label for guess in found for bar in guess.bars]
    return [label for label in said if label and label != item.submitted_label][:1]


def record(item: Correction) -> Record:
    """Return the submitter's record: copies were sent, but count once when they are decided."""
    rows = list(
        Correction.objects.filter(submitter=item.submitter)
        .values_list("status")
        .annotate(sent=Count("pk"), items=Count("pk", filter=Q(duplicate_of=None)))
        .order_by()
    )
    counts: dict[str, int] = {status: items for status, _, items in rows}
    name = submitter_name(item.submitter, item.user.get_username() if item.user else None)
    query = urlencode({"submitter": item.submitter})
    url = f"{reverse('admin:feedback_correction_changelist')}?{query}"
    return Record(name, record_text(counts, sum(sent for _, sent, _ in rows)), url)


def record_text(counts: Mapping[str, int], sent: int) -> str:
    """Return counts of items by status as a sentence that begins with the approval rate."""
    approved = counts.get(Status.APPROVED, 0)
    decided = approved + counts.get(Status.REJECTED, 0) + counts.get(Status.REVOKED, 0)
    if not decided:
        return f"nothing decided yet, {sent} sent"
    return f"{percent(approved / decided)} of {decided} approved, {sent} sent"


def copies(item: Correction) -> Copies | None:
    """Return what was folded into an item; None where nothing was."""
    rows = Correction.objects.filter(duplicate_of=item.pk)
    counts = rows.aggregate(count=Count("pk"), people=Count("submitter", distinct=True))
    if not counts["count"]:
        return None
    latest = rows.newest_first().values_list("pk", "submitted_label", "predicted", "personal")[
        :COPIES
    ]
    pictures = tuple((thumbnail(row[0], THUMBNAIL), alternative(*row)) for row in latest)
    return Copies(counts["count"], counts["people"], pictures)


def other_claims(item: Correction) -> list[Correction]:
    """Return items with exactly this ink under another label."""
    same = Correction.objects.items().filter(ink_hash=item.ink_hash).exclude(label=item.label)
    return list(same.only("id", "label", "status").order_by("created")[:5])


def contradicting(item: Correction, claims: Iterable[Correction]) -> list[Correction]:
    """Return the claims of which not more than one can be approved together with the item's.

    What was refused stands against nothing, nor does what looks the same to everybody.
    """
    standing = (Status.PENDING, Status.APPROVED)
    if item.status not in standing:
        return []
    alike = ambiguity_group(item.label)
    return [claim for claim in claims if claim.status in standing and claim.label not in alike]
