"""Batches are balanced, repeatable by step, and the same when prepared ahead."""

from pathlib import Path

import numpy as np
import pytest

from recognizer.alphabet import INDEX
from trainer.batches import BatchConfig, BatchMaker, prepared
from trainer.characters import Handwriting, ImageSet
from trainer.kassel import read_kassel
from trainer.tests.handwriting import stroke_set, write_kassel


@pytest.fixture
def maker(tmp_path: Path) -> BatchMaker:
    write_kassel(tmp_path / "k.npz")
    sets: list[Handwriting] = [stroke_set(tmp_path), read_kassel(tmp_path / "k.npz")]
    return BatchMaker(sets, BatchConfig(size=32, outliers=4), seed=1)


def test_outliers_come_after_the_characters(maker: BatchMaker) -> None:
    batch = maker.make(0)
    assert batch.images.shape == (36, 28, 28)
    assert batch.images.dtype == np.uint8
    assert batch.labels.shape == (32,)
    assert (batch.images.max(axis=(1, 2)) > 100).all()


def test_a_batch_depends_on_its_step_and_on_nothing_else(maker: BatchMaker) -> None:
    again = maker.make(7)
    maker.make(3)
    assert maker.make(7).images.tobytes() == again.images.tobytes()
    assert maker.make(8).images.tobytes() != again.images.tobytes()


def test_batches_prepared_ahead_are_the_same(maker: BatchMaker) -> None:
    ahead = [batch.images.tobytes() for batch in prepared(maker, 2, 9)]
    assert ahead == [maker.make(step).images.tobytes() for step in range(2, 9)]


def test_some_drawings_show_which_way_the_pen_moved(tmp_path: Path) -> None:
    config = BatchConfig(size=200, outliers=20, directed=0.75)
    batch = BatchMaker([stroke_set(tmp_path)], config, seed=1).make(0)
    assert batch.images.shape == (220, 5, 28, 28)
    assert batch.images[:, 0].any(axis=(1, 2)).all()
    shown = np.asarray(batch.images[:, 1:].any(axis=(1, 2, 3)))
    assert 0.65 < shown[:200].mean() < 0.85
    assert 0 < shown[200:].sum() < 20  # scribbles are no different in that


def test_some_strokes_are_drawn_from_their_end(tmp_path: Path) -> None:
    def rightwards(share: float) -> float:
        config = BatchConfig(size=200, outliers=4, directed=1.0, reversed=share)
        images = BatchMaker([stroke_set(tmp_path)], config, seed=1).make(0).images[:200]
        return float(images[:, 1].sum() / images[:, 1:3].sum())

    assert rightwards(1.0) < 0.5 < rightwards(0.0)
    assert rightwards(1.0) < rightwards(0.5) < rightwards(0.0)


def test_labels_are_balanced_within_digits_and_letters(maker: BatchMaker) -> None:
    labels = np.concatenate([maker.make(step).labels for step in range(60)])
    share = {name: float((labels == INDEX[name]).mean()) for name in "17lxo"}
    digits = BatchConfig().digits
    assert share["1"] + share["7"] == pytest.approx(digits, abs=0.05)
    assert share["1"] == pytest.approx(share["7"], abs=0.04)
    assert share["l"] == pytest.approx((1 - digits) / 3, abs=0.04)
    assert share["x"] == pytest.approx(share["o"], abs=0.04)


def test_sources_are_drawn_by_their_shares(tmp_path: Path) -> None:
    def plain(name: str, grey: int, count: int) -> ImageSet:
        digits = np.array(["1"] * count)
        return ImageSet(name, digits, digits, np.full((count, 28, 28), grey, np.uint8))

    config = BatchConfig(size=400, outliers=4, shares={"few/digit": 3.0, "many/digit": 1.0})
    batch = BatchMaker([plain("few", 200, 2), plain("many", 90, 90)], config, seed=0).make(0)
    from_few = (batch.images.max(axis=(1, 2)) > 145).mean()
    assert len(batch.images) == 400  # no strokes to spoil, no outliers
    assert from_few == pytest.approx(0.75, abs=0.08)
