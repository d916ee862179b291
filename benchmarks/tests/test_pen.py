"""The benchmark's pen sends what the page would send, when the page would send it."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from benchmarks import pen
from benchmarks.handwriting import Character
from recognizer.strokes import Drawing

Way = Sequence[tuple[float, float]]


def character(*strokes: Way, times: Sequence[Sequence[float]] | None = None) -> Character:
    timed = []
    for index, stroke in enumerate(strokes):
        t = times[index] if times else [math.nan] * len(stroke)
        timed.append(np.array([[x, y, ms] for (x, y), ms in zip(stroke, t, strict=True)], float))
    return Character("made/digit", "1", tuple(timed))


def line(points: int, step: int = 10) -> Way:
    return [(0, index * step) for index in range(points)]


def test_the_first_point_goes_at_once_and_the_others_every_40_ms() -> None:
    times = [batch.at for batch in pen.replay(character(line(61))).batches]
    assert times[0] == 0
    assert times[1:-1] == pytest.approx([0.04 * index for index in range(1, len(times) - 1)])


def test_what_is_left_goes_at_once_when_the_pen_lifts() -> None:
    replay = pen.replay(character(line(61)))
    assert replay.batches[-1].at == pytest.approx(0.5)  # 60 steps at 120 points a second
    assert replay.batches[-1].newest == pytest.approx(0.5)


def test_no_two_frames_are_nearer_than_40_ms_except_at_pen_up() -> None:
    replay = pen.replay(character(line(50), [(30, y) for _, y in line(40)]))
    ups = [up for _, up in replay.down]
    for before, after in pairwise(replay.batches):
        assert after.at - before.at >= pen.INTERVAL - 1e-9 or after.at in ups


def test_nothing_is_sent_before_the_pen_was_there() -> None:
    for batch in pen.replay(character(line(50), line(3), line(40))).batches:
        assert batch.newest <= batch.at


def test_the_frames_put_together_are_the_drawing() -> None:
    replay = pen.replay(character(line(50), [(30, y) for _, y in line(40)], [(5, 5)]))
    drawing = Drawing()
    for batch in replay.batches:
        drawing.append(batch.stroke, batch.start, batch.points)
    assert len(drawing) == 3
    for ink, built in zip(drawing.ink(), pen.inks(replay.batches)[-1], strict=True):
        assert (ink == built).all()


def test_coordinates_are_integers_on_the_canvas() -> None:
    replay = pen.replay(character([(0.1, 0.2), (3.7, 9.4)], [(-5.5, 2.5), (1e-3, 4)]))
    for batch in replay.batches:
        for x, y in batch.points:
            assert isinstance(x, int)
            assert isinstance(y, int)
            assert 0 <= x <= pen.CANVAS
            assert 0 <= y <= pen.CANVAS


def test_samples_nearer_than_the_page_keeps_are_left_out() -> None:
    (batch, *rest) = pen.replay(character([(0, 0), *[(0, 0.01)] * 50, (0, 10)])).batches
    assert batch.points == [[500, 200]]
    assert [point for late in rest for point in late.points] == [[500, 800]]


def test_a_trembling_dot_is_one_point() -> None:
    trembling = np.array([[500.0, 500.0], [502.0, 501.0], [499.0, 500.0]])
    assert pen.thin(trembling, np.array([0.0, 0.1, 0.2])) == [(0.0, [500, 500])]


def test_the_times_of_the_file_are_kept_and_long_pauses_cut() -> None:
    replay = pen.replay(character(line(3), line(2), times=[[0, 100, 90], [60_000, 60_200]]))
    assert np.array(replay.down) == pytest.approx(np.array([(0, 0.1), (1.1, 1.3)]))


def test_growth_begins_when_there_is_something_to_read() -> None:
    grown = pen.growth(pen.replay(character(line(61))))
    assert grown is not None
    assert [len(stroke) for stroke in grown.first] == [1 + 4]
    assert len(grown.inks) == 1 + len(grown.rest)
    assert pen.growth(pen.replay(character([(3, 3)]))) is None
