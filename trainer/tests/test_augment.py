"""Variation keeps a character legible, stays in bounds and repeats for the same seed."""

from pathlib import Path

import numpy as np
import pytest

from recognizer.rasterizer import rasterise
from recognizer.strokes import Ink
from trainer.augment import (
    ImageVariation,
    StrokeVariation,
    draw_varied,
    vary_image,
    vary_strokes,
)
from trainer.tests.handwriting import stroke_set

STROKES, IMAGES = StrokeVariation(), ImageVariation()


@pytest.fixture
def inks(tmp_path: Path) -> tuple[Ink, ...]:
    return stroke_set(tmp_path).inks


def test_varied_drawings_are_images_with_ink(inks: tuple[Ink, ...]) -> None:
    rng = np.random.default_rng(0)
    for ink in inks * 5:
        image = draw_varied(ink, rng, STROKES)
        assert image.shape == (28, 28)
        assert image.dtype == np.uint8
        assert image.max() == 255
        assert 0.01 < image.mean() / 255 < 0.5


def test_varied_strokes_stay_near_the_original(inks: tuple[Ink, ...]) -> None:
    rng = np.random.default_rng(0)
    alike, unlike = [], []
    for _ in range(40):
        seven, cross = inks[1], inks[3]
        varied = rasterise(vary_strokes(seven, rng, STROKES)) / 255.0
        alike.append(np.abs(varied - rasterise(seven) / 255.0).mean())
        unlike.append(np.abs(varied - rasterise(cross) / 255.0).mean())
    assert np.mean(alike) < 0.8 * np.mean(unlike)


def test_strokes_are_kept_and_the_given_ink_is_not_touched(inks: tuple[Ink, ...]) -> None:
    before = [points.copy() for points in inks[3]]
    varied = vary_strokes(inks[3], np.random.default_rng(0), STROKES)
    assert len(varied) == 2
    assert all((a == b).all() for a, b in zip(inks[3], before, strict=True))


def test_rotation_is_limited() -> None:
    amount = StrokeVariation(
        rotation=90, shear=0, aspect=0, bend=0, wave=0, tremor=0, unfinished=0, coarse=0, sparse=0
    )
    bar = (np.array([[0.0, 0.0], [0.0, 10.0]]),)
    rng = np.random.default_rng(0)
    for _ in range(50):
        (points,) = vary_strokes(bar, rng, amount)
        x, y = points[1] - points[0]
        assert abs(np.degrees(np.arctan2(x, y))) <= amount.rotation_limit + 1e-6


def test_unfinished_drawings_lack_only_a_little() -> None:
    line = (np.stack([np.linspace(0, 1, 100), np.linspace(0, 1, 100)], axis=1),)
    amount = StrokeVariation(unfinished=1.0, sparse=0.0)
    rng = np.random.default_rng(0)
    counts = [len(vary_strokes(line, rng, amount)[0]) for _ in range(50)]
    assert min(counts) >= 92
    assert len(set(counts)) > 3


def test_a_stray_dot_is_never_above_where_it_would_dot_an_i() -> None:
    bar = (np.stack([np.zeros(20), np.linspace(0, 10, 20)], axis=1),)
    rng = np.random.default_rng(0)
    for _ in range(50):
        strokes = vary_strokes(bar, rng, StrokeVariation(stray=1.0))
        assert [len(strokes), len(strokes[1])] == [2, 1]
        assert strokes[1][0, 1] >= strokes[0][:, 1].mean() - 0.1


def test_a_dot_stays_a_dot() -> None:
    dot = (np.array([[3.0, 4.0]]),)
    assert draw_varied(dot, np.random.default_rng(0), STROKES).max() == 255


def test_the_same_seed_gives_the_same_bytes(inks: tuple[Ink, ...]) -> None:
    def draw(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        image = draw_varied(inks[1], rng, STROKES)
        return image.tobytes() + vary_image(image, rng, IMAGES).tobytes()

    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_varied_images_keep_their_ink(inks: tuple[Ink, ...]) -> None:
    rng = np.random.default_rng(0)
    for ink in inks * 5:
        original = rasterise(ink)
        image = vary_image(original, rng, IMAGES)
        assert image.shape == (28, 28)
        assert image.dtype == np.uint8
        assert image.max() > 127
        assert 0.3 < image.sum() / original.sum() < 4.5  # a broad pen's


def test_some_images_stay_as_they_are(inks: tuple[Ink, ...]) -> None:
    rng = np.random.default_rng(0)
    image = rasterise(inks[0])
    plain = sum(np.array_equal(vary_image(image, rng, IMAGES), image) for _ in range(200))
    assert 60 < plain < 100


def test_a_broad_pen_only_adds_ink(inks: tuple[Ink, ...]) -> None:
    still = {"rotation": 0, "shift": 0, "scale": 0, "shear": 0, "elastic": 0}
    amount = ImageVariation(plain=0, thickness=0, blur=0, bold=1, **still)
    image = rasterise(inks[0])
    for seed in range(10):
        bold = vary_image(image, np.random.default_rng(seed), amount)
        assert (bold >= image).all()
        assert bold.sum() > 1.2 * image.sum()


def test_images_move_at_most_a_tenth() -> None:
    amount = ImageVariation(
        rotation=0, scale=0, shear=0, elastic=0, thickness=0, blur=0, bold=0, shift=100.0
    )
    image = np.zeros((28, 28), np.uint8)
    image[12:16, 12:16] = 255
    rng = np.random.default_rng(0)
    for _ in range(20):
        rows, columns = np.nonzero(vary_image(image, rng, amount))
        assert rows.min() >= 9
        assert rows.max() <= 18
        assert columns.min() >= 9
        assert columns.max() <= 18
