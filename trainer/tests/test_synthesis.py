"""Writers of our own write every label, each in their own way, and the anchor reads them."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import recognizer
from recognizer.alphabet import DIGITS, LABELS, Charset
from recognizer.predictor import Predictor
from recognizer.rasterizer import rasterise
from trainer.allographs import SHAPES, Allograph, allographs, every_allograph
from trainer.paths import STEP, trace
from trainer.synthesis import choose, draw, draw_allograph, exemplars, writer_style

ANCHOR = Path(recognizer.__file__).parent / "weights" / "anchor"
WRITERS = 10  # that each shape is read from


def test_every_label_has_at_least_six_shapes_and_letters_both_cases() -> None:
    for label in LABELS:
        shapes = allographs(label)
        assert len(shapes) >= 6, label
        assert {shape.label for shape in shapes} == {label}
        assert {shape.character for shape in shapes} == {label.lower(), label.upper()}
    assert len(list(every_allograph())) == sum(len(shapes) for shapes in SHAPES.values())


def test_no_shape_is_there_twice() -> None:
    for label in LABELS:
        paths = [shape.path for shape in allographs(label)]
        assert len(set(paths)) == len(paths), label


@pytest.mark.parametrize("label", LABELS)
def test_a_path_fills_one_unit_and_leaves_dense_points(label: str) -> None:
    for shape in allographs(label):
        traced = trace(shape.path)
        assert np.ptp(traced.sharp, axis=0).max() == pytest.approx(1, abs=0.06)
        assert sum(traced.lengths) == len(traced.sharp) == len(traced.round)
        for points in np.split(traced.sharp, np.cumsum(traced.lengths)[:-1]):
            assert len(points) >= 2
            assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 1.5 * STEP


def test_corners_are_sharp_as_given_and_worn_off_when_rounded() -> None:
    traced = trace("0,0 0,100 100,100")
    corner = np.array([-0.5, 0.5])
    assert np.linalg.norm(traced.sharp - corner, axis=1).min() < 1e-9
    assert np.linalg.norm(traced.round - corner, axis=1).min() > 0.02
    assert (traced.round[[0, -1]] == traced.sharp[[0, -1]]).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = exemplars(4, 2, 1), exemplars(4, 2, 1)
    assert one.images.tobytes() == two.images.tobytes()
    assert (one.characters == two.characters).all()
    assert one.images.tobytes() != exemplars(5, 2, 1).images.tobytes()


def test_a_writer_writes_the_same_in_any_company() -> None:
    assert (exemplars(4, 3, 1).images[:36] == exemplars(4, 1, 1).images).all()


def test_exemplars_are_images_of_every_label_by_every_writer() -> None:
    made = exemplars(0, 3, 2)
    assert made.images.shape == (3 * 36 * 2, 28, 28)
    assert made.images.dtype == np.uint8
    assert made.images.max(axis=(1, 2)).min() == 255
    assert made.labels.tolist() == np.tile(np.repeat(np.arange(36), 2), 3).tolist()
    assert set(made.groups) == {"synthesis/00000", "synthesis/00001", "synthesis/00002"}
    assert set(made.kinds) == {"digit", "upper", "lower"}


def test_none_are_asked_for_and_none_are_made() -> None:
    assert len(exemplars(0, 0, 3)) == 0
    assert exemplars(0, 2, 0).images.shape == (0, 28, 28)


def test_strokes_are_finite_and_no_stroke_is_lost() -> None:
    style, rng = writer_style(1), np.random.default_rng(1)
    for shape in every_allograph():
        strokes = draw_allograph(shape, style, rng)
        assert len(strokes) == shape.path.count("|") + 1
        assert all(len(points) >= 2 and np.isfinite(points).all() for points in strokes)


def test_a_writer_stays_the_same_and_differs_from_others() -> None:
    """Two drawings by one hand are more alike than drawings by two hands."""
    shape = allographs("k")[0]

    def mean(writer: int, start: int) -> np.ndarray:
        style = writer_style((7, writer))
        images = [
            rasterise(draw_allograph(shape, style, np.random.default_rng(seed)), pen=style.pen)
            for seed in range(start, start + 12)
        ]
        return np.mean(images, axis=0)

    same, other = [], []
    for writer in range(8):
        first = mean(writer, 0)
        same.append(np.abs(first - mean(writer, 50)).mean())
        other.append(np.abs(first - mean(writer + 8, 50)).mean())
    assert np.mean(same) < 0.5 * np.mean(other)


def test_writers_have_favourite_shapes_but_know_all() -> None:
    rng = np.random.default_rng(0)
    for label in "7ag":
        style = writer_style(3)
        assert sum(style.favourites[label]) == pytest.approx(1)
        assert min(style.favourites[label]) > 0
        assert max(style.favourites[label]) > 1.5 / len(allographs(label))
    taken = {choose("7", writer_style(seed), rng).name for seed in range(80)}
    assert taken == set(SHAPES["7"])


def test_draw_takes_one_of_the_label_s_shapes() -> None:
    style = writer_style(2)
    shape = choose("4", style, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    assert len(draw("4", style, rng)) == shape.path.count("|") + 1


@cache
def anchor() -> Predictor:
    return Predictor.load(ANCHOR)


def read(image: np.ndarray, label: str) -> bool:
    charset: Charset = "digits" if label in DIGITS else "letters"
    probabilities = anchor().predict_raster(image, charset).probabilities
    return LABELS[int(np.argmax(probabilities))] == label


def share_read(shape: Allograph) -> float:
    hits = 0
    for writer in range(WRITERS):
        style = writer_style((11, writer))
        strokes = draw_allograph(shape, style, np.random.default_rng((12, writer)))
        hits += read(rasterise(strokes, pen=style.pen), shape.label)
    return hits / WRITERS


def test_the_anchor_reads_every_shape() -> None:
    shares = {(shape.character, shape.name): share_read(shape) for shape in every_allograph()}
    assert {name: share for name, share in shares.items() if share < 0.7} == {}
    assert np.mean(list(shares.values())) >= 0.97


def test_the_anchor_reads_what_writers_choose_to_write() -> None:
    made = exemplars(2, 10, 1)
    hits = [
        read(image, LABELS[label]) for image, label in zip(made.images, made.labels, strict=True)
    ]
    assert np.mean(hits) >= 0.95


def test_it_needs_neither_torch_nor_django() -> None:
    script = (
        "import sys, trainer.synthesis;"
        "print({'torch', 'django', 'onnxruntime'} & {*map(str, sys.modules)})"
    )
    root = Path(recognizer.__file__).parents[1]
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"
