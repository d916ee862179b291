"""The arithmetic of forgetting, on histories that can be checked by hand."""

import math

import pytest

from benchmarks.forgetting import (
    backward_transfer,
    errors_spared,
    forgetting,
    forgetting_by_chance,
    largest_loss,
    worst_drop,
)

HISTORY = [[0.9], [0.8, 0.7], [0.85, 0.75, 0.95]]


def test_chance_alone_looks_like_forgetting() -> None:
    # 0.9, 0.8, 0.7 in any order: from the best of two to the third is -0.1, 0.1 or 0.2.
    history = [[0.9], [0.8, 0.5], [0.7, 0.5, 1.0]]
    assert forgetting_by_chance(history) == pytest.approx(((-0.1 + 0.1 + 0.2) / 3 + 0) / 2)
    assert forgetting_by_chance([[0.7], [0.8, 0.5], [0.9, 0.5, 1.0]]) == pytest.approx(
        forgetting_by_chance(history)
    )
    assert forgetting_by_chance([[0.9]]) == 0


def test_forgetting_is_measured_from_the_best_round_before_the_last() -> None:
    # Person 0: best 0.9, ends at 0.85; person 1: best 0.7, ends at 0.75.
    assert forgetting(HISTORY) == pytest.approx((0.05 - 0.05) / 2)


def test_a_best_round_between_learning_and_the_end_counts() -> None:
    assert forgetting([[0.5], [0.9, 0.5], [0.6, 0.5, 0.5]]) == pytest.approx((0.3 + 0) / 2)


def test_backward_transfer_is_signed_and_starts_where_a_person_was_learned() -> None:
    assert backward_transfer(HISTORY) == pytest.approx((-0.05 + 0.05) / 2)
    assert backward_transfer([[0.9], [0.7, 1.0]]) == pytest.approx(-0.2)


def test_with_one_round_there_is_nothing_to_forget() -> None:
    assert forgetting([[0.9]]) == 0
    assert backward_transfer([[0.9]]) == 0


def test_errors_spared_weighs_people_by_their_errors() -> None:
    assert errors_spared([0.8, 0.9], [0.9, 0.9]) == pytest.approx(1 / 3)
    assert errors_spared([0.9], [0.8]) == pytest.approx(-1)
    assert math.isnan(errors_spared([1.0], [1.0]))


def test_the_worst_drop_is_that_of_the_worst_round() -> None:
    assert worst_drop(0.99, [0.995, 0.97, 0.98]) == pytest.approx(0.02)
    assert worst_drop(0.99, [0.995]) == 0


def test_the_largest_loss_is_that_of_the_person_worst_off_at_any_round() -> None:
    assert largest_loss([0.8, 0.9], [[0.7], [0.85, 0.75]]) == pytest.approx(0.15)
    assert largest_loss([0.8], [[0.9]]) == 0
