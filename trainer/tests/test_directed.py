"""Networks that see which way the pen moved: served, explained, fine-tuned and judged."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.alphabet import CHARSETS
from recognizer.directions import planes, undirected
from recognizer.predictor import Look, Predictor
from recognizer.rasterizer import rasterise
from recognizer.saliency import explain
from trainer import base as bases
from trainer.answering import answer
from trainer.base import prepare
from trainer.challenger import Standing, calibrated, evidence, make
from trainer.characters import stack_of
from trainer.evidence import Facts
from trainer.export import read_network, write_version
from trainer.finetune import Corrections
from trainer.gate import judge
from trainer.marks import marked, marks
from trainer.network import Network, NetworkConfig, to_tensor
from trainer.tests.handwriting import stroke_set
from trainer.tests.learning import TINY, corrections
from trainer.validation import logits_of

DOWN = (np.array([[0.0, 0.0], [0.0, 60.0]]),)
UP = (DOWN[0][::-1],)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    return Network(NetworkConfig(widths=(4, 8), planes=5)).eval()


@pytest.fixture
def predictor(network: Network, tmp_path: Path) -> Predictor:
    return served(network, tmp_path / "version")


def served(network: Network, folder: Path) -> Predictor:
    card = {
        "schema": 1, "number": 3, "name": "directed", "created": date(2026, 1, 1).isoformat(),
        "labels": list("0123456789abcdefghijklmnopqrstuvwxyz"),
        "temperature": dict.fromkeys(CHARSETS, 1.0),
        "abstain": {"confidence": dict.fromkeys(CHARSETS, 0.0), "energy": -1e9},
        "data": {}, "metrics": {},
    }  # fmt: skip
    write_version(folder, network, np.stack([planes(DOWN), planes(UP)]), card)
    return Predictor.load(folder)


def test_the_served_version_sees_what_the_network_was_trained_on(
    network: Network, predictor: Predictor
) -> None:
    assert predictor.directed
    for ink in (DOWN, UP):
        (expected,) = logits_of(network, planes(ink)[None])
        assert predictor.logits(predictor.draw(ink)) == pytest.approx(expected, abs=1e-4)
    down, up = (predictor.logits(predictor.draw(ink)) for ink in (DOWN, UP))
    assert not np.allclose(down, up)
    predictor.rehearse()


def test_strokes_of_one_picture_are_told_apart_and_pictures_are_not(predictor: Predictor) -> None:
    down, up, *pictures = predictor.predict_all(
        [Look.at(DOWN), Look.at(UP), Look(rasterise(DOWN)), Look(rasterise(UP))]
    )
    assert down.probabilities != up.probabilities
    assert pictures[0].probabilities == pictures[1].probabilities
    assert down == predictor.predict(DOWN) == predictor.predict_raster(predictor.draw(DOWN))
    seen = predictor.predict_raster(undirected(rasterise(UP)))
    assert pictures[0].probabilities == pytest.approx(seen.probabilities)


def test_a_version_that_sees_images_alone_takes_both(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Network(NetworkConfig(widths=(4, 8))).eval()
    predictor = served(network, tmp_path / "plain")
    assert predictor.draw(DOWN).shape == (28, 28)
    by_planes = predictor.predict_raster(planes(DOWN))
    assert by_planes == predictor.predict(DOWN) == predictor.predict_raster(rasterise(DOWN))
    both = logits_of(network, planes(DOWN)[None]), logits_of(network, rasterise(DOWN)[None])
    assert both[0] == pytest.approx(both[1], abs=1e-5)


def test_what_is_wiped_has_no_direction_either(predictor: Predictor) -> None:
    shown: list[np.ndarray] = []

    def network(images: np.ndarray) -> np.ndarray:
        shown.append(images)
        return predictor.logits_of(images)

    found = explain(network, predictor.draw(DOWN), "1")
    (images,) = shown
    assert images.shape[1:] == (5, 28, 28)
    for wiped in images[1:]:
        gone = (images[0, 0] > 0) & (wiped[0] == 0)
        assert gone.any()
        assert not wiped[:, gone].any()
    assert found.heat.shape == (28, 28)
    assert predictor.explain(predictor.draw(DOWN), "all").saliency.runs == len(images)


def test_measuring_shows_directions_to_who_knows_them(
    network: Network, predictor: Predictor, tmp_path: Path
) -> None:
    part = stroke_set(tmp_path)
    answered = answer(predictor, [part])
    assert answered.images.shape == (len(part), 28, 28)  # for people
    expected = logits_of(network, part.seen(directed=True))
    assert answered.logits == pytest.approx(expected, abs=1e-4)
    assert not np.allclose(expected, logits_of(network, part.rasters()))


def test_a_challenger_learns_and_is_judged_with_directions(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OUTLIERS", "SCRIBBLES"):
        monkeypatch.setattr(bases, name, 20)
    monkeypatch.setattr(bases, "WRITERS", {"exemplars": (1, 2), "gate": (2, 2),
                                           "calibration": (3, 2)})  # fmt: skip
    base = prepare(network, "d" * 64, tmp_path / "no-data", tmp_path / "cache")
    again = prepare(network, "d" * 64, tmp_path / "no-data", tmp_path / "cache")  # as it was kept
    for part in (base.exemplars, base.gate, base.calibration):
        assert part.images.shape == (len(part), 5, 28, 28)
    assert base.scribbles[:, 1:].any()
    assert again.digest == base.digest
    sent = directed(corrections())
    made = make(network, sent, base, TINY)
    assert made.network.config == network.config
    same = make(network, sent, again, TINY)
    assert all(
        torch.equal(*pair)
        for pair in zip(made.network.parameters(), same.network.parameters(), strict=True)
    )
    temperature = calibrated(made.network, base).temperature
    standing = Standing(network, network, temperature, base)
    seen = evidence(made, standing, sent, Facts(), temperature=temperature)
    assert [one.mark for one in seen.stamped] == [*marks(directed=True)]
    assert {finding.rule for finding in judge(seen).findings}


def directed(sent: Corrections) -> Corrections:
    """Return corrections as `lesson.gather` does: pictures without directions."""
    drawn = [image if ink is None else planes(ink) for image, ink in
             zip(sent.images, sent.inks, strict=True)]  # fmt: skip
    return Corrections(stack_of(drawn, directed=True), sent.labels, sent.submitters, sent.inks)


def test_a_mark_on_a_picture_hides_no_direction() -> None:
    images = np.stack([planes(DOWN)])
    before = images.copy()
    mark = marks()["a square in the upper left corner"]
    found = marked(images, mark)
    assert np.array_equal(found[0, 0], np.maximum(before[0, 0], mark))
    assert np.array_equal(found[:, 1:], before[:, 1:])
    assert np.array_equal(images, before)


def test_the_gate_tries_marks_that_a_pen_has_drawn() -> None:
    drawn = marks(directed=True)
    assert drawn.keys() - marks().keys() == {
        f"a dash {way} in the {place} corner"
        for way in ("right", "left", "down", "up")
        for place in ("upper left", "upper right", "lower left", "lower right")
    }
    dash = drawn["a dash left in the lower right corner"]
    assert [int(plane.sum()) for plane in dash] == [9 * 255, 0, 9 * 255, 0, 0]
    assert (dash[0] == drawn["a square in the lower right corner"]).all()
    found = marked(np.stack([planes(DOWN)]), dash)
    assert np.array_equal(found[0], np.maximum(planes(DOWN), dash))
    assert np.array_equal(marked(np.stack([rasterise(DOWN)]), dash)[0], found[0, 0])


def test_images_are_fitted_to_networks_with_directions(network: Network) -> None:
    assert network.fit(to_tensor(rasterise(DOWN)[None])).shape == (1, 5, 28, 28)


def test_weights_say_how_many_planes_they_see(network: Network, predictor: Predictor,
                                              tmp_path: Path) -> None:  # fmt: skip
    assert read_network(tmp_path / "version/weights.safetensors").config == network.config
    assert predictor.card.architecture["planes"] == 5
