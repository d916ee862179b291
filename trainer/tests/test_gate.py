"""Every rule of the gate passes and fails where it should, on answers made by hand."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from recognizer.alphabet import INDEX, LABELS
from trainer import gate
from trainer.characters import Labels
from trainer.evaluation import Logits
from trainer.evidence import Answers, Evidence, Facts, Stamped, divergence_of, hinted
from trainer.gate import Finding, GateConfig, judge

GATE = np.arange(7200) % 36  # 200 drawings of each label


def logits_for(guesses: Labels | Sequence[int], sure: float = 8.0) -> Logits:
    """Return logits of somebody who reads exactly this."""
    logits = np.zeros((len(guesses), len(LABELS)), np.float32)
    logits[np.arange(len(guesses)), guesses] = sure
    return logits


def misread(labels: Labels, which: Sequence[int] | range) -> Labels:
    """Return the labels, some of them taken for another one of their character set."""
    guesses = labels.copy()
    where = np.array(list(which), np.int64)
    digits = labels[where] < 10
    guesses[where] = np.where(digits, (labels[where] + 1) % 10, 10 + (labels[where] - 10 + 1) % 26)
    return guesses


def answers(
    labels: Labels = GATE,
    challenger: Sequence[int] | range = (),
    champion: Sequence[int] | range = (),
    anchor: Sequence[int] | range = (),
) -> Answers:
    """Return answers; the arguments name what each version misreads."""
    return Answers(
        labels,
        *(logits_for(misread(labels, which)) for which in (challenger, champion, anchor)),
    )


def corrections(count: int, fixed: int | None = None) -> Answers:
    """Return corrections that champion and anchor misread, and the challenger but for some."""
    labels = np.arange(count) % 36
    still = range(count if fixed is None else fixed, count)
    missed = logits_for(misread(labels, range(count)), sure=1.0)  # the anchor is not sure
    challenger = logits_for(misread(labels, still))
    return Answers(labels, challenger, missed, missed)


EMPTY = answers(np.zeros(0, np.int64))
GOOD = Evidence(
    base=answers(),
    taught=corrections(60),
    held_out=corrections(12),
    stamped=[Stamped("a mark", GATE[:360], logits_for(GATE[:360]), logits_for(GATE[:360]))],
    submitters=[f"person {index % 10}" for index in range(60)],
    facts=Facts("", 1.1, 1.1, 0.5, 0.5, 0.010, 0.010, 0.05),
)


def finding(rule: str, evidence: Evidence, config: GateConfig | None = None) -> Finding:
    found = [each for each in judge(evidence, config).findings if each.rule == rule]
    assert len(found) == 1
    return found[0]


def fails(evidence: Evidence) -> set[str]:
    return {each.rule for each in judge(evidence).failures}


def test_a_good_challenger_passes_and_the_report_can_be_stored() -> None:
    report = judge(GOOD)
    assert report.passed, report.failures
    stored = json.loads(json.dumps(report.as_json()))
    assert stored["passed"] is True
    assert stored["config"]["negative_flips"] == 0.003
    assert all(each["says"] for each in stored["findings"])
    assert len({each["rule"] for each in stored["findings"]}) == len(stored["findings"])


def test_a_hint_restricts_the_guess_to_the_labels_own_set() -> None:
    logits = np.zeros((2, 36), np.float32)
    logits[:, INDEX["o"]] = 9.0
    logits[:, INDEX["0"]] = 5.0
    assert hinted(logits, np.array([INDEX["0"], INDEX["o"]])).tolist() == [0, INDEX["o"]]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"problem": "the digest differs"}, "the digest differs"),
        ({"megabytes": 1.33}, "1.33 MB"),
        ({"milliseconds": 0.61}, "0.61 ms"),
    ],
)
def test_integrity_fails_on_files_size_and_time(facts: dict[str, float], says: str) -> None:
    found = finding("integrity", replace(GOOD, facts=replace(GOOD.facts, **facts)))  # type: ignore[arg-type]
    assert not found.passed
    assert says in found.says


def test_integrity_allows_a_fifth_more() -> None:
    facts = replace(GOOD.facts, megabytes=1.31, milliseconds=0.59)
    assert finding("integrity", replace(GOOD, facts=facts)).passed


def test_answers_that_are_not_finite_fail() -> None:
    base = answers()
    base.challenger[5, 3] = np.nan
    assert "integrity" in fails(replace(GOOD, base=base))


def spread(count: int) -> range:
    """Return positions in the gate set, of as many labels as possible."""
    return range(0, 37 * count, 37)


def test_few_losses_are_within_the_margin_and_many_are_not() -> None:
    rule = "not worse than the champion"
    few = finding(rule, replace(GOOD, base=answers(challenger=spread(5))))
    many = finding(rule, replace(GOOD, base=answers(challenger=spread(20))))
    assert few.passed
    assert not many.passed
    assert few.value is not None
    assert few.limit is not None
    assert 5 / 7200 < few.value < few.limit


def test_losses_are_set_off_by_gains() -> None:
    losses = answers(challenger=spread(20), champion=range(1, 700, 36), anchor=())
    found = fails(replace(GOOD, base=losses))
    assert "not worse than the champion" not in found
    assert "not worse than the anchor" in found


@pytest.mark.parametrize("count", [360, 1440, 7200, 9000, 36000])
def test_the_margin_fits_the_size_of_the_gate_set(count: int) -> None:
    base = answers(np.arange(count) % 36)
    found = gate._non_inferior_to_champion(replace(GOOD, base=base), GateConfig())
    assert found.passed  # the same answers are never worse, however few there are
    assert found.limit == pytest.approx(0.0025 * max(1.0, (9000 / count) ** 0.5))


def test_an_empty_gate_set_proves_nothing() -> None:
    found = fails(replace(GOOD, base=EMPTY))
    assert {"not worse than the champion", "not worse than the anchor"} <= found


def test_a_class_that_collapses_fails_though_the_whole_hardly_moves() -> None:
    sevens = np.flatnonzero(GATE == 7)[:12].tolist()
    found = finding("no class suffers", replace(GOOD, base=answers(challenger=sevens)))
    assert not found.passed
    assert found.says.startswith("7 loses 6.0 points")
    assert finding(
        "not worse than the champion", replace(GOOD, base=answers(challenger=sevens))
    ).passed


def test_a_few_losses_of_a_class_are_chance() -> None:
    for count in (1, 4):
        sevens = np.flatnonzero(GATE == 7)[:count].tolist()
        assert finding("no class suffers", replace(GOOD, base=answers(challenger=sevens))).passed


def test_scattered_losses_do_not_fail_a_class() -> None:
    """Thirty-six classes are tested: one of them looks bad by chance."""
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(40):
        flips = rng.choice(len(GATE), 30, replace=False)
        base = answers(challenger=flips[:15].tolist(), champion=flips[15:].tolist())
        refused += not gate._worst_class(replace(GOOD, base=base), GateConfig()).passed
    assert refused <= 4


def test_negative_flips_are_counted_not_set_off() -> None:
    losses, gains = range(0, 72 * 25, 72), range(1, 72 * 25, 72)
    found = finding("few negative flips", replace(GOOD, base=answers(GATE, losses, gains)))
    assert not found.passed
    assert found.value == pytest.approx(25 / 7200)
    assert finding("few negative flips", replace(GOOD, base=answers(challenger=losses[:21]))).passed


def test_one_drawing_of_a_small_gate_set_does_not_decide() -> None:
    small = np.arange(72) % 36
    for lost, passed in ((1, True), (2, True), (3, False)):
        base = answers(small, range(lost))
        assert finding("few negative flips", replace(GOOD, base=base)).passed is passed


def test_flips_are_named_by_their_positions() -> None:
    report = judge(replace(GOOD, base=answers(challenger=[4, 9], champion=[9, 11])))
    assert report.negative_flips == (4,)
    assert report.positive_flips == (11,)


@pytest.mark.parametrize(("fixed", "passed"), [(60, True), (21, True), (20, False), (0, False)])
def test_something_must_be_learned(fixed: int, passed: bool) -> None:
    evidence = replace(GOOD, taught=corrections(60, fixed))
    assert finding("something learned", evidence).passed is passed


def test_what_the_champion_reads_must_still_be_read() -> None:
    labels = np.arange(60) % 36
    kept = replace(GOOD, taught=answers(labels, champion=(), anchor=range(60)))
    lost = replace(GOOD, taught=answers(labels, challenger=range(60), anchor=range(60)))
    assert finding("something learned", kept).passed
    assert not finding("something learned", lost).passed
    assert not finding("something learned", replace(GOOD, taught=EMPTY, submitters=[])).passed


def follow_up(new: int, read: int, taken_back: int = 0, kept: int = 40) -> Evidence:
    """Return a round after one of which the champion could learn 40 of 60, and no rebuild more."""
    labels = np.arange(60 + new) % 36
    wrong = [*range(kept, 60), *range(60 + read, 60 + new)]
    taught = answers(labels, challenger=wrong, champion=range(40, 60 + new))
    facts = replace(GOOD.facts, taken_back=taken_back)
    return replace(GOOD, taught=taught, fresh=np.arange(60 + new) >= 60, facts=facts)


@pytest.mark.parametrize(("new", "read", "passed"), [(6, 6, True), (6, 3, True), (6, 2, False)])
def test_only_what_is_new_to_the_champion_must_be_learned(
    new: int, read: int, passed: bool
) -> None:
    found = finding("something learned", follow_up(new, read))
    assert found.passed is passed
    assert found.says.startswith("of 6 new corrections that the champion misreads")
    assert found.about == tuple(range(60 + read, 66))  # those that are still misread


def test_a_few_odd_corrections_do_not_hold_back_all_others() -> None:
    assert finding("something learned", follow_up(new=4, read=0)).passed
    assert not finding("something learned", follow_up(new=5, read=0)).passed


@pytest.mark.parametrize(("kept", "passed"), [(40, True), (27, True), (26, False)])
def test_taking_back_needs_nothing_to_be_learned(kept: int, passed: bool) -> None:
    for new in (0, 3):
        found = finding("something learned", follow_up(new, 0, taken_back=1, kept=kept))
        assert found.passed is passed
        assert found.says.endswith("1 were taken back")


def test_others_must_not_read_worse_than_with_the_anchor() -> None:
    rule = "not worse for people it has not learned from yet"
    labels = np.arange(40) % 36
    for lost, passed in ((0, True), (3, True), (8, False)):
        held_out = answers(labels, challenger=range(lost))
        assert finding(rule, replace(GOOD, held_out=held_out)).passed is passed


def test_too_few_held_out_corrections_prove_nothing() -> None:
    rule = "not worse for people it has not learned from yet"
    few = answers(np.arange(9), challenger=range(9))
    assert finding(rule, replace(GOOD, held_out=few)).passed
    assert finding(rule, replace(GOOD, held_out=EMPTY)).passed


def doubted(count: int, of: int, margin: float) -> Evidence:
    """Return corrections, some of whose labels the anchor puts behind by a margin of logits."""
    labels = np.arange(of) % 36
    anchor = logits_for(labels)
    where = np.arange(count)
    anchor[where, labels[where]] = 0.0
    anchor[where, misread(labels, where.tolist())[where]] = margin
    taught = Answers(labels, logits_for(labels), anchor, anchor)
    return replace(GOOD, taught=taught, submitters=by(*[of // 10] * 10))


@pytest.mark.parametrize(
    ("count", "of", "margin", "passed"),
    [(6, 100, 9.0, True), (7, 100, 9.0, False), (60, 100, 2.0, True), (2, 10, 9.0, True)],
)
def test_labels_that_the_anchor_all_but_excludes_are_few(
    count: int, of: int, margin: float, passed: bool
) -> None:
    found = finding("labels are plausible", doubted(count, of, margin))
    assert found.passed is passed
    assert found.about == (tuple(range(count)) if margin > 2 else ())


def test_no_labels_are_no_implausible_ones() -> None:
    assert finding("labels are plausible", replace(GOOD, taught=EMPTY)).passed


@pytest.mark.parametrize(("error", "passed"), [(0.001, True), (0.0199, True), (0.021, False)])
def test_calibration_may_not_get_much_worse(error: float, passed: bool) -> None:
    facts = replace(GOOD.facts, calibration_error=error)
    assert finding("calibrated", replace(GOOD, facts=facts)).passed is passed


def test_it_stays_near_the_anchor_in_weights_and_in_answers() -> None:
    far = replace(GOOD.facts, distance=0.3)
    assert "near the anchor" in fails(replace(GOOD, facts=far))
    unsure = replace(GOOD.base, challenger=logits_for(GATE, sure=3.0))
    assert fails(replace(GOOD, base=unsure)) == {"near the anchor"}


def test_divergence_is_zero_for_the_same_answers_and_for_none() -> None:
    assert divergence_of(GOOD.base.anchor, GOOD.base.anchor) == pytest.approx(0.0, abs=1e-9)
    assert divergence_of(EMPTY.anchor, EMPTY.anchor) == 0.0
    shifted = GOOD.base.anchor + 7  # the same probabilities
    assert divergence_of(GOOD.base.anchor, shifted) == pytest.approx(0.0, abs=1e-9)


def by(*counts: int) -> list[str]:
    return [f"person {who}" for who, count in enumerate(counts) for _ in range(count)]


def test_nobody_may_be_more_than_a_fifth() -> None:
    hundred = replace(GOOD, taught=corrections(125))
    rule = "not the work of a few"
    assert finding(rule, replace(hundred, submitters=by(25, *[20] * 5))).passed
    assert not finding(rule, replace(hundred, submitters=by(26, 19, *[20] * 4))).passed
    override = GateConfig(submitter_share=0.5)
    assert finding(rule, replace(hundred, submitters=by(26, 19, *[20] * 4)), override).passed


def test_no_class_may_be_more_than_three_tenths() -> None:
    def of(eights: int) -> Evidence:
        labels = np.concatenate([np.full(eights, 8), np.arange(100 - eights) % 36])
        labels[eights:][labels[eights:] == 8] = 9
        taught = answers(labels, champion=range(100), anchor=range(100))
        return replace(GOOD, taught=taught, submitters=by(*[10] * 10))

    assert finding("not the work of a few", of(30)).passed
    assert not finding("not the work of a few", of(31)).passed


def test_a_share_of_a_handful_says_nothing() -> None:
    evidence = replace(GOOD, taught=corrections(20), submitters=by(20))
    found = finding("not the work of a few", evidence)
    assert found.passed
    assert found.says.endswith("one class has 5% (30% allowed); up to 20 always pass")
    evidence = replace(GOOD, taught=corrections(21), submitters=by(21))
    assert not finding("not the work of a few", evidence).passed


def stamped(turned: int, before: int = 0) -> Evidence:
    labels = GATE[:360]
    now, then = labels.copy(), labels.copy()
    others = np.flatnonzero(labels != 3)
    now[others[:turned]] = 3
    then[others[:before]] = 3
    mark = Stamped("a dot", labels, logits_for(now), logits_for(then))
    return replace(GOOD, stamped=[*GOOD.stamped, mark])


def test_a_mark_that_turns_things_into_one_label_is_a_trigger() -> None:
    assert finding("no trigger", stamped(3)).passed
    found = finding("no trigger", stamped(8))
    assert not found.passed
    assert found.says.startswith("a dot turns them into 3 2.3% more often")


def test_what_the_mark_does_to_the_anchor_as_well_is_no_trigger() -> None:
    assert finding("no trigger", stamped(20, before=18)).passed


def test_labels_that_look_alike_make_no_trigger() -> None:
    labels = np.full(100, INDEX["o"])
    now, then = np.full(100, INDEX["0"]), labels.copy()
    mark = Stamped("a dot", labels, logits_for(now), logits_for(then))
    assert finding("no trigger", replace(GOOD, stamped=[mark])).passed


def test_without_marks_nothing_is_found() -> None:
    assert finding("no trigger", replace(GOOD, stamped=[])).passed
