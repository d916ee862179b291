"""Kassel's small letters get the network's geometry and smooth strokes."""

from pathlib import Path

import numpy as np
import pytest

from recognizer.rasterizer import BOX, CENTRE
from trainer.kassel import enlarge, read_kassel
from trainer.tests.handwriting import write_kassel


def test_letters_fill_the_box_and_sit_at_the_centre(tmp_path: Path) -> None:
    write_kassel(tmp_path / "k.npz", words=1)
    for image in read_kassel(tmp_path / "k.npz").images:
        rows = np.flatnonzero(image.max(axis=1) > 127)
        columns = np.flatnonzero(image.max(axis=0) > 127)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert abs(longer - BOX) <= 1
        middle = np.arange(28) + 0.5
        assert image.sum(axis=0) @ middle / image.sum() == pytest.approx(CENTRE, abs=0.15)
        assert image.sum(axis=1) @ middle / image.sum() == pytest.approx(CENTRE, abs=0.15)


def test_a_bar_of_one_pixel_becomes_a_pen_stroke() -> None:
    bar = np.zeros((16, 8), np.uint8)
    bar[:, 3] = 1
    width = enlarge(bar)[10:18].astype(float).sum(axis=1).mean() / 255
    assert 1.0 <= width <= 3.5


def test_a_hole_of_one_pixel_stays_open() -> None:
    ring = np.ones((16, 8), np.uint8)
    ring[4:12, 3:5] = 0
    image = enlarge(ring)
    assert image[14, 14] < 64


def test_words_are_the_groups(tmp_path: Path) -> None:
    write_kassel(tmp_path / "k.npz", words=3)
    read = read_kassel(tmp_path / "k.npz")
    assert read.groups.tolist() == ["0", "0", "1", "1", "2", "2"]
    assert read.characters.tolist() == ["l", "o"] * 3


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "k.npz"
    np.savez(path, pictures=np.zeros(3))
    with pytest.raises(ValueError, match=r"k\.npz"):
        read_kassel(path)
