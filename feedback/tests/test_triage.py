"""Risk puts wrong labels first, value the instructive ones; neither is fooled by a flood."""

import numpy as np
import pytest

from feedback import triage
from recognizer.alphabet import INDEX, LABELS

NOBODY = np.zeros((0, 4), np.float32)
HERE = np.array([1, 0, 0, 0], np.float32)
THERE = np.array([0, 1, 0, 0], np.float32)


def probabilities(**named: float) -> list[float]:
    rest = (1 - sum(named.values())) / (len(LABELS) - len(named))
    found = [rest] * len(LABELS)
    for name, p in named.items():
        found[INDEX[name.strip("_")]] = p
    return found


def test_doubt_grows_as_the_label_gets_less_likely() -> None:
    sure, unsure, wrong = (
        triage.margin_doubt(probabilities(_7=p, _1=1 - p), "7") for p in (0.99, 0.5, 0.01)
    )
    assert sure < 0.05 < unsure < 0.95 < wrong


def test_a_label_outside_the_character_set_is_doubted_without_a_division_by_nothing() -> None:
    nothing = [0.0] * len(LABELS)
    assert triage.margin_doubt(nothing, "a") == pytest.approx(0.5)
    nothing[7] = 1.0
    assert triage.margin_doubt(nothing, "a") == pytest.approx(1)


def test_neighbours_with_another_label_raise_doubt_and_with_the_same_lower_it() -> None:
    known = np.stack([HERE, HERE, THERE])
    assert triage.neighbour_doubt(HERE, "7", known, ["7", "7", "1"]) == 0
    assert triage.neighbour_doubt(HERE, "7", known, ["1", "1", "7"]) == 1
    p = probabilities(_7=0.5, _1=0.5)
    alone = triage.doubt(p, "7", HERE, NOBODY, [])
    assert triage.doubt(p, "7", HERE, known, ["1", "1", "7"]) > alone
    assert triage.doubt(p, "7", HERE, known, ["7", "7", "1"]) < alone


def test_far_neighbours_say_nothing() -> None:
    assert triage.neighbour_doubt(HERE, "7", THERE[None], ["1"]) is None
    assert triage.neighbour_doubt(HERE, "7", NOBODY, []) is None


def test_the_nearest_come_first_whatever_their_length() -> None:
    known = np.stack([THERE, 5 * HERE, 0.1 * (HERE + THERE)])
    found = triage.nearest(HERE, known, 2)
    assert [row for row, _ in found] == [1, 2]
    assert found[0][1] == pytest.approx(1)
    assert triage.nearest(HERE * 0, known)  # features of nothing divide by nothing


def test_a_bad_record_raises_risk_and_a_good_one_lowers_it() -> None:
    nobody, good, bad = (triage.mistrust(*record) for record in ((0, 0), (20, 0), (0, 20)))
    assert good < nobody < bad
    assert triage.risk(0.2, good) < triage.risk(0.2, nobody) < triage.risk(0.2, bad)


def test_value_wants_a_plausible_label_that_was_not_expected() -> None:
    def value(p: float) -> float:
        doubt = triage.margin_doubt(probabilities(_7=p, _1=1 - p), "7")
        return triage.value(p, triage.risk(doubt, 0.05))

    known, instructive, implausible = value(0.99), value(0.45), value(0.001)
    assert instructive > 10 * known
    assert instructive > 10 * implausible
