"""Drawings that are no character: every family draws ink, repeatably, and none leaks."""

from pathlib import Path

import numpy as np
import pytest

from recognizer.rasterizer import rasterise
from trainer.outliers import HELD_OUT, TRAINED, Family, sample_outliers
from trainer.tests.handwriting import stroke_set

FAMILIES = {**TRAINED, **HELD_OUT}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_every_family_draws_ink(family: Family, tmp_path: Path) -> None:
    inks = stroke_set(tmp_path).inks
    rng = np.random.default_rng(0)
    for _ in range(20):
        ink = family(rng, inks)
        assert ink
        assert all(points.ndim == 2 and points.shape[1] == 2 for points in ink)
        assert all(np.isfinite(points).all() for points in ink)
        assert rasterise(ink).max() == 255


def test_families_for_testing_are_not_trained() -> None:
    assert not set(TRAINED) & set(HELD_OUT)
    assert len(TRAINED) >= 12
    assert len(HELD_OUT) >= 4


def test_the_same_seed_gives_the_same_drawings(tmp_path: Path) -> None:
    inks = stroke_set(tmp_path).inks
    families = list(FAMILIES.values())

    def draw(seed: int) -> list[bytes]:
        return [rasterise(ink).tobytes() for ink in sample_outliers(seed, 40, inks, families)]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_scribbles_differ_from_each_other(tmp_path: Path) -> None:
    inks = stroke_set(tmp_path).inks
    drawn = sample_outliers(0, 20, inks, [TRAINED["tangle"]])
    assert len({rasterise(ink).tobytes() for ink in drawn}) == 20


def test_characters_that_are_spoiled_stay_unharmed(tmp_path: Path) -> None:
    inks = stroke_set(tmp_path).inks
    before = [points.copy() for ink in inks for points in ink]
    sample_outliers(0, 40, inks, [TRAINED["row_of_characters"], TRAINED["struck_out"]])
    after = [points for ink in inks for points in ink]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
