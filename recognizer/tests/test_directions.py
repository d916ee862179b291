"""Planes say which way the pen moved, whatever device drew."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognizer.directions import PLANES, planes, undirected
from recognizer.rasterizer import rasterise
from recognizer.strokes import Ink

RIGHT, LEFT, DOWN, UP = range(1, PLANES)


def stroke(*points: tuple[float, float]) -> NDArray[np.float64]:
    return np.array(points, np.float64)


SEVEN: Ink = (stroke((0, 0), (40, 0), (15, 60)),)
CROSS: Ink = (stroke((0, 30), (60, 30)), stroke((30, 0), (30, 60)))


@pytest.mark.parametrize(
    ("end", "plane"), [((50, 0), RIGHT), ((-50, 0), LEFT), ((0, 50), DOWN), ((0, -50), UP)]
)
def test_a_straight_stroke_fills_the_plane_of_its_direction(
    end: tuple[float, float], plane: int
) -> None:
    drawn = planes((stroke((0, 0), end),))
    assert [k for k in range(1, PLANES) if drawn[k].any()] == [plane]
    assert drawn[plane].max() == 255
    # Just where the ink is, but for the edges, which are drawn more coarsely.
    assert np.abs(drawn[plane].astype(int) - drawn[0]).max() <= 64


def test_aslant_is_shared_by_cosine() -> None:
    drawn = planes((stroke((0, 0), (30, 40)),))
    assert drawn[RIGHT].max() == round(255 * 0.6)
    assert drawn[DOWN].max() == round(255 * 0.8)
    assert not drawn[[LEFT, UP]].any()


def test_the_first_plane_is_the_image() -> None:
    assert np.array_equal(planes(SEVEN)[0], rasterise(SEVEN))
    assert np.array_equal(planes(SEVEN, 4.0)[0], rasterise(SEVEN, pen=4.0))
    picture = undirected(rasterise(SEVEN))
    assert np.array_equal(picture[0], rasterise(SEVEN))
    assert not picture[1:].any()


def test_the_way_back_is_the_other_way() -> None:
    there, back = planes(CROSS), planes(tuple(part[::-1] for part in CROSS))
    assert np.array_equal(there[0], back[0])
    assert np.array_equal(there[[RIGHT, DOWN]] > 0, back[[LEFT, UP]] > 0)


def test_a_scribble_takes_no_more_than_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    monkeypatch.setattr(cv2, "line", lambda *line: drawn.append(line))
    rng = np.random.default_rng(1)
    planes(tuple(rng.uniform(0, 100, (500, 2)) for _ in range(10)))  # some 50,000 units long
    assert 500 < len(drawn) <= 512 + 10
    drawn.clear()
    planes(SEVEN)
    assert 15 < len(drawn) < 30


def test_of_two_strokes_in_one_place_the_later_one_counts() -> None:
    line = stroke((0, 0), (60, 0))
    assert not planes((line, line[::-1]))[RIGHT].any()
    assert not planes((line[::-1], line))[LEFT].any()


@pytest.mark.parametrize("count", [2, 20, 400])
def test_how_often_a_device_tells_does_not_matter(count: int) -> None:
    at = np.linspace(0, 1, count)[:, None]
    line = (stroke((0, 0)) * (1 - at) + stroke((40, 60)) * at,)
    difference = planes(line).astype(int) - planes((stroke((0, 0), (40, 60)),))
    assert np.abs(difference).max() <= 16


def test_a_hand_that_trembles_moves_on_all_the_same() -> None:
    rng = np.random.default_rng(1)
    line = np.stack([np.linspace(0, 100, 400), rng.normal(0, 0.5, 400)], axis=1)
    drawn = planes((line,))
    assert drawn[RIGHT].sum() > 5 * drawn[[LEFT, UP, DOWN]].sum()


@pytest.mark.parametrize(
    "ink",
    [
        (),
        (stroke((3, 3)),),
        (stroke((3, 3), (3, 3)),),
        (np.zeros((0, 2)), stroke((1, 1))),
    ],
)
def test_what_does_not_move_has_no_direction(ink: Ink) -> None:
    drawn = planes(ink)
    assert drawn.shape == (PLANES, 28, 28)
    assert not drawn[1:].any()
    assert np.array_equal(drawn[0], rasterise(ink))


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-307, 1e-200, 1e200])
def test_what_is_too_small_to_be_drawn_has_no_direction(size: float) -> None:
    with np.errstate(all="ignore"):
        drawn = planes((stroke((0, 0), (0, size)),))
    assert drawn[0].any() or not drawn.any()


def test_dots_and_empty_strokes_stay_beside_a_line() -> None:
    line = stroke((0, 0), (0, 50))
    tapped = planes((line, stroke((0, 25), (0, 25))))
    assert np.array_equal(tapped[DOWN], planes((line,))[DOWN])
    with_dots = planes((np.zeros((0, 2)), stroke((0, -20)), line, stroke((5, 5), (5, 5))))
    assert with_dots[DOWN].max() == 255
    assert not with_dots[[RIGHT, LEFT, UP]].any()


def test_the_same_drawing_gives_the_same_bytes_anywhere_and_at_any_size() -> None:
    first = planes(SEVEN)
    assert first.tobytes() == planes(SEVEN).tobytes()
    elsewhere = tuple(part * 8 + 640 for part in SEVEN)
    assert np.abs(planes(elsewhere).astype(int) - first).max() <= 8
