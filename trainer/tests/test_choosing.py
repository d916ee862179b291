"""Several challengers: their mean goes forward, or where it is refused who passes the gate."""

from collections import Counter
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from trainer import choosing, export
from trainer.challenger import (
    Challenger,
    Standing,
    averaged,
    calibrated,
    distance,
    shortening,
)
from trainer.characters import Images
from trainer.choosing import MEAN, best
from trainer.evaluation import Logits
from trainer.evidence import Evidence
from trainer.gate import GateConfig
from trainer.marks import stamped
from trainer.network import Network
from trainer.tests.learning import corrections, same, tiny_base, tiny_network
from trainer.validation import logits_of

ANCHOR = tiny_network()
BASE = tiny_base(ANCHOR)
SENT = corrections(6)
STANDING = Standing(ANCHOR, ANCHOR, calibrated(ANCHOR, BASE).temperature, BASE)


def challenger(network: Network) -> Challenger:
    return Challenger(network, None, np.zeros(len(SENT), bool))


MEMBERS = {str(seed): challenger(tiny_network(seed)) for seed in (2, 3)}


def verdicts(monkeypatch: pytest.MonkeyPatch, *given: bool) -> list[bool]:
    """Let the gate say these one after the other; return what it has said, as it grows."""
    said: list[bool] = []

    def judge(seen: Evidence, limits: GateConfig) -> SimpleNamespace:
        said.append(given[len(said)])
        return SimpleNamespace(passed=said[-1])

    monkeypatch.setattr("trainer.choosing.gate.judge", judge)
    return said


def test_one_alone_is_the_best() -> None:
    alone = challenger(tiny_network(2))
    name, chosen, judged = best({"it": alone}, STANDING, SENT, GateConfig())
    assert (name, chosen) == ("it", alone)
    assert len(judged.seen.taught) == len(SENT)
    assert judged.report.findings
    assert judged.calibration == calibrated(alone.network, BASE)


def test_the_mean_of_several_goes_as_far_as_they_and_has_a_calibration_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = verdicts(monkeypatch, True)
    name, chosen, judged = best(MEMBERS, STANDING, SENT, GateConfig())
    assert (name, looks) == (MEAN, [True])  # nobody else is looked at
    networks = [one.network for one in MEMBERS.values()]
    far = [distance(network, ANCHOR) for network in networks]
    assert not same(chosen.network, averaged(networks))
    assert distance(averaged(networks), ANCHOR) < distance(chosen.network, ANCHOR)
    assert distance(chosen.network, ANCHOR) == pytest.approx(sum(far) / 2)
    assert chosen.further == shortening(networks, ANCHOR)
    assert judged.calibration == calibrated(chosen.network, BASE)
    assert judged.calibration != calibrated(networks[0], BASE)


def test_where_the_mean_is_refused_the_first_who_passes_goes_forward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts(monkeypatch, False, False, True)
    name, chosen, judged = best(MEMBERS, STANDING, SENT, GateConfig())
    assert (name, chosen) == ("3", MEMBERS["3"])
    assert judged.report.passed


def test_where_all_are_refused_the_best_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts(monkeypatch, False, False, False)
    merits = iter([0.5, 0.9, 0.7])
    monkeypatch.setattr(choosing, "_merit", lambda _: next(merits))
    name, chosen, judged = best(MEMBERS, STANDING, SENT, GateConfig())
    assert (name, chosen) == ("2", MEMBERS["2"])
    assert not judged.report.passed


def test_the_champion_is_asked_once_for_all_challengers_and_the_anchor_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    champion = tiny_network(4)
    asked: Counter[str] = Counter()

    def counted(network: Network, images: Images) -> Logits:
        if images is BASE.gate.images:
            asked["champion"] += network is champion
        if len(images) > len(SENT):  # what was sent is asked anew: it is little
            asked["anchor"] += network is ANCHOR
        return logits_of(network, images)

    monkeypatch.setattr("trainer.challenger.logits_of", counted)
    verdicts(monkeypatch, False, False, True)
    standing = replace(STANDING, champion=champion)
    _, _, judged = best(MEMBERS, standing, SENT, GateConfig())
    assert asked == {"champion": 1, "anchor": 0}
    shown = [shown for _, _, shown in stamped(BASE.gate.images, BASE.gate.labels)]
    assert len(shown) == len(judged.seen.stamped)
    for images, one in zip(shown, judged.seen.stamped, strict=True):
        assert np.array_equal(one.anchor, logits_of(ANCHOR, images))


def test_the_limits_are_those_that_it_is_given() -> None:
    limits = GateConfig(divergence=0.125)
    _, _, judged = best({"it": challenger(ANCHOR)}, STANDING, SENT, limits)
    assert judged.report.as_json()["config"]["divergence"] == 0.125


class Machine:
    """A clock and sessions; from a pass on, everything takes five times as long."""

    def __init__(self, disturbed_from: int) -> None:
        self.now, self.passes, self.disturbed_from = 0.0, 0, disturbed_from

    def session(self, model: bytes) -> "Machine.Session":
        return Machine.Session(self, len(model) / 1000)

    @dataclass
    class Session:
        machine: "Machine"
        seconds: float

        def get_inputs(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(shape=["batch", 1, 28, 28])]

        def run(self, outputs: list[str], feed: dict[str, object]) -> None:
            self.machine.passes += 1
            slow = self.machine.passes > self.machine.disturbed_from
            self.machine.now += self.seconds * (5 if slow else 1)


@pytest.mark.parametrize("disturbed_from", [0, 1, 30, 299, 450, 1000])
@pytest.mark.parametrize("times_as_slow", [1.0, 1.5])
def test_other_work_on_the_machine_does_not_make_a_challenger_slower(
    monkeypatch: pytest.MonkeyPatch, disturbed_from: int, times_as_slow: float
) -> None:
    machine = Machine(disturbed_from)
    monkeypatch.setattr(export, "open_session", machine.session)
    monkeypatch.setattr("trainer.export.time.perf_counter", lambda: machine.now)
    ours, theirs = choosing._undisturbed(b"x" * round(2 * times_as_slow), b"xx")
    assert ours / theirs == pytest.approx(times_as_slow)
