"""Normalisation as vectors: the same character gives the same image wherever it is drawn."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizer.rasterizer import BOX, PEN, SIDE, is_degenerate, rasterise


def points(*pairs: tuple[float, float]) -> NDArray[np.float64]:
    return np.array(pairs, np.float64)


def seven() -> list[NDArray[np.float64]]:
    return [points((0, 0), (60, 0), (20, 90)), points((15, 45), (50, 45))]


def extent(image: NDArray[np.uint8]) -> tuple[int, int]:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    weights = image / image.sum()
    index = np.arange(len(image))
    return float(weights.sum(axis=1) @ index), float(weights.sum(axis=0) @ index)


def test_the_image_is_28_by_28_bytes() -> None:
    image = rasterise(seven())
    assert image.shape == (SIDE, SIDE)
    assert image.dtype == np.uint8
    assert image.max() == 255


def test_the_same_ink_gives_the_same_bytes() -> None:
    assert rasterise(seven()).tobytes() == rasterise(seven()).tobytes()
    assert (
        hashlib.sha256(rasterise(seven()).tobytes()).hexdigest()
        == "ec9ed94949e1014089eaa8eb76cb81a56dc1665673973a4d068959e14505c566"
    )


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 37.0])
@pytest.mark.parametrize("offset", [(0, 0), (-500, 2000), (9e4, 1)])
def test_size_and_place_on_the_canvas_do_not_matter(
    scale: float, offset: tuple[float, float]
) -> None:
    moved = [part * scale + offset for part in seven()]
    difference = np.abs(rasterise(moved).astype(int) - rasterise(seven()))
    assert difference.max() <= 8  # one sub-pixel column of the anti-aliasing, by rounding


def test_the_longer_side_of_the_ink_is_20() -> None:
    image = rasterise(seven()).astype(float)
    height, width = image.max(axis=1).sum() / 255, image.max(axis=0).sum() / 255
    assert height == pytest.approx(BOX, abs=0.5)  # rows touched in part count in part
    assert width < height


def test_the_centre_of_mass_is_in_the_middle_of_pixel_14() -> None:
    y, x = centre_of_mass(rasterise(seven()))
    assert (y, x) == pytest.approx((14.0, 14.0), abs=0.25)


def test_a_straight_bar_keeps_its_width() -> None:
    height, width = extent(rasterise([points((5, 0), (5, 80))]))
    assert height in (20, 21)
    assert width <= PEN + 1


def test_ink_stays_inside_the_frame_when_mass_and_box_disagree() -> None:
    heavy = points(*[(x % 7, x % 5) for x in range(300)])
    image = rasterise([heavy, points((300, 300))])
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert extent(image)[0] >= BOX - 1
    assert rows[0] >= 0
    assert columns[-1] <= SIDE - 1


def test_a_single_point_is_a_dot_of_the_pen() -> None:
    height, width = extent(rasterise([points((120, 40))]))
    assert 1 <= height <= PEN + 2
    assert 1 <= width <= PEN + 2


def test_the_dot_of_an_i_is_drawn() -> None:
    with_dot = rasterise([points((0, 30), (0, 100)), points((0, 0))])
    columns = with_dot.max(axis=1)
    inked = np.flatnonzero(columns > 128)
    assert (np.diff(inked) > 1).sum() == 1  # two blobs, one above the other


def test_strokes_are_not_joined() -> None:
    apart = rasterise([points((0, 0), (0, 100)), points((60, 0), (60, 100))])
    assert apart[:, 13:15].max() == 0


def test_nothing_drawn_is_an_empty_image() -> None:
    assert rasterise([]).max() == 0
    assert rasterise([np.empty((0, 2))]).max() == 0


def test_thumbnails_show_the_same_drawing_larger() -> None:
    thumbnail = rasterise(seven(), side=4 * SIDE)
    assert thumbnail.shape == (112, 112)
    shrunk = thumbnail.reshape(SIDE, 4, SIDE, 4).mean(axis=(1, 3))
    assert np.abs(shrunk - rasterise(seven())).mean() < 3


def test_more_points_on_the_same_line_change_nothing_visible() -> None:
    dense = [np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(part)]) for part in seven()]
    assert np.abs(rasterise(dense).astype(int) - rasterise(seven())).mean() < 1.0


def test_blank_and_a_dot_are_degenerate_and_a_bar_is_not() -> None:
    assert is_degenerate([])
    assert is_degenerate([points((3, 3)), points((3, 3), (3, 3))])
    assert not is_degenerate([points((3, 3), (3, 4))])
    assert not is_degenerate([points((3, 3), (9, 9), (3, 3))])  # ends where it began
    assert not is_degenerate([points((3, 3)), points((3, 3), (4, 3)), points((3, 3))])
