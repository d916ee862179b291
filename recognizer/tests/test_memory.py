"""A personal memory: right at once for its owner, bounded, and nothing to anybody else."""

import itertools
import math
from typing import Any, cast

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, INDEX, LABELS, Charset, indices
from recognizer.memory import Memory, MemoryParameters
from recognizer.predictor import Predictor
from recognizer.rasterizer import rasterise
from recognizer.serving import PACKAGED_ANCHOR
from recognizer.strokes import Points
from recognizer.tests.standin import card

LENGTH = 16
INK = (np.array([[0.0, 0.0], [10.0, 40.0]]),)
A, B, THREE, SEVEN = (INDEX[label] for label in "ab37")

Vector = NDArray[np.float32]


def direction(seed: int) -> Vector:
    """Features like those of the network: none negative, no two directions near."""
    vector = np.zeros(LENGTH, np.float32)
    vector[seed % LENGTH] = 3.0
    vector[(seed // LENGTH + seed + 1) % LENGTH] = 1.0
    return vector


def at(cosine: float, start: Vector, towards: Vector) -> Vector:
    """Features at a cosine from `start`, on the way to `towards`."""
    unit = start / np.linalg.norm(start)
    rest = towards - (towards @ unit) * unit
    rest /= np.linalg.norm(rest)
    mixed: Vector = (cosine * unit + math.sqrt(1 - cosine**2) * rest).astype(np.float32)
    return mixed


def sure(label: int, confidence: float = 0.99, charset: Charset = "all") -> NDArray[np.float64]:
    """The network's probabilities when it is sure of a label."""
    allowed = list(indices(charset))
    probabilities = np.zeros(len(LABELS))
    probabilities[allowed] = (1 - confidence) / (len(allowed) - 1)
    probabilities[label] = confidence
    return probabilities


def corrected(features: Vector, label: int, **changes: Any) -> Memory:
    memory = Memory(1, parameters=MemoryParameters(**changes))
    return memory.remember(features, label, was_correction=True)


def answer(memory: Memory, features: Vector, probabilities: NDArray[np.float64]) -> int:
    return int(memory.adjust(probabilities, features).probabilities.argmax())


# One correction is enough


@pytest.mark.parametrize("confidence", [0.5, 0.9, 1.0])
def test_a_corrected_drawing_is_right_at_once_however_sure_the_network_is(
    confidence: float,
) -> None:
    memory = corrected(direction(1), SEVEN)
    assert answer(memory, direction(1), sure(THREE, confidence)) == SEVEN


def test_nearly_the_same_drawing_is_right_too() -> None:
    memory = corrected(direction(1), SEVEN)
    nearly = at(0.99, direction(1), direction(2))
    assert answer(memory, nearly, sure(THREE)) == SEVEN


def test_length_of_features_does_not_matter() -> None:
    once = corrected(direction(1), SEVEN).adjust(sure(THREE), 5 * direction(1))
    again = corrected(9 * direction(1), SEVEN).adjust(sure(THREE), direction(1))
    assert once.probabilities == pytest.approx(again.probabilities)


def test_the_last_word_counts_where_two_labels_claim_one_drawing() -> None:
    memory = corrected(direction(1), SEVEN).remember(direction(1), B, was_correction=True)
    assert answer(memory, direction(1), sure(THREE)) == B
    memory = memory.remember(direction(1), SEVEN, was_correction=True)
    assert answer(memory, direction(1), sure(THREE)) == SEVEN


def test_the_last_word_counts_against_many_near_drawings_of_another_label() -> None:
    memory = Memory(1)
    for other in range(2, 12):
        near = at(1 - other / 200, direction(1), direction(other))
        memory = memory.remember(near, A, was_correction=True)
    memory = memory.remember(direction(1), B, was_correction=True)
    assert answer(memory, direction(1), sure(A, 1.0)) == B
    assert A in memory.labels  # only as many give way as have to


def test_twenty_corrections_in_a_row_are_all_right_at_the_end() -> None:
    memory = Memory(1)
    for number in range(20):
        memory = memory.remember(direction(number), number, was_correction=True)
    wrong = sure(35)
    assert [answer(memory, direction(number), wrong) for number in range(20)] == [*range(20)]


def test_several_near_drawings_reach_further_than_one() -> None:
    far = at(0.97, direction(1), direction(9))
    one = corrected(direction(1), SEVEN, votes=3)
    three = one
    for other in (3, 5):
        near = at(0.995, direction(1), direction(other))
        three = three.remember(near, SEVEN, was_correction=True)
    before = sure(THREE)
    gain = one.adjust(before, far).probabilities[SEVEN]
    assert three.adjust(before, far).probabilities[SEVEN] > gain > before[SEVEN]


def test_confirmed_drawings_hold_their_ground_against_a_correction_nearby() -> None:
    between = at(0.96, direction(1), direction(2))
    alone = corrected(direction(1), SEVEN)
    with_confirmed = Memory(1).remember(between, THREE, was_correction=False)
    with_confirmed = with_confirmed.remember(direction(1), SEVEN, was_correction=True)
    assert answer(alone, between, sure(THREE, 0.7)) == SEVEN
    assert answer(with_confirmed, between, sure(THREE, 0.7)) == THREE


# Where nothing is near, nothing happens


@pytest.mark.parametrize("cosine", [0.0, 0.5, 0.8])
def test_without_a_near_drawing_the_very_same_probabilities_come_back(cosine: float) -> None:
    before = sure(THREE, 0.6)
    adjusted = corrected(direction(1), SEVEN).adjust(before, at(cosine, direction(1), direction(2)))
    assert adjusted.probabilities is before
    assert not adjusted.changed
    assert adjusted.weight == 0


def test_an_empty_memory_does_nothing() -> None:
    before = sure(THREE)
    assert Memory(1).adjust(before, direction(1)).probabilities is before


def test_what_nobody_would_see_is_not_done() -> None:
    certain = sure(SEVEN, 1.0)
    adjusted = corrected(direction(1), SEVEN).adjust(certain, direction(1))
    assert adjusted.probabilities is certain
    assert not adjusted.changed


def test_the_probabilities_that_came_in_are_never_altered() -> None:
    before = sure(THREE)
    copy = before.copy()
    adjusted = corrected(direction(1), SEVEN).adjust(before, direction(1))
    assert adjusted.changed
    assert before.tobytes() == copy.tobytes()


def test_features_that_are_all_zero_are_like_nothing() -> None:
    memory = corrected(np.zeros(LENGTH, np.float32), SEVEN)
    before = sure(THREE)
    assert memory.adjust(before, np.zeros(LENGTH, np.float32)).probabilities is before


# Still probabilities, still inside the character set


def crowd(seed: int, count: int = 60, **changes: Any) -> Memory:
    """A memory of many labels at random places near each other."""
    rng = np.random.default_rng(seed)
    drawings = [
        (1 + 0.25 * rng.normal(size=LENGTH), int(rng.integers(36)), bool(rng.integers(2)))
        for _ in range(count)
    ]
    return Memory.of(1, drawings, MemoryParameters(**changes))


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("seed", range(5))
def test_adjusted_probabilities_sum_to_one_inside_the_character_set(
    charset: Charset, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    allowed = list(indices(charset))
    before = np.zeros(len(LABELS))
    before[allowed] = rng.dirichlet(np.full(len(allowed), 0.2))
    features = 1 + 0.25 * rng.normal(size=LENGTH)
    adjusted = crowd(seed).adjust(before, features, charset)
    assert adjusted.changed
    assert math.fsum(adjusted.probabilities) == pytest.approx(1.0, abs=1e-12)
    assert (adjusted.probabilities >= 0).all()
    assert not np.delete(adjusted.probabilities, allowed).any()


def test_drawings_outside_the_character_set_do_not_vote() -> None:
    memory = corrected(direction(1), A)
    before = sure(THREE, charset="digits")
    assert memory.adjust(before, direction(1), "digits").probabilities is before
    assert answer(memory, direction(1), sure(THREE)) == A


# Bounded


def test_it_never_grows_beyond_its_capacity() -> None:
    memory = Memory(1, parameters=MemoryParameters(capacity=8))
    for number in range(40):
        memory = memory.remember(direction(number), number % 36, was_correction=True)
        assert len(memory) == min(number + 1, 8)
        assert memory.labels[-1] == number % 36
        assert memory.features.shape == (len(memory), LENGTH)
    assert memory.features.dtype == np.float32


def test_redundant_drawings_go_first_confirmed_ones_before_corrections() -> None:
    near = at(0.999, direction(1), direction(2))
    drawings = [
        (direction(5), B, False),  # confirmed and oldest, yet the only b
        (direction(1), A, True),
        (near, A, False),  # confirmed, and says what the correction before it says
        (at(0.999, direction(1), direction(3)), A, True),
    ]
    full = Memory.of(1, drawings, MemoryParameters(capacity=4))
    first = full.remember(direction(7), SEVEN, was_correction=True)
    assert list(zip(first.labels, first.corrections, strict=True)) == [
        (B, False),
        (A, True),
        (A, True),
        (SEVEN, True),
    ]
    second = first.remember(direction(8), THREE, was_correction=True)
    assert second.labels.tolist() == [B, A, SEVEN, THREE]
    third = second.remember(direction(9), INDEX["z"], was_correction=True)
    assert third.labels.tolist() == [A, SEVEN, THREE, INDEX["z"]]


def test_without_redundancy_the_oldest_correction_goes_last_of_all() -> None:
    drawings = [(direction(number), number, number < 2) for number in range(4)]
    memory = Memory.of(1, drawings, MemoryParameters(capacity=4))
    for number in range(4, 8):
        memory = memory.remember(direction(number), number, was_correction=True)
    # 2 and 3 were only confirmed; then the oldest corrections went.
    assert memory.labels.tolist() == [4, 5, 6, 7]


def test_a_capacity_of_one_keeps_the_newest() -> None:
    memory = corrected(direction(1), A, capacity=1).remember(direction(2), B, was_correction=False)
    assert memory.labels.tolist() == [B]


def test_drawings_beyond_the_nearest_few_of_a_label_do_not_add_votes() -> None:
    around = [at(0.975, direction(1), direction(other)) for other in range(2, 14)]
    before = sure(THREE)
    three = MemoryParameters(votes=3)
    weights = [
        Memory.of(1, [(place, SEVEN, True) for place in around[:count]], three)
        .adjust(before, direction(1))
        .weight
        for count in (1, three.votes, len(around))
    ]
    assert weights[0] < weights[1]
    assert weights[1] == pytest.approx(weights[2])


# A value: built from the same drawings it is the same, and it never changes


def test_built_at_once_or_one_by_one_it_is_the_same() -> None:
    rng = np.random.default_rng(4)
    drawings = [
        (rng.random(LENGTH), int(rng.integers(36)), bool(rng.integers(2))) for _ in "x" * 90
    ]
    at_once = Memory.of(1, drawings, MemoryParameters(capacity=32))
    one_by_one = Memory(1, parameters=MemoryParameters(capacity=32))
    for features, label, was_correction in drawings:
        one_by_one = one_by_one.remember(features, label, was_correction=was_correction)
    assert at_once.features.tobytes() == one_by_one.features.tobytes()
    assert at_once.labels.tolist() == one_by_one.labels.tolist()
    assert at_once.corrections.tolist() == one_by_one.corrections.tolist()


def test_the_same_question_gets_the_same_answer() -> None:
    before, features = sure(THREE, 0.4), np.ones(LENGTH)
    answers = {crowd(3).adjust(before, features).probabilities.tobytes() for _ in range(3)}
    assert len(answers) == 1


def test_below_capacity_and_without_rivals_order_does_not_matter() -> None:
    drawings = [(direction(1), A, True), (direction(2), B, False), (direction(3), SEVEN, True)]
    query = at(0.98, direction(1), direction(2))
    answers = [
        Memory.of(1, order).adjust(sure(THREE, 0.5), query).probabilities
        for order in itertools.permutations(drawings)
    ]
    for other in answers[1:]:
        assert other == pytest.approx(answers[0], abs=1e-9)


def test_remembering_leaves_the_older_memory_as_it_was() -> None:
    older = corrected(direction(1), A)
    older.remember(direction(1), B, was_correction=True)
    assert older.labels.tolist() == [A]
    for array in (older.features, older.labels, older.corrections):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_features_that_are_not_finite_are_refused(broken: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        corrected(np.full(LENGTH, broken, np.float32), A)


def test_features_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        corrected(direction(1), A).remember(np.ones(3), A, was_correction=True)


@pytest.mark.parametrize("label", [-1, 36])
def test_a_label_that_there_is_not_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match="no label"):
        corrected(direction(1), label)


@pytest.mark.parametrize(
    "changes", [{"prior": 0.0}, {"prior": 1.0}, {"sharpness": 0.0}, {"votes": 0}, {"near": 2.0}]
)
def test_parameters_that_break_a_promise_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        MemoryParameters(**cast(Any, changes))


# Together with a predictor


class FeatureSession:
    """Answers every drawing with fixed logits and features, and notes what it was asked for."""

    def __init__(self, logits: dict[str, float], features: Vector) -> None:
        self.asked: list[list[str]] = []
        row = np.zeros((1, len(LABELS)), np.float32)
        for label, value in logits.items():
            row[0, INDEX[label]] = value
        self._outputs = {"logits": row, "features": features[None]}

    def run(self, names: list[str], inputs: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
        self.asked.append(names)
        return [self._outputs[name] for name in names]


def fixed(logits: dict[str, float], **changes: Any) -> tuple[Predictor, FeatureSession]:
    session = FeatureSession(logits, direction(1))
    return Predictor(card(1, **changes), cast(ort.InferenceSession, session)), session


def test_the_predictor_answers_what_its_owner_taught() -> None:
    predictor, _ = fixed({"3": 8.0})
    memory = Memory(1).remember(predictor.features(rasterise(INK)), SEVEN, was_correction=True)
    answer = predictor.predict(INK, "all", memory)
    assert answer.label == "7"
    assert answer.personal
    assert answer.confidence == max(answer.probabilities) == answer.probabilities[SEVEN]
    assert math.fsum(answer.probabilities) == pytest.approx(1.0)


def test_a_memory_that_changes_nothing_is_not_called_personal() -> None:
    predictor, _ = fixed({"3": 8.0})
    elsewhere = corrected(direction(9), SEVEN)
    assert predictor.predict(INK, "all", elsewhere) == predictor.predict(INK)


def test_without_a_memory_only_logits_are_asked_for() -> None:
    predictor, session = fixed({"3": 8.0})
    predictor.predict(INK)
    predictor.predict(INK, "all", Memory(1))
    predictor.predict(INK, "all", Memory(2).remember(direction(1), SEVEN, was_correction=True))
    assert session.asked == [["logits"]] * 3


def test_a_memory_of_another_version_is_not_asked() -> None:
    predictor, _ = fixed({"3": 8.0})
    stale = Memory(2).remember(direction(1), SEVEN, was_correction=True)
    assert predictor.predict(INK, "all", stale) == predictor.predict(INK)


def test_the_energy_does_not_hide_what_the_memory_decides() -> None:
    abstain = {"confidence": dict.fromkeys(CHARSETS, 0.5), "energy": 9.0}
    predictor, _ = fixed({"3": 8.0}, abstain=abstain)
    assert predictor.predict(INK).label is None
    answer = predictor.predict(INK, "all", corrected(direction(1), SEVEN))
    assert answer.label == "7"
    assert not answer.abstain


def test_what_its_owner_named_is_answered_however_sure_the_version_asks_to_be() -> None:
    abstain = {"confidence": dict.fromkeys(CHARSETS, 0.99), "energy": 0}
    predictor, _ = fixed({"3": 12.0}, abstain=abstain)
    assert predictor.predict(INK, "digits").label == "3"
    answer = predictor.predict(INK, "digits", corrected(direction(1), SEVEN))
    assert answer.label == "7"
    assert answer.confidence > 0.5
    far = corrected(at(0.94, direction(1), direction(2)), SEVEN)  # like it, and does not decide
    assert predictor.predict(INK, "digits", far).label is None


def test_whoever_named_a_drawing_in_parts_has_it_read() -> None:
    predictor, _ = fixed({"3": 8.0})
    parted = (*INK, INK[0] + [1000.0, 0.0])
    assert predictor.predict(parted).several
    answer = predictor.predict(parted, "all", corrected(direction(1), SEVEN))
    assert (answer.label, answer.several) == ("7", False)


def test_the_energy_still_hides_what_is_only_a_little_like_a_remembered_drawing() -> None:
    abstain = {"confidence": dict.fromkeys(CHARSETS, 0.5), "energy": 9.0}
    predictor, _ = fixed({"3": 8.0}, abstain=abstain)
    answer = predictor.predict(INK, "all", corrected(at(0.92, direction(1), direction(2)), SEVEN))
    assert answer.personal
    assert answer.label is None


def test_it_abstains_where_two_remembered_names_compete() -> None:
    predictor, _ = fixed(
        {"3": 8.0}, abstain={"confidence": dict.fromkeys(CHARSETS, 0.6), "energy": 0}
    )
    torn = Memory(1)
    for other, label in ((2, SEVEN), (3, B)):
        torn = torn.remember(at(0.95, direction(1), direction(other)), label, was_correction=True)
    assert predictor.predict(INK, "all", torn).abstain


@pytest.mark.parametrize("ink", [(), (np.array([[5.0, 5.0]]),)])
def test_a_blank_or_a_dot_is_never_read_by_a_memory_either(ink: tuple[Points, ...]) -> None:
    predictor, _ = fixed({"3": 8.0})
    answer = predictor.predict(ink, "all", corrected(direction(1), SEVEN))
    assert answer.label is None
    assert not answer.personal


# Together with the released weights


def zigzag(seed: int) -> tuple[NDArray[np.float64], ...]:
    return (np.random.default_rng(seed).random((6, 2)) * 100,)


@pytest.fixture(scope="module")
def anchor() -> Predictor:
    return Predictor.load(PACKAGED_ANCHOR)


def test_others_are_answered_bit_for_bit_as_if_nobody_had_a_memory(anchor: Predictor) -> None:
    inks = [zigzag(seed) for seed in range(20)]
    before = [anchor.predict(ink, charset) for ink in inks for charset in CHARSETS]
    memory = Memory(anchor.version)
    for ink in inks:
        memory = memory.remember(anchor.features(anchor.draw(ink)), SEVEN, was_correction=True)
        assert anchor.predict(ink, "all", memory).personal
    assert [anchor.predict(ink, charset) for ink in inks for charset in CHARSETS] == before


def test_asking_for_features_does_not_change_the_logits(anchor: Predictor) -> None:
    elsewhere = corrected(
        np.eye(len(anchor.features(anchor.draw(INK))), dtype=np.float32)[0], SEVEN
    )
    for seed in range(10):
        assert anchor.predict(zigzag(seed), "all", elsewhere) == anchor.predict(zigzag(seed))


def test_twenty_strange_characters_are_right_at_once_and_to_the_end(anchor: Predictor) -> None:
    memory = Memory(anchor.version)
    inks = [zigzag(seed) for seed in range(20)]
    for seed, ink in enumerate(inks):
        memory = memory.remember(anchor.features(anchor.draw(ink)), seed, was_correction=True)
        assert anchor.predict(ink, "all", memory).label == LABELS[seed]
    answers = [anchor.predict(ink, "all", memory).label for ink in inks]
    assert sum(answer == LABELS[seed] for seed, answer in enumerate(answers)) >= 19
