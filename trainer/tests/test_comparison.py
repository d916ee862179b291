"""Two readers on the same samples."""

import numpy as np
import pytest

from trainer.assessment.answers import UNCALIBRATED, Answered
from trainer.assessment.comparison import Comparison, compare, difference_interval, mcnemar
from trainer.tests.test_assessment import answers


def compared(before: Answered, after: Answered) -> Comparison:
    return compare(before, after, UNCALIBRATED, UNCALIBRATED)


def test_what_was_lost_and_won_is_named() -> None:
    before = answers(("3", "3", 4), ("4", "9", 4), ("5", "5", 4), ("5", "6", 4))
    after = answers(("3", "8", 4), ("4", "4", 4), ("5", "5", 4), ("5", "5", 4))
    found = compared(before, after)
    assert (found.before, found.after, found.difference) == (0.5, 0.75, 0.25)
    assert [(flip.label, flip.before, flip.after) for flip in found.lost] == [("3", "3", "8")]
    assert {(flip.label, flip.before) for flip in found.won} == {("4", "9"), ("5", "6")}
    assert [(each.label, each.before, each.after) for each in found.classes] == [
        ("3", 1.0, 0.0),
        ("5", 0.5, 1.0),
        ("4", 0.0, 1.0),
    ]


def test_the_same_reader_differs_in_nothing_and_proves_little() -> None:
    same = answers(*[("3", "3", 4)] * 50)
    found = compared(same, same)
    assert (found.test.p, found.lost, found.won) == (1.0, (), ())
    assert found.low < 0 < found.high


def test_few_flips_are_tested_exactly() -> None:
    # 1 against 9: 2 * (1 + 10) / 1024.
    found = mcnemar(1, 9)
    assert found.method == "exact binomial"
    assert found.p == pytest.approx(22 / 1024)
    assert mcnemar(9, 1).p == found.p
    assert mcnemar(0, 0).p == mcnemar(3, 3).p == 1.0


def test_many_flips_are_tested_by_chi_square() -> None:
    # (|121 - 59| - 1)² / 180 = 20.67, as in Agresti's example; the p-value is below 1e-4.
    found = mcnemar(121, 59)
    assert found.method == "chi-square"
    assert found.p == pytest.approx(5.45e-6, rel=0.01)
    assert mcnemar(100, 100).p == 1.0


def test_the_interval_of_a_difference_widens_with_the_flips_and_turns_with_their_sign() -> None:
    narrow, wide = difference_interval(2, 6, 1000), difference_interval(52, 56, 1000)
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert difference_interval(6, 2, 1000) == pytest.approx((-narrow[1], -narrow[0]))
    low, high = difference_interval(0, 0, 1000)
    assert -0.01 < low < 0 < high < 0.01


def test_other_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="same samples"):
        compared(answers(("3", "3", 4)), answers(("4", "4", 4)))
    nothing = answers(("3", "3", 4)).take(np.zeros(1, bool))
    with pytest.raises(ValueError, match="at least one"):
        compared(nothing, nothing)
