"""Drawings grow by points, refuse what does not fit, and change whole or not at all."""

import math

import pytest

from recognizer.strokes import Drawing, DrawingError, GapError, LimitError, Limits

LINE = [[0.0, 0.0], [1.0, 2.0, 16.0]]


def test_points_are_kept_as_they_came() -> None:
    drawing = Drawing.of([LINE, [[5.0, 5.0]]])
    assert drawing.samples() == [LINE, [[5.0, 5.0]]]
    assert drawing.point_count == 3


def test_ink_is_one_array_of_points_for_each_stroke() -> None:
    ink = Drawing.of([LINE, [[5.0, 5.0]]]).ink()
    assert [part.tolist() for part in ink] == [[[0.0, 0.0], [1.0, 2.0]], [[5.0, 5.0]]]


def test_appended_points_join_their_stroke() -> None:
    drawing = Drawing()
    drawing.append(0, 0, LINE)
    drawing.append(0, 2, [[3.0, 3.0]])
    drawing.append(1, 0, [[9.0, 9.0]])
    assert drawing.samples() == [[*LINE, [3.0, 3.0]], [[9.0, 9.0]]]


def test_points_sent_again_are_ignored() -> None:
    drawing = Drawing.of([LINE])
    drawing.append(0, 0, [*LINE, [3.0, 3.0]])
    drawing.append(0, 0, LINE)
    assert drawing.samples() == [[*LINE, [3.0, 3.0]]]


@pytest.mark.parametrize(("stroke", "start"), [(0, 3), (1, 1), (2, 0)])
def test_a_gap_is_refused_and_changes_nothing(stroke: int, start: int) -> None:
    drawing = Drawing.of([LINE])
    with pytest.raises(GapError):
        drawing.append(stroke, start, [[7.0, 7.0]])
    assert drawing.samples() == [LINE]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e7])
def test_coordinates_that_are_not_finite_or_absurd_are_refused(value: float) -> None:
    drawing = Drawing.of([LINE])
    with pytest.raises(DrawingError, match="finite"):
        drawing.append(0, 2, [[3.0, 3.0], [value, 0.0]])
    assert drawing.samples() == [LINE]


def test_times_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DrawingError, match="times"):
        Drawing.of([[[0.0, 0.0, math.inf]]])


@pytest.mark.parametrize("sample", [[1.0], [1.0, 2.0, 3.0, 4.0]])
def test_a_point_has_two_or_three_numbers(sample: list[float]) -> None:
    with pytest.raises(DrawingError, match=r"\[x, y\]"):
        Drawing.of([[sample]])


def test_a_drawing_holds_as_much_as_its_limits_say_and_no_more() -> None:
    drawing = Drawing(Limits(strokes=2, points=3))
    drawing.append(0, 0, LINE)
    drawing.append(1, 0, [[1.0, 1.0]])
    with pytest.raises(LimitError, match="3 points"):
        drawing.append(1, 1, [[2.0, 2.0]])
    with pytest.raises(LimitError, match="2 strokes"):
        drawing.append(2, 0, [[2.0, 2.0]])
    assert drawing.point_count == 3


def test_replacing_by_too_much_keeps_the_old_drawing() -> None:
    drawing = Drawing.of([LINE], Limits(strokes=1, points=9))
    with pytest.raises(LimitError):
        drawing.replace([LINE, LINE])
    assert drawing.samples() == [LINE]


def test_strokes_without_points_are_no_ink() -> None:
    drawing = Drawing.of([[], LINE, []])
    drawing.append(1, 0, [])
    assert drawing.samples() == [LINE]
    assert (len(drawing), len(drawing.ink()), len(list(drawing))) == (1, 1, 1)
    assert not Drawing.of([[], []])


def test_a_stroke_without_points_keeps_its_number() -> None:
    begun, whole = Drawing(), Drawing.of([[], LINE])
    begun.append(0, 0, [])
    begun.append(1, 0, LINE)
    for drawing in (begun, whole):
        drawing.append(0, 0, [[9.0, 9.0]])
        drawing.append(1, 2, [[3.0, 3.0]])
        drawing.append(2, 0, [])
        assert drawing.samples() == [[[9.0, 9.0]], [*LINE, [3.0, 3.0]]]
        drawing.undo()
        assert len(drawing) == 2
        drawing.undo()
        assert drawing.samples() == [[[9.0, 9.0]]]


def test_strokes_without_points_count_for_the_limit() -> None:
    drawing = Drawing(Limits(strokes=1, points=3))
    drawing.append(0, 0, [])
    with pytest.raises(LimitError):
        drawing.append(1, 0, [])


def test_undo_takes_the_last_stroke_and_never_fails() -> None:
    drawing = Drawing.of([LINE, [[5.0, 5.0]]])
    for remaining in (1, 0, 0):
        drawing.undo()
        assert len(drawing) == remaining
    assert drawing.point_count == 0


def test_clear_removes_everything() -> None:
    drawing = Drawing.of([LINE])
    drawing.clear()
    assert not drawing
    assert drawing.point_count == 0


def test_a_snapshot_does_not_follow_later_changes() -> None:
    drawing = Drawing.of([LINE])
    ink = drawing.ink()
    drawing.append(0, 2, [[3.0, 3.0]])
    assert len(ink[0]) == 2
