"""What is measured is what people meet: the same answers as the predictor gives them."""

from functools import cache

import numpy as np
import pytest

from recognizer.alphabet import CHARSETS, LABELS
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from trainer import answering
from trainer.answering import answer, scribble
from trainer.calibration import Calibration, abstains
from trainer.characters import StrokeSet
from trainer.evaluation import probabilities
from trainer.synthesis import draw, writer_style
from trainer.tests.learning import written


@cache
def served() -> Predictor:
    return Predictor.load(PACKAGED_ANCHOR)


@cache
def drawings() -> StrokeSet:
    """Return a few characters and a dot."""
    rng = np.random.default_rng(1)
    inks = [tuple(draw(label, writer_style(3), rng)) for label in "07agz"]
    inks.append((np.array([[3.0, 4.0]]),))
    return StrokeSet("pens", np.array(list("07agzi")), np.array(["w"] * 6), tuple(inks))


def test_every_answer_is_the_one_that_the_predictor_gives() -> None:
    part = drawings()
    found = answer(served(), [part])
    calibration = Calibration.of(served().card)
    for charset in CHARSETS:
        ours = probabilities(found.logits, charset, calibration.temperature[charset])
        away = abstains(found.logits, charset, calibration)
        for index, ink in enumerate(part.inks):
            theirs = served().predict(ink, charset)
            assert ours[index] == pytest.approx(theirs.probabilities, abs=1e-6)
            assert away[index] == theirs.abstain
            if not theirs.abstain:
                assert LABELS[ours[index].argmax()] == theirs.label


def test_images_keep_their_order_across_sets() -> None:
    images = written(5, 1).take(np.arange(4))
    found = answer(served(), [images, drawings()])
    assert found.images.shape == (10, 28, 28)
    assert np.array_equal(found.images[:4], images.images)
    assert found.logits[2] == pytest.approx(served().logits(images.images[2]))
    assert list(found.devices[[0, -1]]) == ["parametric", "unknown"]
    assert list(found.sources[[0, -1]]) == ["synthesis", "pens"]


def test_scribbles_come_of_every_family_and_most_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "REPORTED_SCRIBBLES", 30)
    found = scribble(served(), drawings().inks)
    assert len(found.logits) == 60
    assert {"struck_out", "row_of_characters", "heart"} <= set(found.families)
    assert list(found.trained) == [True] * 30 + [False] * 30
    assert abstains(found.logits, "all", Calibration.of(served().card)).mean() > 0.9


def test_without_strokes_nothing_is_spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "REPORTED_SCRIBBLES", 15)
    assert not {"struck_out", "row_of_characters"} & set(scribble(served(), []).families)
