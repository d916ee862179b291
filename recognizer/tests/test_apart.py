"""Several characters side by side are told apart from one that is drawn in parts."""

import numpy as np
import pytest

from recognizer.apart import is_several
from recognizer.strokes import Points

HEIGHT = 60.0


def bar(x: float, top: float = 0.0, bottom: float = HEIGHT) -> Points:
    return np.array([[x, top], [x, bottom]])


def line(*points: tuple[float, float]) -> Points:
    return np.array(points)


SEVEN = line((0, 0), (30, 0), (10, HEIGHT))


def shifted(x: float) -> Points:
    return SEVEN + np.array([x, 4.0])


DOT = np.array([[200.0, 10.0]])


@pytest.mark.parametrize("gap", [0.3, 1.0, 5.0])
def test_two_characters_with_a_gap_are_several(gap: float) -> None:
    beside = shifted(30 + gap * HEIGHT)
    assert is_several([SEVEN, beside])
    assert is_several([beside, SEVEN])  # the right one first
    assert is_several([SEVEN / 1000, beside / 1000])  # units do not matter


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [np.zeros((0, 2))],
        [SEVEN],
        [SEVEN, np.zeros((0, 2))],
        [bar(0), bar(25), line((0, 30), (25, 30))],  # H: the bar across joins them
        [line((0, 0), (30, 0)), line((0, 20), (30, 20))],  # one above the other
        [bar(0, 20), np.array([[2.0, 0.0]])],  # i
        [bar(0), bar(0.18 * HEIGHT)],  # the widest of real ones
    ],
    ids=["none", "empty", "one", "one and empty", "H", "above", "i", "close"],
)
def test_what_can_be_one_character_is_one(strokes: list[Points]) -> None:
    assert not is_several(strokes)


def test_a_stray_dot_or_a_slip_is_no_character() -> None:
    slip = line((150, 10), (160, 12))
    assert not is_several([SEVEN, DOT])
    assert not is_several([DOT, DOT + 50.0 * np.eye(2)[:1]])  # two dots are not even one
    assert not is_several([SEVEN, slip, DOT])


def test_a_gap_counts_where_both_sides_are_real_though_a_dot_lies_beyond() -> None:
    assert is_several([bar(0), shifted(40), DOT])


def test_a_character_that_overlaps_an_earlier_one_closes_its_gap() -> None:
    wide = line((0, 0), (100, HEIGHT))
    assert not is_several([wide, bar(10), bar(90)])
