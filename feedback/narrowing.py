"""The ways to narrow a list of corrections, shared by the review queue and the changelist."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Count, F, Q

from feedback.models import Correction, CorrectionQuerySet, Device, Status
from recognizer.alphabet import CHARSETS, LABELS

Choices = list[tuple[str, str]]  # value, text

SUBMITTERS: Final = 15  # offered by name: those with the most items
NOT_SURE: Final = "none"  # a prediction without a label

BANDS: Final[dict[str, tuple[str, Q]]] = {
    "low": ("below 50 %", Q(confidence__lt=0.5)),
    "middling": ("50 to 80 %", Q(confidence__gte=0.5, confidence__lt=0.8)),
    "high": ("80 to 95 %", Q(confidence__gte=0.8, confidence__lte=0.95)),
    "sure": ("above 95 %", Q(confidence__gt=0.95)),
}
_MODEL_SAID = Q(personal=False)  # else the person's own memory did
_MODEL_DIFFERS = _MODEL_SAID & (~Q(predicted=F("label")) | Q(predicted=None))
_ANCHOR_DIFFERS = ~Q(anchor_label=F("label"))
DISAGREEMENTS: Final[dict[str, tuple[str, Q]]] = {
    "model": ("Model said otherwise", _MODEL_DIFFERS),
    "anchor": ("Anchor says otherwise", _ANCHOR_DIFFERS),
    "both": ("Both say otherwise", _MODEL_DIFFERS & _ANCHOR_DIFFERS),
    "nobody": ("Nobody disagrees", ~_MODEL_DIFFERS & ~_ANCHOR_DIFFERS),
    "relabelled": ("Relabelled by a reviewer", ~Q(label=F("submitted_label"))),
}


class Unknown(ValueError):
    """A value that a narrowing does not have."""


@dataclass(frozen=True)
class Narrowing:
    """One question with its possible answers; `condition` is what an answer means."""

    name: str  # in the address
    title: str
    choices: Callable[[], Choices]
    condition: Callable[[str], Q]


def _labels() -> Choices:
    return [(label, label) for label in LABELS]


def _one_of(known: Iterable[str], field: str) -> Callable[[str], Q]:
    values = frozenset(known)

    def condition(value: str) -> Q:
        if value not in values:
            raise Unknown(value)
        return Q(**{field: value})

    return condition


def _predicted(value: str) -> Q:
    said = Q(predicted=None) if value == NOT_SURE else _one_of(LABELS, "predicted")(value)
    return _MODEL_SAID & said


def _table(table: Mapping[str, tuple[str, Q]]) -> tuple[Callable[[], Choices], Callable[[str], Q]]:
    def condition(value: str) -> Q:
        if value not in table:
            raise Unknown(value)
        return table[value][1]

    return lambda: [(value, text) for value, (text, _) in table.items()], condition


def _version(value: str) -> Q:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Unknown(value)
    return Q(version=int(value))


def _versions() -> Choices:
    versions = Correction.objects.order_by("-version").values_list("version", flat=True).distinct()
    return [(str(version), f"version {version}") for version in versions]


def _submitter(value: str) -> Q:
    if not 0 < len(value) <= 64 or "\0" in value:
        raise Unknown(value)
    return Q(submitter=value)


def _submitters() -> Choices:
    """Offer who has sent the most, copies counted: one index has all that it takes.

    Without the numbers: a list counts its own items behind the names, which copies are not.
    """
    counts = Correction.objects.values_list("submitter").annotate(count=Count("*"))
    most = [row[0] for row in counts.order_by("-count", "submitter")[:SUBMITTERS]]
    names = usernames(most)
    return [(submitter, submitter_name(submitter, names.get(submitter))) for submitter in most]


def usernames(submitters: Iterable[str]) -> dict[str, str]:
    """Return the names of the submitters that are users."""
    keys = {key.removeprefix("user:"): key for key in submitters if key.startswith("user:")}
    users = User.objects.filter(pk__in=[pk for pk in keys if pk.isdecimal()])
    return {keys[str(pk)]: name for pk, name in users.values_list("pk", "username")}


def submitter_name(submitter: str, username: str | None) -> str:
    """Return the name of a submitter: a user's own, or a short one for somebody unknown."""
    kind, _, key = submitter.partition(":")
    if username:
        return username
    return f"{kind} {key[:8]}" if key else submitter


STATUS = Narrowing(
    "status",
    "status",
    lambda: [(value, str(text)) for value, text in Status.choices],
    _one_of(Status.values, "status"),
)
NARROWINGS: Final[tuple[Narrowing, ...]] = (
    Narrowing("label", "label", _labels, _one_of(LABELS, "label")),
    Narrowing("submitted", "person said", _labels, _one_of(LABELS, "submitted_label")),
    Narrowing("predicted", "model said", lambda: [(NOT_SURE, "not sure"), *_labels()], _predicted),
    Narrowing("disagreement", "disagreement", *_table(DISAGREEMENTS)),
    Narrowing("band", "confidence", *_table(BANDS)),
    Narrowing(
        "device",
        "device",
        lambda: [(value, str(text)) for value, text in Device.choices],
        _one_of(Device.values, "device"),
    ),
    Narrowing(
        "charset",
        "characters",
        lambda: [(name, name) for name in CHARSETS],
        _one_of(CHARSETS, "charset"),
    ),
    Narrowing("version", "model version", _versions, _version),
    Narrowing("submitter", "submitter", _submitters, _submitter),
)


def narrow(queryset: CorrectionQuerySet, wanted: Mapping[str, str]) -> CorrectionQuerySet:
    """Keep what answers every question in `wanted` (name → value) as asked.

    Raises:
        Unknown: a value is not one of its question's.
    """
    for narrowing in NARROWINGS:
        if value := wanted.get(narrowing.name):
            queryset = queryset.filter(narrowing.condition(value))
    return queryset
