"""The drift alarm: drawings are corrected more often than before, and not by one person alone."""

import itertools
import random

import pytest

from feedback import drift
from feedback.drift import BEFORE, LATEST, OF_ONE_PERSON, Named, judge


def named(count: int, corrected: float, people: str, each: int = 5) -> list[Named]:
    """Return verdicts, a share of which corrects, by people with so many drawings each."""
    wrong = round(count * corrected)
    marks = [True] * wrong + [False] * (count - wrong)
    random.Random(1).shuffle(marks)
    return [(f"{people}{index // each}", mark) for index, mark in enumerate(marks)]


def test_what_is_as_usual_raises_no_alarm() -> None:
    found = judge(named(LATEST, 0.3, "new") + named(BEFORE, 0.3, "old"))
    assert (found.alarm, found.rate, found.usual) == (False, 0.3, 0.3)


def test_many_more_corrections_than_usual_raise_it() -> None:
    found = judge(named(LATEST, 0.5, "new") + named(BEFORE, 0.3, "old"))
    assert found.alarm
    assert str(found) == "50% of the latest 200 were corrected, 30% before"


def test_fewer_corrections_than_usual_raise_none() -> None:
    assert not judge(named(LATEST, 0.1, "new") + named(BEFORE, 0.6, "old")).alarm


@pytest.mark.parametrize(("latest", "before"), [(0, 0), (LATEST - 1, 0), (LATEST, LATEST - 1)])
def test_too_few_say_nothing(latest: int, before: int) -> None:
    found = judge(named(latest, 1, "new") + named(before, 0, "old"))
    assert (found.alarm, found.usual) == (False, None)
    assert str(found) == "too few named drawings to say"


def test_there_is_a_rate_before_there_is_enough_to_compare() -> None:
    assert judge(named(40, 0.25, "new")).rate == 0.25
    assert judge([]).rate is None


def test_one_person_cannot_raise_it() -> None:
    flood = [("one", True)] * LATEST
    usual = named(LATEST + BEFORE, 0.3, "old")
    found = judge(flood + usual)
    assert not found.alarm
    # All but what counts of the one is what it was before.
    assert found.rate is not None
    assert found.rate < 0.3 + 2 * OF_ONE_PERSON / LATEST


def test_where_all_is_by_a_few_people_nothing_is_said() -> None:
    few = [(f"person {index % 5}", True) for index in range(LATEST + BEFORE)]
    assert judge(few).usual is None


@pytest.mark.parametrize(
    ("corrected", "drawings", "others_corrected", "others"),
    [(3, 4, 2, 6), (0, 3, 2, 4), (2, 2, 0, 5)],
)
def test_the_chance_is_that_of_counting_every_order(
    corrected: int, drawings: int, others_corrected: int, others: int
) -> None:
    total, wrong = drawings + others, corrected + others_corrected
    choices = list(itertools.combinations(range(total), drawings))
    hits = sum(sum(place < wrong for place in choice) >= corrected for choice in choices)
    chance = drift.by_chance(corrected, drawings, others_corrected, others)
    assert chance == pytest.approx(hits / len(choices))
