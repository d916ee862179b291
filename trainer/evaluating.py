"""From versions and a split's name to figures: what `evaluate` and `compare` do.

The story of a look: which samples → may they be looked at → ask the served version → measure →
record → only then tell. Knows nothing about command lines or folders of reports.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from recognizer import openings
from recognizer.models import ModelVersion
from trainer import field, gate, splits
from trainer.answering import answer, scribble
from trainer.assessment.answers import Answered
from trainer.assessment.comparison import Comparison, compare
from trainer.assessment.figures import Assessment, assess
from trainer.assessment.report import About, Milestone
from trainer.calibration import Calibration
from trainer.datasets import DataError
from trainer.splits import Split
from trainer.subjects import Subject, called


@dataclass(frozen=True)
class Request:
    """What somebody wants to look at."""

    split: str | None  # None: the validation writers, or what there is without a data folder
    data_dir: Path | None  # None: where the settings say
    by: str
    again: bool = False  # also where it was opened before

    @property
    def root(self) -> Path:
        """The data folder."""
        return self.data_dir or Path(settings.DATA_DIR)


@dataclass(frozen=True)
class Look:
    """What one version made of one split."""

    subject: Subject
    split: Split
    split_sha256: str
    answered: Answered
    assessment: Assessment
    history: tuple[Milestone, ...]


@dataclass(frozen=True)
class Pair:
    """What two versions made of one split."""

    subjects: tuple[Subject, Subject]
    split: Split
    split_sha256: str
    answered: Answered  # by the second
    comparison: Comparison


def look(subject: Subject, request: Request) -> Look:
    """Measure one version.

    Raises:
        DataError: there is nothing to measure on, or it is not what the card says.
        DownloadError: a file of MNIST is missing.
        Locked: the split was opened with this version before.
    """
    split = _opened(request, subject)
    answered = answer(subject.predictor, split.parts)
    scribbled = scribble(subject.predictor, split.inks)
    found = assess(answered, Calibration.of(subject.predictor.card), scribbled)
    digest = splits.digest(split)
    if split.once:
        errors = {part.charset: round(part.error, 5) for part in found.reliability}
        seen = _rounded(asdict(found.overall)) | {"ece": errors}
        _record(subject, split, digest, seen, request)
    return Look(subject, split, digest, answered, found, history())


def look_at_both(before: Subject, after: Subject, request: Request) -> Pair:
    """Compare two versions on the same samples.

    Raises:
        As `look`.
    """
    if request.split in (None, splits.VALIDATION) and before.sources != after.sources:
        raise DataError(
            f"{before.name} and {after.name} set other writers aside, so there is nobody whom "
            f"neither knows: compare them on --split {splits.PARAMETRIC}"
        )
    split = _opened(request, before, after)
    answers = [answer(subject.predictor, split.parts) for subject in (before, after)]
    calibrations = [Calibration.of(subject.predictor.card) for subject in (before, after)]
    found = compare(answers[0], answers[1], calibrations[0], calibrations[1])
    digest = splits.digest(split)
    if split.once:
        for subject, share in ((before, found.before), (after, found.after)):
            seen = {"samples": found.samples, "hinted": round(share, 5)}
            _record(subject, split, digest, seen, request)
    return Pair((before, after), split, digest, answers[1], found)


def _opened(request: Request, *subjects: Subject) -> Split:
    """Return the samples, if they may be looked at."""
    name = request.split or _default(request, subjects[0])
    if name in splits.ONCE and not request.again:
        for subject in subjects:
            openings.require_closed(subject.card, name)
    if name == splits.VALIDATION:
        return splits.validation(request.root, subjects[0].sources, called(subjects[0].anchor))
    if name == splits.MNIST_TEST:
        return splits.mnist_test(request.root)
    if name == splits.PARAMETRIC:
        return splits.parametric()
    learned = frozenset[str]().union(*(subject.lessons for subject in subjects))
    return field.corrections(learned)


def _default(request: Request, subject: Subject) -> str:
    real = set(splits.there(request.root)) & set(subject.sources)
    # Whoever names a folder wants what is in it, and is told if that is nothing.
    return splits.VALIDATION if real or request.data_dir else splits.PARAMETRIC


def _record(
    subject: Subject, split: Split, digest: str, seen: dict[str, Any], request: Request
) -> None:
    openings.record(subject.card, split.name, digest, request.by, seen, insisted=request.again)


def about(look: Look) -> About:
    """Return what a page says about a version and the samples."""
    card = look.subject.card
    opened = _told_openings(look.subject)
    return About(
        title=f"{_capital(look.subject.name)} on {look.split.title}",
        facts=(
            *_of_split(look.split, look.split_sha256),
            ("SHA-256 of the network", look.subject.digest),
            ("Temperatures", _said(card.temperature)),
            (
                "“Not sure” below",
                f"{_said(card.abstain.confidence)}; energy {card.abstain.energy:.3f}",
            ),
            *((("Test sets opened", opened),) if opened else ()),
        ),
        notes=look.split.notes,
    )


def about_both(pair: Pair) -> About:
    """Return what a page says about two versions and the samples."""
    before, after = pair.subjects
    return About(
        title=f"{_capital(before.name)} and {after.name} on {pair.split.title}",
        facts=(
            *_of_split(pair.split, pair.split_sha256),
            (f"Network of {before.name}", before.digest),
            (f"Network of {after.name}", after.digest),
        ),
        notes=pair.split.notes,
    )


def _of_split(split: Split, digest: str) -> tuple[tuple[str, str], ...]:
    parts = ", ".join(f"{part.name} ({len(part):,})" for part in split.parts)
    return (
        ("Split", f"{split.name}: {parts}"),
        ("SHA-256 of the samples", digest),
        ("Measured", f"{timezone.now():%Y-%m-%d %H:%M} UTC"),
    )


def _told_openings(subject: Subject) -> str:
    try:
        found = openings.openings(subject.card)
    except DatabaseError:
        found = openings.before_publishing(subject.card)
    return "; ".join(
        f"{each['split']} on {each['when']:.10} by {each['by']}{', again' * each['again']}"
        for each in found
    )


def history() -> tuple[Milestone, ...]:
    """Return every published version with its accuracy on the gate set of its run, oldest first.

    An anchor has no run: its accuracy is the one that its first version was compared with.
    """
    try:
        rows = list(ModelVersion.objects.order_by("number"))
    except DatabaseError:
        return ()
    found: dict[int, Milestone] = {}
    for row in rows:
        measured = row.metrics
        if row.parent_id is None or not {"base", "base_anchor", "gate_set"} <= measured.keys():
            continue
        anchor = float(measured["base_anchor"])
        found.setdefault(row.parent_id, Milestone(f"{row.parent_id} (anchor)", anchor, None, 0))
        found[row.number] = Milestone(
            str(row.number),
            float(measured["base"]),
            anchor - gate.margin_of(int(measured["gate_set"]), gate.GateConfig()),
            int(measured.get("corrections", 0)),
        )
    return tuple(found[number] for number in sorted(found))


def _said(values: Any) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 5) if isinstance(value, float) else value
        for name, value in values.items()
    }
