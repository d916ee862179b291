"""The base is built while the first correction waits for its review, once for each anchor."""

import pytest

from feedback import decisions
from feedback.models import Action
from feedback.tests.making import correction, moderator
from recognizer import registry
from recognizer.models import ModelVersion
from recognizer.tests.making_versions import made
from trainer import pipeline, preparing
from trainer.tests.conftest import Bench

pytestmark = pytest.mark.django_db


def test_nothing_is_prepared_while_nobody_has_corrected(bench: Bench) -> None:
    assert pipeline.kick() == 0
    assert not pipeline.work()
    assert bench.prepared == 0


def test_a_correction_that_waits_for_its_review_is_reason_enough(bench: Bench) -> None:
    correction()
    assert pipeline.kick() == 1
    assert pipeline.work()
    assert bench.prepared == 1
    assert pipeline.kick() == 0  # the correction still waits
    assert not pipeline.work()
    assert bench.prepared == 1


def test_a_run_comes_first(bench: Bench) -> None:
    row = correction(1)
    decisions.decide([row.pk], Action.APPROVE, moderator())
    correction(2)
    assert pipeline.kick() == 1
    assert pipeline.work()
    assert (len(bench.built), bench.prepared) == (1, 0)


@pytest.mark.parametrize(("end", "again"), [(MemoryError, False), (SystemExit, True)])
def test_what_failed_is_left_to_the_run_and_what_was_stopped_to_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, end: type[BaseException], again: bool
) -> None:
    def ground() -> None:
        raise end

    correction()
    monkeypatch.setattr("trainer.workshop.ground", ground)
    with pytest.raises(end):
        pipeline.work()
    assert preparing.due() == again


def test_a_kick_reads_no_file_of_a_version(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise AssertionError("a file was read")

    correction()
    monkeypatch.setattr("recognizer.publishing.fetch", read)
    assert pipeline.kick() == 1


def test_another_anchor_has_another_base(bench: Bench) -> None:
    correction()
    pipeline.work()
    other = made(weights=b"others")
    ModelVersion.objects.filter(pk=other.pk).update(parent=None)
    registry.promote(other.number, reason="an update", expected=1)
    assert preparing.due()
