"""Figures from made-up answers whose outcome can be counted by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizer.alphabet import INDEX, LABELS
from trainer.assessment.answers import UNCALIBRATED, Answered, Scribbled, spread
from trainer.assessment.figures import Slice, assess, wilson
from trainer.calibration import Calibration, abstains


def answers(*rows: tuple[str, str, float], writers: str = "", device: str = "pen") -> Answered:
    """Return samples (character, what it is read as, how sure as a logit)."""
    logits = np.zeros((len(rows), len(LABELS)), np.float32)
    for row, (_, guess, strength) in zip(logits, rows, strict=True):
        row[INDEX[guess]] = strength
    count = len(rows)
    return Answered(
        images=np.zeros((count, 28, 28), np.uint8),
        characters=np.array([character for character, _, _ in rows]),
        logits=logits,
        writers=np.array(list(writers or "w" * count)),
        sources=np.full(count, "made up"),
        devices=np.full(count, device),
    )


def named(slices: tuple[Slice, ...], name: str) -> Slice:
    return next(each for each in slices if each.name == name)


def test_a_hint_forgives_a_letter_for_a_digit_and_a_group_a_look_alike() -> None:
    # Among all labels the 0 is an o and the 1 an a; told "digit", the o and the a are no answer.
    found = assess(
        answers(("0", "o", 4), ("1", "a", 4), ("2", "2", 4), ("b", "d", 4)), UNCALIBRATED
    )
    assert found.overall.joint == 0.25
    assert found.overall.grouped == 0.5
    # All digits but the 0 get the same probability in the first; ties go to the first label.
    assert named(found.kinds, "digit").hinted == pytest.approx(2 / 3)
    assert named(found.kinds, "lower").hinted == 0


def test_a_capital_counts_as_its_letter_in_a_slice_of_its_own() -> None:
    found = assess(answers(("A", "a", 4), ("a", "b", 4)), UNCALIBRATED)
    assert named(found.kinds, "upper").hinted == 1
    assert named(found.kinds, "lower").hinted == 0
    assert named(found.device_kinds, "pen upper").samples == 1


def test_the_worst_writer_comes_first_and_nobody_is_no_writer() -> None:
    part = answers(("3", "3", 4), ("3", "8", 4), ("4", "4", 4), ("5", "6", 4), writers="bab ")
    part = Answered(**vars(part) | {"writers": np.char.strip(part.writers)})
    found = assess(part, UNCALIBRATED)
    assert [(each.name, each.hinted) for each in found.writers] == [("a", 0), ("b", 1)]


def test_precision_recall_and_f1_are_those_of_the_textbook() -> None:
    found = assess(
        answers(("3", "3", 4), ("3", "3", 4), ("3", "8", 4), ("8", "3", 4), ("8", "8", 4)),
        UNCALIBRATED,
    )
    three = next(each for each in found.hinted_classes if each.label == "3")
    assert (three.samples, three.guessed) == (3, 3)
    assert three.precision == three.recall == three.f1 == pytest.approx(2 / 3)
    assert found.hinted_confusion[INDEX["3"], INDEX["8"]] == 1
    assert found.hinted_confusion.sum() == 5


def test_a_label_that_is_only_guessed_has_no_recall() -> None:
    found = assess(answers(("3", "8", 4)), UNCALIBRATED)
    eight = next(each for each in found.joint_classes if each.label == "8")
    assert (eight.recall, eight.precision, eight.f1) == (None, 0.0, 0.0)


def test_mistakes_are_listed_by_how_sure_the_reader_was_and_not_for_look_alikes_alone() -> None:
    found = assess(
        answers(("3", "8", 3), ("4", "9", 6), ("5", "5", 9), ("0", "o", 9)), UNCALIBRATED
    )
    assert [(each.label, each.guess) for each in found.mistakes] == [("4", "9"), ("3", "8")]
    assert [each.label for each in found.joint_mistakes] == ["4", "3"]
    first = found.mistakes[0]
    assert first.confidence == pytest.approx(math.e**6 / (math.e**6 + 9))
    assert first.probability == pytest.approx(1 / (math.e**6 + 9))


def test_an_honest_reader_has_no_calibration_error_and_a_boaster_has() -> None:
    # Ten answers of which nine are right, said to be 90 % sure: 0.9 / (0.9 + 9 * 0.1 / 9).
    sure = math.log(0.9 / (0.1 / 9))
    rows = [("3", "3", sure)] * 9 + [("3", "8", sure)]
    honest = assess(answers(*rows), UNCALIBRATED).reliability[0]
    assert honest.charset == "digits"
    assert honest.error == pytest.approx(0, abs=1e-6)
    # The mean distance from 9 of the number of heads among ten tosses of such a coin.
    tosses = [math.comb(10, k) * 0.9**k * 0.1 ** (10 - k) * abs(k - 9) for k in range(11)]
    assert honest.by_chance == pytest.approx(sum(tosses) / 10, rel=0.1)
    assert honest.by_chance_at_most == pytest.approx(0.2)  # two of ten more, or fewer, are wrong
    colder = Calibration(
        UNCALIBRATED.temperature | {"digits": 0.1}, UNCALIBRATED.confidence, UNCALIBRATED.energy
    )
    boaster = assess(answers(*rows), colder).reliability[0]
    assert boaster.error == pytest.approx(0.1, abs=1e-4)
    assert boaster.by_chance == pytest.approx(0, abs=1e-4)
    assert [(each.samples, each.accuracy) for each in boaster.bins] == [(10, 0.9)]


def test_risk_rises_with_coverage_where_confidence_means_something() -> None:
    rows = [("3", "3", 5.0)] * 9 + [("3", "8", 1.0)]
    risk = assess(answers(*rows), UNCALIBRATED).risk[0]
    assert (risk.error, risk.error_at_90) == (0.1, 0.0)
    assert risk.curve[-1] == (1.0, 0.1)
    assert risk.curve[-2] == (0.9, 0.0)
    assert risk.area == pytest.approx(0.01)


def test_abstaining_is_counted_for_characters_and_scribbles() -> None:
    calibration = Calibration(
        UNCALIBRATED.temperature, dict.fromkeys(UNCALIBRATED.confidence, 0.5), -math.inf
    )
    part = answers(("3", "3", 5), ("3", "3", 0.1))
    scribbled = Scribbled(
        logits=np.concatenate([np.zeros((3, 36)), part.logits[:1]]).astype(np.float32),
        families=np.array(["ball", "ball", "star", "star"]),
        trained=np.array([True, True, False, False]),
    )
    found = assess(part, calibration, scribbled)
    digits = next(each for each in found.abstention if each.charset == "digits")
    assert digits.turned_away == 0.5
    assert (digits.caught, digits.caught_held_out) == (1.0, 0.5)
    assert digits.families == {"ball": 1.0, "star": 0.5}
    assert found.overall.turned_away == 0.5


def test_a_reader_of_digits_alone_can_be_assessed() -> None:
    ten = np.eye(10, dtype=np.float32)[[3, 8]] * 5
    wide = spread(ten, "0123456789")
    part = Answered(**vars(answers(("3", "3", 1), ("3", "3", 1))) | {"logits": wide})
    found = assess(part, UNCALIBRATED)
    assert found.overall.hinted == found.overall.joint == 0.5
    assert not abstains(wide, "digits", UNCALIBRATED).any()
    assert found.as_json()["overall"]["samples"] == 2


def test_what_does_not_fit_together_is_refused() -> None:
    part = answers(("3", "3", 1), ("4", "4", 1))
    with pytest.raises(ValueError, match="writers has 1 entries, logits 2"):
        Answered(**vars(part) | {"writers": np.array(["w"])})
    with pytest.raises(ValueError, match="use `spread`"):
        Answered(**vars(part) | {"logits": np.zeros((2, 10), np.float32)})
    with pytest.raises(ValueError, match="no sample"):
        assess(part.take(np.zeros(2, bool)), UNCALIBRATED)


def test_an_interval_is_that_of_the_literature() -> None:
    # Newcombe 1998, table I, method 3: 81 of 263, and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def as_array(values: list[list[int]]) -> NDArray[np.int64]:
    return np.array(values)


def test_json_holds_numbers_that_any_parser_takes() -> None:
    plain = assess(answers(("3", "8", 4)), UNCALIBRATED).as_json()
    assert as_array(plain["hinted_confusion"]).sum() == 1
    assert plain["mistakes"][0]["guess"] == "8"
    assert plain["labels"] == list(LABELS)
