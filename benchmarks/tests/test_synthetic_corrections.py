"""Made-up corrections are like real ones, and the same for the same seed."""

import random

import pytest

from benchmarks import glyphs
from benchmarks.synthetic_corrections import fill
from feedback.models import Correction, ReviewEvent, Status
from recognizer.alphabet import LABELS
from recognizer.strokes import Drawing


@pytest.mark.parametrize("label", LABELS)
def test_every_label_can_be_written(label: str) -> None:
    strokes = glyphs.write(label, random.Random(1))
    assert Drawing.of(strokes).point_count > 10
    moments = [sample[2] for stroke in strokes for sample in stroke]
    assert moments == sorted(moments)
    assert strokes == glyphs.write(label, random.Random(1))
    assert strokes != glyphs.write(label, random.Random(2))


@pytest.mark.django_db
def test_rows_have_the_events_that_lead_to_their_state() -> None:
    fill(60, seed=3)
    assert Correction.objects.count() == 60
    for row in Correction.objects.all():
        last = ReviewEvent.objects.filter(correction=row.pk).latest("pk")
        assert last.status_after == row.status
        assert last.label_after == row.label
        assert last.actor == row.reviewer
    assert 10 < Correction.objects.filter(status=Status.PENDING).count() < 50
    assert Correction.objects.exclude(features=None).count() == 60


@pytest.mark.django_db
def test_one_submitter_may_have_sent_them_all() -> None:
    fill(5, decided=0, submitter="anonymous:x")
    assert set(Correction.objects.values_list("submitter", "status")) == {
        ("anonymous:x", "pending")
    }
