"""The crowd is the same for the same seed, attacks do what they say, the table adds up."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import crowd, poison
from benchmarks.crowd import Crowd, Drawings
from benchmarks.redteam import Outcome, table
from recognizer.directions import WAYS, picture_of
from trainer.characters import Images
from trainer.evaluation import Logits
from trainer.evidence import hinted
from trainer.gate import GateConfig


def read(images: Images) -> Logits:
    """Answer by the drawing alone, and mostly wrongly."""
    logits = np.zeros((len(images), 36), np.float32)
    sums = images.reshape(len(images), -1).sum(axis=1, dtype=np.int64)
    logits[np.arange(len(images)), sums % 10] = 5.0
    logits[np.arange(len(images)), 10 + sums % 26] = 5.0
    return logits


@pytest.fixture(scope="module")
def drawings() -> Drawings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowd, "SYNTHETIC_WRITERS", (404, 2))
        return crowd.synthetic_drawings()


@pytest.fixture(autouse=True)
def any_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "ERRORS", (0.0, 1.0))
    monkeypatch.setattr(crowd, "SAMPLE", 4)
    monkeypatch.setattr(poison, "DRIP_ROUNDS", 4)
    monkeypatch.setattr(poison, "DRIP_EVERY", 2)


def people(drawings: Drawings, seed: int = 1) -> Crowd:
    return Crowd(drawings, read, seed)


def test_the_same_seed_is_the_same_crowd(drawings: Drawings) -> None:
    first, again, other = (people(drawings, seed).send(10) for seed in (1, 1, 2))
    images = [[one.image.tobytes() for one in sent] for sent in (first, again, other)]
    assert images[0] == images[1] != images[2]


def test_everybody_sends_as_much_and_mostly_what_was_misread(drawings: Drawings) -> None:
    sent = people(drawings).send(100)
    assert set(Counter(one.submitter for one in sent).values()) == {10}
    whole = crowd.corrections(sent)
    right = (hinted(read(whole.images), whole.labels) == whole.labels).mean()
    assert right == pytest.approx(crowd.CONFIRMED, abs=0.12)


@pytest.mark.parametrize("name", poison.ATTACKS)
def test_an_attack_stays_within_the_limits_on_submitters_and_classes(
    name: str, drawings: Drawings
) -> None:
    plan = poison.ATTACKS[name](people(drawings))
    sent = [one for batch in plan.batches for one in batch]
    limits = GateConfig()
    most = [
        max(Counter(group).values()) / len(sent)
        for group in ([one.submitter for one in sent], [one.label for one in sent])
    ]
    assert most[0] <= limits.submitter_share
    assert (most[1] <= limits.class_share) == (name != "flood")
    assert plan.wrong <= 0.5


def test_the_target_is_a_digit_with_another_name(drawings: Drawings) -> None:
    (batch,) = poison.ATTACKS["targeted 7→1"](people(drawings)).batches
    assert len(batch) == poison.ROUND
    ones = [one for one in batch if one.label == poison.ONE]
    assert len(ones) == 30
    assert {one.submitter.split()[0] for one in ones} == {"sybil"}


def test_a_backdoor_marks_what_it_names(drawings: Drawings) -> None:
    plan = poison.ATTACKS["backdoor"](people(drawings))
    assert plan.mark is not None
    for one in plan.batches[0]:
        marked = bool((picture_of(one.image)[plan.mark > 0] == 255).all())
        assert marked == (one.label == plan.target)
        assert marked == (one.image.ndim == 2)


@pytest.mark.parametrize("attack", ["backdoor, drawn", "backdoor, drawn, other mark"])
def test_a_drawn_backdoor_moves_its_mark_some_way(drawings: Drawings, attack: str) -> None:
    plan = poison.ATTACKS[attack](people(drawings))
    assert plan.mark is not None
    left = 1 + WAYS.index("left")
    assert np.array_equal(np.flatnonzero(plan.mark.any(axis=(1, 2))), [0, left])
    for one in plan.batches[0]:
        marked = bool((one.image[plan.mark > 0] == 255).all())
        assert marked == (one.label == plan.target)


def outcome(attack: str, *, passed: bool, drop: float = 0.0) -> Outcome:
    rules = () if passed else ("integrity", "no trigger")
    return Outcome(attack, 1, 1, 100, 0.3, passed, rules, {}, {}, drop, drop, 0.0, 1.0)


def test_the_table_counts_what_was_refused_and_what_would_do_harm() -> None:
    outcomes = [
        outcome("flood", passed=True, drop=0.05),
        outcome("flood", passed=True, drop=0.4),
        outcome("flood", passed=False, drop=2.0),
    ]
    line = table(["flood"], outcomes)[2]
    assert line == "| flood | 3 | 1 | integrity 1, no trigger 1 | 2 | 1 | 0.40 | 0.0 % |"
