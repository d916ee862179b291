"""A challenger is the same for the same inputs, and its evidence is about what it says."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from recognizer.alphabet import CHARSETS
from trainer import challenger
from trainer.calibration import Calibration
from trainer.challenger import (
    Challenger,
    Standing,
    averaged,
    distance,
    evidence,
    hold_out,
    make,
    moved_on,
    shortening,
)
from trainer.evidence import Evidence, Facts
from trainer.finetune import Corrections
from trainer.finetuning import FinetuneConfig, variations
from trainer.gate import judge
from trainer.marks import marks
from trainer.network import Network
from trainer.tests.learning import TINY, corrections, same, tiny_base, tiny_network
from trainer.validation import logits_of

ANCHOR = tiny_network()
BASE = tiny_base(ANCHOR)
SENT = corrections(20, submitters=10)
UNKNOWN = Facts()


def look(one: Challenger, facts: Facts = UNKNOWN, champion: Network = ANCHOR) -> Evidence:
    """Let everybody answer, the challenger with the temperature of the champion."""
    temperature = challenger.calibrated(ANCHOR, BASE).temperature
    standing = Standing(ANCHOR, champion, temperature, BASE)
    return evidence(one, standing, SENT, facts, temperature=temperature)


def renamed(sent: Corrections, *names: str) -> Corrections:
    return replace(sent, submitters=names)


def test_whole_submitters_are_held_out_and_at_most_a_fifth() -> None:
    sent = corrections(60, submitters=10)
    late = hold_out(sent)
    assert late.sum() == 12
    people = {name for name, held in zip(sent.submitters, late, strict=True) if held}
    assert [name in people for name in sent.submitters] == late.tolist()


def test_who_is_held_out_does_not_depend_on_the_order() -> None:
    sent = corrections(60, submitters=10)
    order = np.random.default_rng(0).permutation(60)
    assert hold_out(sent.take(order)).tolist() == hold_out(sent)[order].tolist()


def test_somebody_who_sent_most_is_learned_from() -> None:
    names = ["ada"] * 50 + ["bo"] * 5 + ["cy"] * 5
    late = hold_out(renamed(corrections(60), *names))
    assert late.tolist() == [False] * 50 + [True] * 10


@pytest.mark.parametrize("people", [1, 2, 4])
def test_with_few_submitters_drawings_are_held_out(people: int) -> None:
    sent = corrections(60, submitters=people)
    late = hold_out(sent)
    assert 8 <= late.sum() <= 12
    held = {image.tobytes() for image in sent.images[late]}
    assert not held & {image.tobytes() for image in sent.images[~late]}


def test_of_a_few_drawings_by_one_person_nothing_is_held_out() -> None:
    assert not hold_out(corrections(12, submitters=1)).any()
    assert not hold_out(corrections(9, submitters=3)).any()


def test_the_first_variation_is_the_config_and_all_differ() -> None:
    config = FinetuneConfig()
    made = variations(config, 6)
    assert made[0] == config
    assert len(set(map(repr, made))) == 6
    assert Counter(each.seed for each in made) == dict.fromkeys(range(1, 7), 1)


def test_an_average_lies_between() -> None:
    first, second = tiny_network(1), tiny_network(2)
    middle = averaged([first, second])
    for ours, one, two in zip(
        middle.parameters(), first.parameters(), second.parameters(), strict=True
    ):
        assert torch.allclose(ours, (one + two) / 2)
    assert same(averaged([first]), first)
    assert not same(first, middle)


def test_what_several_share_is_not_shortened_and_what_is_chance_is() -> None:
    alike, other = tiny_network(2), tiny_network(3)
    assert shortening([alike, alike], ANCHOR) == pytest.approx(1.0)
    assert shortening([ANCHOR, ANCHOR], ANCHOR) == 1.0  # nothing was learned: nowhere to go
    assert shortening([alike, other], ANCHOR) > 1.0


def test_a_network_is_moved_on_along_its_way_from_the_anchor() -> None:
    network = tiny_network(2)
    moved = moved_on(network, ANCHOR, 1.5)
    for there, ours, start in zip(
        moved.parameters(), network.parameters(), ANCHOR.parameters(), strict=True
    ):
        assert torch.allclose(there, start + 1.5 * (ours - start), atol=1e-6)
    assert same(network, tiny_network(2))  # itself stays where it is


def test_the_distance_is_relative_to_the_anchor() -> None:
    twice = tiny_network()
    with torch.no_grad():
        for value in twice.parameters():
            value.mul_(2)
    assert distance(ANCHOR, ANCHOR) == 0.0
    assert distance(twice, ANCHOR) == pytest.approx(1.0)


def test_marks_lie_in_their_corners() -> None:
    found = marks()
    assert len(found) == 8
    for name, image in found.items():
        rows, columns = np.nonzero(image)
        assert set(image[rows, columns].tolist()) == {255}
        assert (rows.max() < 14) == ("upper" in name)
        assert (columns.max() < 14) == ("left" in name)


def test_the_same_inputs_make_the_same_challenger_and_report() -> None:
    reports = []
    for _ in range(2):
        made = make(ANCHOR, SENT, BASE, TINY)
        reports.append(judge(look(made)).as_json())
    assert reports[0] == reports[1]


def test_the_evidence_holds_everybodys_answers() -> None:
    made = make(ANCHOR, SENT, BASE, TINY)
    assert made.early is not None
    champion = tiny_network(2)
    found = look(made, Facts(megabytes=3.0), champion=champion)
    assert np.array_equal(found.base.anchor, BASE.gate.logits)
    assert np.array_equal(found.base.champion, logits_of(champion, BASE.gate.images))
    assert np.array_equal(found.base.challenger, logits_of(made.network, BASE.gate.images))
    assert np.array_equal(found.taught.challenger, logits_of(made.network, SENT.images))
    late = SENT.take(np.flatnonzero(made.held_out))
    assert len(found.held_out) == len(late) == 4
    assert np.array_equal(found.held_out.challenger, logits_of(made.early, late.images))
    assert len(found.stamped) == 8
    assert found.submitters == SENT.submitters
    assert found.facts.megabytes == 3.0
    assert found.facts.distance == distance(made.network, ANCHOR) > 0


def test_what_the_anchor_was_released_with_stands_where_nobody_wrote_the_base() -> None:
    released = Calibration(dict.fromkeys(CHARSETS, 0.8), dict.fromkeys(CHARSETS, 0.5), 1.0)
    drawn = replace(BASE, sources=("synthesis",))
    assert challenger.calibrated(ANCHOR, drawn, released) == released
    written = replace(BASE, sources=("mnist", "synthesis"))
    assert challenger.calibrated(ANCHOR, written, released) == challenger.calibrated(ANCHOR, BASE)


def test_the_anchor_as_its_own_challenger_differs_in_nothing() -> None:
    itself = Challenger(ANCHOR, None, np.zeros(len(SENT), bool))
    found = look(itself)
    assert len(found.held_out) == 0
    assert found.facts.distance == 0.0
    assert found.facts.calibration_error == found.facts.champion_calibration_error
    report = judge(found)
    assert report.negative_flips == report.positive_flips == ()
    assert {each.rule for each in report.failures} <= {"something learned"}


def test_a_temperature_too_high_shows_in_the_calibration_error() -> None:
    sure_and_right = np.eye(36, dtype=np.float32)[BASE.gate.labels] * 20
    fitting, too_high = (
        challenger.expected_error(BASE.gate, sure_and_right, dict.fromkeys(CHARSETS, temperature))
        for temperature in (1.0, 100.0)
    )
    assert fitting == pytest.approx(0, abs=0.001)
    assert too_high == pytest.approx(1, abs=0.1)
