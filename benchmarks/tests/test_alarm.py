"""The made-up sites on which the drift alarm is measured are what they say."""

from itertools import islice

import numpy as np

from benchmarks.alarm import CHANGE, DRAWINGS, Site, alarms, stream

SITE = Site(0.3, 1000, 5)  # people who are all alike


def drawn(change: int | None) -> list[tuple[str, bool]]:
    return list(islice(stream(SITE, np.random.default_rng(1), change), DRAWINGS))


def test_people_correct_what_the_site_says_and_more_after_the_change() -> None:
    marks = np.array([mark for _, mark in drawn(CHANGE)])
    assert abs(marks[:CHANGE].mean() - 0.3) < 0.03
    assert abs(marks[CHANGE:].mean() - 0.55) < 0.04


def test_a_change_is_noticed_and_no_change_is_not() -> None:
    assert alarms(drawn(None)) == []
    (noticed, *_) = alarms(drawn(CHANGE))
    assert 0 < noticed - CHANGE < 300
