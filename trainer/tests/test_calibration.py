"""Temperatures make confidence honest; thresholds keep within their budget."""

import numpy as np
import pytest

from recognizer.alphabet import CHARSETS
from trainer.calibration import abstains, calibrate, weighted_quantile
from trainer.evaluation import Logits, Scored, calibration_error, within


def characters(count: int = 3000, sharpness: float = 1.0, seed: int = 0) -> Scored:
    """Draw labels from the very probabilities that the logits state, then sharpen the logits."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.5, (count, 36))
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    labels = (weights.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return Scored((logits * sharpness).astype(np.float32), labels, np.array(["w"] * count))


def outliers(count: int = 200) -> Logits:
    return np.random.default_rng(9).normal(0, 0.1, (count, 36)).astype(np.float32)


@pytest.mark.parametrize("sharpness", [0.6, 1.0, 2.0])
def test_the_temperature_undoes_too_much_or_too_little_confidence(sharpness: float) -> None:
    scored = characters(sharpness=sharpness)
    found = calibrate({"pens/digit": scored}, outliers())
    assert found.temperature["all"] == pytest.approx(sharpness, rel=0.1)
    assert calibration_error(scored, "all", found.temperature["all"]) < 0.03


def test_real_characters_abstain_within_the_budget_and_outliers_do() -> None:
    scored = characters()
    found = calibrate({"pens/digit": scored}, outliers(), budget=0.01)
    for charset in CHARSETS:
        part = within(charset, scored)
        assert abstains(part.logits, charset, found).mean() <= 0.01
        assert abstains(outliers(), charset, found).mean() > 0.95


def test_a_large_set_does_not_decide_alone() -> None:
    sets = {"large/digit": characters(4500, 3.0), "small/digit": characters(500, seed=1)}
    alone = calibrate({"small/digit": sets["small/digit"]}, outliers()).temperature["all"]
    both = calibrate(sets, outliers()).temperature["all"]
    assert alone == pytest.approx(1.0, rel=0.1)
    assert both < 2.4  # nine tenths of all samples ask for 3


def test_one_character_set_alone_can_be_calibrated() -> None:
    digits = within("digits", characters())
    found = calibrate({"pens/digit": digits}, outliers())
    assert found.temperature["letters"] == 1.0
    assert found.confidence["letters"] == 0.0


def test_the_weighted_quantile_counts_weight_not_samples() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([8.0, 1.0, 1.0])
    assert weighted_quantile(values, weights, 0.5) == 1.0
    assert weighted_quantile(values, weights, 0.85) == 2.0
    assert weighted_quantile(values, weights, 1.0) == 3.0
