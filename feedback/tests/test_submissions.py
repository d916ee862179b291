"""Taking corrections in: once each, labels that are labels, within quotas, or not at all."""

import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError
from pytest_django import Settings

from feedback import submissions
from feedback.decisions import decide
from feedback.models import Correction, Device, ReviewEvent, Status, Verdict
from feedback.submissions import Differs, NotALabel, Taken, TooMany, Unwritable, submit
from feedback.tests.making import SEVEN, correction, moderator, person, scrawl, submission
from recognizer.alphabet import LABELS
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing

pytestmark = pytest.mark.django_db

NO_LABELS = [
    "99",
    "abc",
    "../x",
    "10",
    "3.7",
    "true",
    " 4 ",
    "",
    "-",
    "é",
    "٤",
    "\uff14",
    "४",
    "ß",
    "İ",
]


def test_everything_about_it_is_stored() -> None:
    row = Correction.objects.get(pk=correction().pk)
    assert row.strokes == SEVEN
    assert (row.raster == rasterise(Drawing.of(SEVEN).ink())).all()
    assert (row.label, row.submitted_label, row.predicted) == ("7", "7", "3")
    assert (row.confidence, row.version, row.verdict) == (0.9, 7, Verdict.CORRECTED)
    assert (row.charset, row.device, row.status) == ("all", Device.MOUSE, Status.PENDING)
    assert (row.submitter, row.user, row.remembered) == ("anonymous:a", None, True)
    assert row.feature_vector is not None
    assert (row.anchor_label, row.feature_vector.shape) == ("3", (49,))
    assert row.anchor_probability < 0.01
    assert row.anchor_confidence > 0.9
    assert row.doubt > 0.9


def test_no_address_is_stored() -> None:
    correction()
    (row,) = Correction.objects.values()
    (event,) = ReviewEvent.objects.values()
    assert "192.0.2.1" not in repr((row, event))


@pytest.mark.parametrize("label", NO_LABELS)
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(NotALabel):
        correction(label=label)
    assert not Correction.objects.exists()


@pytest.mark.parametrize("label", [*LABELS, "A", "Z"])
def test_every_label_is_taken_in_either_case(label: str) -> None:
    assert correction(label=label).label == label.lower()


def test_the_same_id_twice_is_one_correction() -> None:
    proposed = uuid.uuid4()
    first, first_is_new = submit(submission(id=proposed))
    second, second_is_new = submit(submission(id=proposed))
    assert (first.pk, first_is_new) == (proposed, True)
    assert (second.pk, second_is_new, second.label) == (proposed, False, "7")
    assert ReviewEvent.objects.count() == 1


@pytest.mark.parametrize("other", [{"label": "1"}, {"drawing": scrawl(1)}], ids=str)
def test_an_id_is_not_taken_for_another_label_or_another_drawing(other: dict[str, Any]) -> None:
    proposed = uuid.uuid4()
    submit(submission(id=proposed))
    with pytest.raises(Differs):
        submit(submission(id=proposed, **other))
    row = Correction.objects.get()
    assert (row.label, row.strokes) == ("7", SEVEN)


def test_what_was_relabelled_meanwhile_may_be_sent_again() -> None:
    row = correction()
    decide([row.pk], "relabel", moderator(), label="1")
    again, is_new = submit(submission(id=row.pk))
    assert (is_new, again.label, again.submitted_label) == (False, "1", "7")


def test_that_an_answer_is_right_may_be_said_again_of_another_version_s_answer() -> None:
    proposed = uuid.uuid4()
    right: dict[str, Any] = {"id": proposed, "verdict": Verdict.CONFIRMED, "names": False}
    submit(submission(label="3", **right))
    again, is_new = submit(submission(label="8", **right))
    assert (is_new, again.label) == (False, "3")
    with pytest.raises(Differs):
        submit(submission(label="8", **{**right, "names": True}))


def test_an_id_of_somebody_else_is_refused() -> None:
    row = correction()
    with pytest.raises(Taken):
        submit(submission(id=row.pk, person=person()))


def test_a_race_for_one_id_stores_one(monkeypatch: pytest.MonkeyPatch) -> None:
    row = correction()
    answers = iter([None, row])  # the other process commits after we have looked
    monkeypatch.setattr(submissions, "_known", lambda _: next(answers))
    assert submit(submission(id=row.pk))[1] is False
    assert Correction.objects.count() == 1


def test_a_submitter_has_an_hourly_quota(settings: Settings) -> None:
    settings.CORRECTIONS_PER_HOUR = 2
    for seed in range(2):
        correction(seed)
    with pytest.raises(TooMany) as refusal:
        correction(3)
    assert refusal.value.retry == pytest.approx(1800, abs=5)
    correction(4, person=person())


def test_an_address_has_an_hourly_quota_over_all_its_submitters(settings: Settings) -> None:
    settings.CORRECTIONS_PER_ADDRESS_PER_HOUR = 2
    for seed in range(2):
        correction(seed, person=person())
    with pytest.raises(TooMany):
        correction(3, person=person())
    correction(4, person=person(), address="192.0.2.2")


def test_what_an_address_may_not_send_costs_its_submitter_nothing(settings: Settings) -> None:
    settings.CORRECTIONS_PER_HOUR = settings.CORRECTIONS_PER_ADDRESS_PER_HOUR = 1
    correction(1, person=person())
    for _ in range(3):
        with pytest.raises(TooMany):
            correction(2)
    correction(2, address="192.0.2.2")


class _Usage(NamedTuple):
    free: int


def test_a_disk_that_is_nearly_full_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(free=199 * 2**20))
    with pytest.raises(Unwritable, match="full"):
        correction()
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(free=201 * 2**20))
    correction()


def test_what_could_not_be_stored_costs_no_quota(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    settings.CORRECTIONS_PER_HOUR = settings.CORRECTIONS_PER_ADDRESS_PER_HOUR = 2
    correction(1)
    for broken in (
        ("shutil.disk_usage", lambda _: _Usage(free=199 * 2**20)),
        ("feedback.models.Correction.save", fail),
        ("feedback.submissions.scoring.score", fail),
    ):
        with monkeypatch.context() as trouble:
            trouble.setattr(*broken)
            for _ in range(3):
                with pytest.raises(Unwritable):
                    correction(2)
    correction(2)
    with pytest.raises(TooMany):  # no more was given back than was taken
        correction(3)


def test_a_state_directory_that_is_gone_takes_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.STATE = tmp_path / "gone"
    with pytest.raises(Unwritable):
        correction()


def test_a_database_that_refuses_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Correction, "save", fail)
    with pytest.raises(Unwritable) as refusal:
        correction()
    assert "database" not in str(refusal.value)


def test_without_an_anchor_corrections_are_still_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedback.scoring.anchor", lambda: None)
    row = correction()
    assert (row.anchor, row.features, row.doubt) == ("", None, 0.0)


def test_forgetting_keeps_the_corrections() -> None:
    row, other = correction(1), correction(2, person=person())
    assert submissions.forget(person("anonymous:a")) == 1
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.remembered, other.remembered) == (False, True)
    assert row.status == Status.PENDING


def test_a_submission_shows_nothing_private_in_a_log() -> None:
    shown = repr(submission(scrawl(1)))
    assert "anonymous" not in shown
    assert "192.0.2.1" not in shown
    assert len(shown) < 60
