"""Figures that can be worked out by hand."""

import numpy as np
import pytest

from recognizer.alphabet import INDEX
from trainer.evaluation import (
    Scored,
    by_writer,
    calibration_error,
    energies,
    grouped_accuracy,
    probabilities,
    selective_error,
    top_k,
    within,
)


def scored(*pairs: tuple[str, str]) -> Scored:
    """Return samples whose (label, likeliest label) are given; the label itself comes second."""
    logits = np.zeros((len(pairs), 36), np.float32)
    for row, (label, guess) in enumerate(pairs):
        logits[row, INDEX[label]] = 3.0
        logits[row, INDEX[guess]] = 5.0
    labels = np.array([INDEX[label] for label, _ in pairs])
    return Scored(logits, labels, np.array([f"w{row % 2}" for row in range(len(pairs))]))


def test_probabilities_sum_to_one_within_the_set_and_are_zero_outside() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 36)).astype(np.float32)
    found = probabilities(logits, "digits", 0.7)
    assert found.sum(axis=1) == pytest.approx(np.ones(5))
    assert (found[:, 10:] == 0).all()


def test_top_k_counts_the_label_among_the_first_k() -> None:
    samples = scored(("1", "1"), ("7", "1"))
    assert top_k(samples, "all") == 0.5
    assert top_k(samples, "all", 3) == 1.0


def test_the_hint_settles_what_lies_between_the_sets() -> None:
    samples = scored(("0", "o"), ("1", "l"))
    assert top_k(samples, "all") == 0.0
    assert top_k(samples, "digits") == 1.0


def test_look_alikes_count_as_one() -> None:
    samples = scored(("0", "o"), ("1", "l"), ("7", "1"))
    assert grouped_accuracy(samples) == pytest.approx(2 / 3)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    logits = np.full((10, 36), -1e3, np.float32)
    logits[:, 0] = np.log(0.8)
    logits[:, 1] = np.log(0.2)
    labels = np.array([0] * 6 + [1] * 4)
    samples = Scored(logits, labels, np.array(["w"] * 10))
    assert calibration_error(samples, "digits") == pytest.approx(0.2, abs=1e-6)


def test_the_confident_ones_are_wrong_less_often() -> None:
    samples = scored(*[("1", "1")] * 9, ("7", "1"))
    everything, confident = selective_error(samples, "digits", 1.0, coverage=0.9)
    assert everything == pytest.approx(0.1)
    assert confident == 0.0


def test_writers_are_told_apart() -> None:
    assert by_writer(scored(("1", "1"), ("7", "1"), ("1", "1")), "all") == {"w0": 1.0, "w1": 0.0}


def test_a_set_holds_only_its_labels() -> None:
    assert within("letters", scored(("1", "1"), ("x", "x"))).labels.tolist() == [INDEX["x"]]


def test_energy_is_low_where_nothing_stands_out() -> None:
    flat, peaked = energies(np.array([[0.0] * 36, [9.0] + [0.0] * 35], np.float32))
    assert flat == pytest.approx(np.log(36))
    assert peaked > 9
