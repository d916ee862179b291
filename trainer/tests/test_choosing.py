"""Several challengers: each and their mean go to the gate, the best goes forward."""

from itertools import count

import numpy as np
import pytest

from trainer import choosing
from trainer.challenger import Challenger, Standing, averaged, calibrated
from trainer.choosing import MEAN, best
from trainer.gate import GateConfig
from trainer.network import Network
from trainer.tests.learning import corrections, same, tiny_base, tiny_network

ANCHOR = tiny_network()
BASE = tiny_base(ANCHOR)
SENT = corrections(6)
STANDING = Standing(ANCHOR, ANCHOR, calibrated(ANCHOR, BASE).temperature, BASE)


def challenger(network: Network) -> Challenger:
    return Challenger(network, None, np.zeros(len(SENT), bool), calibrated(network, BASE))


def test_one_alone_is_the_best() -> None:
    alone = challenger(tiny_network(2))
    name, chosen, (seen, report) = best({"it": alone}, STANDING, SENT, GateConfig())
    assert (name, chosen) == ("it", alone)
    assert len(seen.taught) == len(SENT)
    assert report.findings


def test_the_mean_of_several_is_one_of_them_with_a_calibration_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = count()
    monkeypatch.setattr(choosing, "_merit", lambda *_: (True, next(order)))  # the last is the best
    members = {str(seed): challenger(tiny_network(seed)) for seed in (2, 3)}
    name, chosen, _ = best(members, STANDING, SENT, GateConfig())
    assert name == MEAN
    assert next(order) == 3
    assert same(chosen.network, averaged([one.network for one in members.values()]))
    assert chosen.calibration == calibrated(chosen.network, BASE)
    assert chosen.calibration != members["2"].calibration


def test_the_limits_are_those_that_it_is_given() -> None:
    limits = GateConfig(divergence=0.125)
    _, _, (_, report) = best({"it": challenger(ANCHOR)}, STANDING, SENT, limits)
    assert report.as_json()["config"]["divergence"] == 0.125
