"""From logits to calibrated probabilities, and when to say nothing."""

import math

import numpy as np
import pytest

from recognizer.alphabet import CHARSETS, INDEX, LABELS, Charset, indices
from recognizer.memory import Memory
from recognizer.predictor import Look, Predictor
from recognizer.rasterizer import rasterise
from recognizer.serving import PACKAGED_ANCHOR
from recognizer.tests.standin import predictor

INK = (np.array([[0.0, 0.0], [10.0, 40.0]]),)


@pytest.mark.parametrize("charset", CHARSETS)
def test_probabilities_sum_to_one_over_the_character_set(charset: Charset) -> None:
    answer = predictor(logits={"3": 2.0, "q": 5.0}).predict(INK, charset)
    inside = [answer.probabilities[index] for index in indices(charset)]
    assert math.fsum(inside) == pytest.approx(1.0)
    assert math.fsum(answer.probabilities) == pytest.approx(1.0)


def test_a_hint_leaves_only_its_characters() -> None:
    strong_letter = predictor(logits={"3": 4.0, "q": 9.0})
    assert strong_letter.predict(INK, "all").label == "q"
    assert strong_letter.predict(INK, "digits").label == "3"


def test_temperature_softens_the_confidence_of_its_character_set() -> None:
    temperature = {"digits": 2.0, "letters": 1.0, "all": 1.0}
    cool = predictor(logits={"3": 8.0}).predict(INK, "digits")
    warm = predictor(logits={"3": 8.0}, temperature=temperature).predict(INK, "digits")
    expected = math.exp(4) / (math.exp(4) + 9)
    assert warm.confidence == pytest.approx(expected)
    assert cool.confidence > warm.confidence


def test_the_confidence_is_that_of_the_likeliest_label() -> None:
    answer = predictor(logits={"z": 6.0}).predict(INK)
    assert answer.label == "z"
    assert answer.confidence == max(answer.probabilities) == answer.probabilities[INDEX["z"]]


def test_it_abstains_when_no_label_is_likely() -> None:
    answer = predictor(logits={"4": 3.0, "9": 3.0}).predict(INK)
    assert answer.abstain
    assert answer.label is None
    assert answer.confidence < 0.5


def test_it_abstains_when_the_energy_says_that_this_is_no_character() -> None:
    abstain = {"confidence": dict.fromkeys(CHARSETS, 0.0), "energy": 9.0}
    assert predictor(logits={"3": 8.0}, abstain=abstain).predict(INK).abstain
    assert not predictor(logits={"3": 9.5}, abstain=abstain).predict(INK).abstain


def test_several_characters_side_by_side_are_not_read_as_one() -> None:
    sure = predictor(logits={"n": 50.0})
    apart = (*INK, INK[0] + [60.0, 0.0])
    answer = sure.predict(apart)
    assert (answer.label, answer.likeliest) == (None, "n")
    assert answer.abstain
    assert answer.several
    together = sure.predict((*INK, INK[0] + [12.0, 0.0]))
    assert (together.label, together.several) == ("n", False)


@pytest.mark.parametrize("ink", [(), (np.array([[5.0, 5.0]]),), (np.zeros((4, 2)),)])
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_blank_or_a_dot_is_never_read(ink: tuple[np.ndarray, ...], charset: Charset) -> None:
    answer = predictor(logits={"1": 50.0, "i": 50.0}).predict(ink, charset)
    assert answer.abstain
    assert answer.label is None
    assert answer.confidence == pytest.approx(1 / len(indices(charset)))
    assert math.fsum(answer.probabilities) == pytest.approx(1.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_too_small_to_be_drawn_is_never_read() -> None:
    answer = predictor().predict((np.array([[0.0, 0.0], [0.0, 1e-310]]),))
    assert answer == predictor().nothing("all")


def test_an_empty_image_is_never_read() -> None:
    assert predictor(logits={"1": 50.0}).predict_raster(np.zeros((28, 28), np.uint8)).abstain


def test_huge_logits_stay_finite() -> None:
    answer = predictor(logits={"3": 1e4, "8": -1e4}).predict(INK)
    assert answer.probabilities[INDEX["3"]] == 1.0
    assert all(math.isfinite(p) for p in answer.probabilities)


def test_every_answer_names_its_version_and_has_36_probabilities() -> None:
    answer = predictor(number=12).predict(INK)
    assert answer.version == 12
    assert len(answer.probabilities) == len(LABELS)


def test_a_memory_that_only_agrees_or_doubts_has_renamed_nothing() -> None:
    version = predictor(logits={"3": 8.0, "4": 6.0})
    features = version.features(rasterise(INK))
    for label, renamed in (("3", False), ("4", True)):
        memory = Memory(version.version).remember(features, INDEX[label], was_correction=True)
        answer = version.predict(INK, "digits", memory)
        assert (answer.label, answer.personal, answer.renamed) == (label, True, renamed)
    assert not version.predict(INK, "digits").renamed


def test_several_at_once_are_each_answered_as_alone_and_in_order() -> None:
    anchor = Predictor.load(PACKAGED_ANCHOR)
    rng = np.random.default_rng(20261122)
    inks = [[np.cumsum(rng.normal(size=(12, 2)), axis=0) * 9] for _ in range(40)]
    inks[7], inks[21] = [], [np.zeros((1, 2))]  # nothing to read
    named = anchor.features(rasterise(inks[3]))
    memory = Memory(anchor.version).remember(named, INDEX["8"], was_correction=True)
    looks = [
        Look.at(ink, CHARSETS[k % 3], memory if k % 5 == 3 else None) for k, ink in enumerate(inks)
    ]
    answers = anchor.predict_all(looks)
    assert [k for k, answer in enumerate(answers) if answer.personal] == [3]
    assert len({answer.probabilities for answer in answers}) == 40 - 2 + len({7 % 3, 21 % 3})
    for look, ink, together in zip(looks, inks, answers, strict=True):
        alone = anchor.predict(ink, look.charset, look.memory)
        assert (together.label, together.several) == (alone.label, alone.several)
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-6)
