"""The pace of answers: full for few drawers, wider before a queue forms, never a standstill."""

import pytest

from recognizer.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def after(drawers: int, cost: float, seconds: float = 5.0, interval: float = 0.05) -> float:
    """Return the stretch after so many drawers have been answered at this pace for a while."""
    clock = Clock()
    pace = Pace(clock)
    while clock.now < seconds:
        clock.now += interval * pace.stretch
        for _ in range(drawers):
            pace.spent(cost)
    return pace.stretch


def test_few_drawers_are_answered_at_full_pace() -> None:
    assert after(1, 0.001) == 1.0
    assert after(10, 0.001) == 1.0


def test_many_drawers_are_answered_less_often_before_time_runs_out() -> None:
    stretch = after(50, 0.001)
    assert 1.5 < stretch < 2.2
    assert 50 * 0.001 / (0.05 * stretch) < 0.65  # of the time, where it would have been all


@pytest.mark.parametrize("drawers", [500, 5000])
def test_nobody_waits_longer_than_eight_answers_a_second(drawers: int) -> None:
    assert after(drawers, 0.001) == pytest.approx(2.4)


def test_a_rush_is_forgotten() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.spent(3.0)
    assert pace.stretch > 2
    clock.now += 5
    assert pace.stretch == 1.0


def test_answers_become_fewer_where_others_leave_no_time() -> None:
    """Answers alone take a tenth of the time here; something else keeps the loop from running."""
    pace = Pace(Clock())
    pace.spent(0.1)
    for _ in range(3):
        pace.late(0.002)
    assert pace.stretch == 1.0
    pace.late(0.025)
    assert 1.5 < pace.stretch < 2.4  # one sample says it
    for _ in range(3):
        pace.late(0.5)
    assert pace.stretch == pytest.approx(2.4)


@pytest.mark.parametrize("lag", [0.05, 60.0])
def test_a_lag_is_forgotten_within_a_second(lag: float) -> None:
    pace = Pace(Clock())
    pace.late(lag)
    assert pace.stretch > 2
    for _ in range(10):
        pace.late(0.001)
    assert pace.stretch == 1.0
