"""Which ink decided: the right ink, no other, and at a bounded price."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizer.alphabet import INDEX, LABELS
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.rasterizer import SIDE, Raster, rasterise
from recognizer.saliency import (
    MOST_RUNS,
    TELLING,
    WINDOW,
    Network,
    Window,
    explain,
    log_odds,
    whereabouts,
)
from recognizer.tests.standin import predictor

CLOSING = (slice(16, 20), slice(6, 9))  # the ink that makes an 8 of a 3


class Reader:
    """A network that reads an 8 where the loop is closed and else a 3, and counts its images."""

    def __init__(self) -> None:
        self.shown = 0

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.shown += len(images)
        closed = images[(slice(None), *CLOSING)].any(axis=(1, 2))
        logits = np.zeros((len(images), len(LABELS)), np.float32)
        logits[:, INDEX["3"]] = 6.0
        logits[:, INDEX["8"]] = np.where(closed, 9.0, 0.0)
        return logits


def eight() -> Raster:
    """Return a drawing with ink in many places, the closing one among them."""
    raster = np.zeros((SIDE, SIDE), np.uint8)
    raster[4:24, 18:21] = 255
    raster[4:7, 8:21] = raster[13:15, 8:21] = raster[21:24, 8:21] = 255
    raster[CLOSING] = 255
    return raster


def weighing(weights: NDArray[np.float64], label: str = "7") -> Network:
    """Return a network for which each pixel's ink adds its weight to one logit."""

    def network(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.zeros((len(images), len(LABELS)), np.float32)
        logits[:, INDEX[label]] = (images / 255.0 * weights).sum(axis=(1, 2))
        return logits

    return network


def test_the_ink_that_makes_an_eight_of_a_three_is_found() -> None:
    found = explain(Reader(), eight(), "8", "digits")
    assert found.decisive is not None
    assert LABELS[int(found.decisive.logits.argmax())] == "3"
    assert found.decisive.telling
    row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
    wiped = slice(found.decisive.left, found.decisive.left + WINDOW)
    assert set(range(*CLOSING[1].indices(SIDE))) <= set(range(*wiped.indices(SIDE)))
    assert abs(row - 17.5) <= WINDOW
    assert abs(column - 7) <= WINDOW


def test_the_same_ink_speaks_against_the_three() -> None:
    for_eight = explain(Reader(), eight(), "8", "digits")
    for_three = explain(Reader(), eight(), "3", "digits")
    assert for_eight.heat[17, 7] > TELLING
    assert for_three.heat[17, 7] < -TELLING


def test_ink_that_changes_nothing_counts_for_nothing() -> None:
    found = explain(Reader(), eight(), "8", "digits")
    assert found.heat[5, 19] == found.heat[22, 19] == 0.0


def test_what_no_ink_is_on_counts_for_nothing() -> None:
    raster = eight()
    found = explain(weighing(np.ones((SIDE, SIDE))), raster, "7")
    assert (found.heat[raster == 0] == 0).all()
    assert (found.heat[raster > 0] > 0).all()


def test_without_ink_nothing_is_asked() -> None:
    reader = Reader()
    found = explain(reader, np.zeros((SIDE, SIDE), np.uint8), "8")
    assert (reader.shown, found.runs, found.decisive) == (0, 0, None)
    assert not found.heat.any()


def test_only_windows_with_ink_are_asked_and_never_more_than_promised() -> None:
    dot = np.zeros((SIDE, SIDE), np.uint8)
    dot[14, 14] = 255
    for raster, most in ((dot, 10), (np.full((SIDE, SIDE), 255, np.uint8), MOST_RUNS)):
        reader = Reader()
        found = explain(reader, raster, "8")
        assert reader.shown == found.runs <= most
    assert found.runs == MOST_RUNS


def test_a_mirror_image_has_a_mirrored_heat() -> None:
    weights = np.random.default_rng(3).normal(size=(SIDE, SIDE))
    raster = eight()
    for flip in (np.fliplr, np.flipud, np.transpose):
        heat = explain(weighing(weights), raster, "7").heat
        mirrored = explain(weighing(flip(weights)), np.ascontiguousarray(flip(raster)), "7").heat
        assert np.allclose(mirrored, flip(heat), atol=1e-5)


def test_the_image_itself_is_not_touched() -> None:
    raster = eight()
    explain(Reader(), raster, "8")
    assert (raster == eight()).all()


def test_certainty_does_not_hide_what_counts() -> None:
    """A probability of 1 to the last digit can lose a lot and stay 1; its odds cannot."""
    found = explain(weighing(np.full((SIDE, SIDE), 5.0)), eight(), "7")
    assert found.decisive is not None
    assert found.decisive.loss > 10


def test_only_the_labels_of_the_character_set_compete() -> None:
    logits = np.zeros((1, len(LABELS)), np.float32)
    logits[0, INDEX["q"]] = 50.0
    assert log_odds(logits, "9", "digits")[0] == pytest.approx(-np.log(9))
    assert log_odds(logits, "9", "all")[0] == pytest.approx(-50)


def test_a_label_outside_the_character_set_is_explained_among_all() -> None:
    logits = np.zeros((1, len(LABELS)), np.float32)
    assert log_odds(logits, "q", "digits")[0] == pytest.approx(-np.log(35))


def test_where_a_window_lies_is_said_in_the_drawing_s_own_terms() -> None:
    raster = eight()  # ink from 4 to 23, from 6 to 20

    def at(left: int, top: int) -> str:
        return whereabouts(raster, Window(left, top, 6, 1.0, np.zeros(36, np.float32)))

    assert at(10, 2) == "top"
    assert at(4, 3) == "top left"
    assert at(10, 11) == "middle"
    assert at(17, 11) == "right"
    assert at(17, 19) == "bottom right"


def test_a_narrow_drawing_has_no_left_and_no_right() -> None:
    one = np.zeros((SIDE, SIDE), np.uint8)
    one[4:24, 13:15] = 255
    places = {
        whereabouts(one, Window(left, top, 6, 1.0, np.zeros(36, np.float32)))
        for left in (10, 11, 12)
        for top in (2, 11, 19)
    }
    assert places == {"top", "middle", "bottom"}


@pytest.fixture(scope="module")
def anchor() -> Predictor:
    return Predictor.load(Path(PACKAGED_ANCHOR))


def test_the_released_network_is_explained_by_its_own_answers(anchor: Predictor) -> None:
    """What is said of the decisive ink is what the version answers when it is wiped."""
    ink = [np.array([[0, 0], [40, 0], [10, 60]], np.float64)]
    raster = rasterise(ink)
    explanation = anchor.explain(raster, "digits")
    window = explanation.saliency.decisive
    assert window is not None
    assert explanation.without is not None
    wiped = raster.copy()
    wiped[window.top : window.top + window.side, window.left : window.left + window.side] = 0
    again = anchor.predict_raster(wiped, "digits")
    assert again.label == explanation.without.label
    assert again.probabilities == pytest.approx(explanation.without.probabilities, abs=1e-4)
    assert window.loss > TELLING
    label = explanation.saliency.label
    assert again.probabilities[INDEX[label]] < explanation.prediction.confidence


def test_it_explains_the_likeliest_also_where_it_abstains() -> None:
    unsure = predictor(logits={"4": 3.0, "9": 3.1})
    explanation = unsure.explain(eight())
    assert explanation.prediction.abstain
    assert explanation.saliency.label == "9"


def test_a_label_of_one_s_own_can_be_explained() -> None:
    assert predictor().explain(eight(), label="q").saliency.label == "q"


def test_of_nothing_there_is_nothing_to_explain() -> None:
    explanation = predictor().explain(np.zeros((SIDE, SIDE), np.uint8))
    assert explanation.prediction.label is None
    assert (explanation.saliency.runs, explanation.without) == (0, None)
