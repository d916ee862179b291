"""Copies and floods become one item with a count; different drawings stay different."""

import pytest
from pytest_django import Settings

from feedback import fingerprints, scoring, submissions
from feedback.decisions import decide
from feedback.models import Correction
from feedback.submissions import submit
from feedback.tests.making import SEVEN, correction, moderator, person, scrawl, submission, trembled
from recognizer.rasterizer import Raster, rasterise
from recognizer.strokes import Drawing

pytestmark = pytest.mark.django_db


def raster(seed: int) -> Raster:
    return rasterise(Drawing.of(scrawl(seed)).ink())


def test_a_thousand_copies_are_one_item_with_a_count(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CORRECTIONS_PER_HOUR = 2000
    monkeypatch.setattr(scoring, "score", lambda *_: scoring.Scores())  # for speed
    item = correction()
    copies = [submission(trembled(SEVEN, seed)) for seed in range(10)]
    for _ in range(100):
        for copy in copies:
            submit(copy)
    assert Correction.objects.pending().get().pk == item.pk
    assert Correction.objects.pending().get().duplicates == 1000
    assert Correction.objects.count() == 1001


def test_a_copy_by_somebody_else_is_folded_and_keeps_its_own_receipt() -> None:
    item, copy = correction(), correction(person=person())
    assert copy.pk != item.pk
    assert copy.duplicate_of == item


def test_the_same_drawing_with_another_label_is_another_item() -> None:
    item, other = correction(), correction(label="1")
    assert other.duplicate_of is None
    assert Correction.objects.pending().count() == 2
    assert other.ink_hash == item.ink_hash


def test_different_drawings_are_different_items() -> None:
    for seed in range(30):
        correction(seed)
    assert Correction.objects.pending().count() == 30


def test_a_copy_of_a_decided_item_waits_for_its_own_review() -> None:
    item = correction()
    decide([item.pk], "approve", moderator())
    assert correction().duplicate_of is None


def test_an_item_that_is_decided_while_its_copy_comes_in_gets_no_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = correction()
    decide([item.pk], "approve", moderator())
    # As two overlapping transactions on PostgreSQL have it: it was still waiting when it was found.
    monkeypatch.setattr(submissions, "_original", lambda _row: item)
    late = correction()
    assert late.duplicate_of is None
    assert late.status == "pending"


def test_near_hashes_are_sixty_four_bits() -> None:
    assert len(fingerprints.near_hash(raster(1))) == 16
    assert fingerprints.distance("ffffffffffffffff", "0000000000000000") == 64
    assert fingerprints.distance("0000000000000003", "0000000000000001") == 1


def test_a_tremble_is_alike_and_another_drawing_is_not() -> None:
    trembling = rasterise(Drawing.of(trembled(scrawl(1))).ink())
    assert fingerprints.alike(raster(1), trembling)
    assert (
        fingerprints.distance(fingerprints.near_hash(raster(1)), fingerprints.near_hash(trembling))
        <= fingerprints.NEAR_BITS
    )
    assert not fingerprints.alike(raster(1), raster(2))
