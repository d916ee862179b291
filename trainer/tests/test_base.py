"""The base is chosen once, kept on disk, never believed when damaged, and split by writers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.alphabet import LABELS
from trainer import base as bases
from trainer import synthesis
from trainer.base import Base, Judged, judges, prepare, real_sources
from trainer.finetune import OUTLIER
from trainer.outliers import TRAINED
from trainer.tensor_files import read_tensors, write_tensors
from trainer.tests.handwriting import stroke_set, write_everything, write_mnist
from trainer.tests.learning import tiny_network
from trainer.validation import logits_of

ANCHOR = tiny_network()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    writers = {"exemplars": (101, 2), "gate": (202, 2), "calibration": (303, 1)}
    monkeypatch.setattr(bases, "WRITERS", writers)
    monkeypatch.setattr(bases, "PER_CLASS", 3)
    monkeypatch.setattr(bases, "OUTLIERS", 6)
    monkeypatch.setattr(bases, "SCRIBBLES", 5)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often a base is built."""
    calls: list[int] = []
    build = bases.build

    def counted(*arguments: object, **options: object) -> Base:
        calls.append(1)
        return build(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(bases, "build", counted)
    return calls


def prepared(folder: Path, data: str = "no-data", digest: str = "a" * 64) -> Base:
    return prepare(ANCHOR, digest, folder / data, folder / "cache")


def digest_of(base: Base) -> str:
    return bases._digest(base.exemplars, base.gate, base.calibration, base.scribbles)


def identical(first: Base, second: Base) -> bool:
    facts = [
        (
            digest_of(base),
            base.digest,
            base.sources,
            {k: v.tobytes() for k, v in base.marked.items()},
        )
        for base in (first, second)
    ]
    return facts[0] == facts[1]


def files(folder: Path) -> list[Path]:
    return sorted((folder / "cache").iterdir())


def test_without_data_everything_is_our_own_and_knows_all_labels(tmp_path: Path) -> None:
    base = prepared(tmp_path)
    assert base.sources == ("synthesis",)
    assert len(base.gate) == 72
    assert len(base.calibration) == 36
    assert (base.exemplars.labels == OUTLIER).sum() == 6
    assert base.scribbles.shape == (5, 28, 28)
    for part in (base.exemplars, base.gate, base.calibration):
        assert set(part.labels.tolist()) >= set(range(36))
        assert np.array_equal(part.logits, logits_of(ANCHOR, part.images))


def test_it_is_read_again_rather_than_built_again(tmp_path: Path, built: list[int]) -> None:
    first = prepared(tmp_path)
    again = prepared(tmp_path)
    assert len(built) == 1
    assert identical(first, again)


def test_the_digest_is_the_same_wherever_it_is_built(tmp_path: Path) -> None:
    assert prepared(tmp_path / "here").digest == prepared(tmp_path / "there").digest


def test_the_digest_covers_every_part(tmp_path: Path) -> None:
    base = prepared(tmp_path)
    parts = (base.exemplars, base.gate, base.calibration, base.scribbles)
    gate = base.gate
    images = gate.images.copy()
    images[3, 4, 5] ^= 1
    altered = Judged(images, gate.labels, gate.logits, gate.groups)
    renamed = Judged(gate.images, gate.labels, gate.logits, ("x/digit",) * len(gate))
    for other in (altered, renamed):
        assert bases._digest(parts[0], other, parts[2], parts[3]) != base.digest
    assert bases._digest(*parts[:3], np.invert(parts[3])) != base.digest
    assert digest_of(base) == base.digest


@pytest.mark.parametrize("damage", ["cut", "bits", "strange"])
def test_a_damaged_file_is_built_anew(tmp_path: Path, built: list[int], damage: str) -> None:
    first = prepared(tmp_path)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "bits":
        path.write_bytes(whole[:-40] + bytes(byte ^ 1 for byte in whole[-40:]))
    else:
        write_tensors(path, {"gate.images": torch.zeros(1)}, {"names": {}})
    assert identical(first, prepared(tmp_path))
    assert len(built) == 2
    prepared(tmp_path)
    assert len(built) == 2


@pytest.mark.parametrize("name", ["gate.labels", "marked"])
def test_what_was_altered_is_noticed(tmp_path: Path, built: list[int], name: str) -> None:
    prepared(tmp_path)
    (path,) = files(tmp_path)
    tensors, facts = read_tensors(path)
    tensors[name][0] += 1
    write_tensors(path, tensors, facts)
    prepared(tmp_path)
    assert len(built) == 2


def test_another_anchor_gets_another_base_and_the_old_file_goes(
    tmp_path: Path, built: list[int]
) -> None:
    prepared(tmp_path)
    (before,) = files(tmp_path)
    prepared(tmp_path, digest="b" * 64)
    assert len(built) == 2
    assert files(tmp_path) != [before]
    assert len(files(tmp_path)) == 1


def test_real_handwriting_judges_where_there_is_some(tmp_path: Path, built: list[int]) -> None:
    write_everything(tmp_path / "data")
    base = prepared(tmp_path, "data")
    assert "kassel" not in base.sources
    assert {"mnist", "pendigits", "synthesis"} <= set(base.sources)
    assert "synthesis" in base.exemplars.sources
    write_mnist(tmp_path / "data", count=60)  # more data: another base
    prepared(tmp_path, "data")
    assert len(built) == 2


def test_letters_are_judged_even_where_the_data_has_only_digits(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data")
    base = prepared(tmp_path, "data")
    for part in (base.gate, base.calibration):
        assert set(part.labels.tolist()) >= set(range(10, 36))
        assert {group for group in part.groups if group.startswith("synthesis")}


def test_letters_that_few_wrote_are_judged_by_our_own_as_well(tmp_path: Path) -> None:
    write_everything(tmp_path / "data")
    gate = prepared(tmp_path, "data").gate
    real = np.array([not group.startswith(synthesis.NAME) for group in gate.groups])
    assert np.isin(gate.labels[~real], gate.labels[real]).any()
    counts = np.bincount(gate.labels[real], minlength=len(LABELS))
    lacking = np.flatnonzero(counts < bases.FEWEST_JUDGES)
    assert set(gate.labels[~real].tolist()) == set(lacking.tolist())


def test_no_image_is_in_two_parts(tmp_path: Path) -> None:
    base = prepared(tmp_path)
    parts = [
        {image.tobytes() for image in part.images}
        for part in (base.exemplars, base.gate, base.calibration)
    ]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_whoever_judges_does_not_calibrate(tmp_path: Path) -> None:
    pens = stroke_set(tmp_path)
    judging = judges(pens)
    assert 0 < judging.sum() < len(pens)
    assert not set(pens.groups[judging]) & set(pens.groups[~judging])


def test_no_folder_has_no_sources(tmp_path: Path) -> None:
    assert real_sources(tmp_path / "nowhere") == ()
    assert real_sources(tmp_path) == ()


def test_other_kinds_of_scribbles_are_another_base() -> None:
    """Whoever changes what is drawn raises SCHEMA: a base on disk would else pass for the new."""
    kinds = (
        "random_walk tangle corners zigzag hatching spiral ball dots ticks dash row_of_characters "
        "struck_out face grid cloud outline dented sun stick_figure"
    )
    assert (bases.SCHEMA, list(TRAINED)) == (6, kinds.split())


def test_digits_of_our_own_look_scanned_too_where_there_is_no_mnist(tmp_path: Path) -> None:
    alone = prepared(tmp_path / "alone").exemplars
    scanned = np.array([source == "synthesis scanned" for source in alone.sources])
    written = np.array([source == "synthesis" for source in alone.sources]) & (alone.labels < 10)
    assert sorted(alone.labels[scanned]) == sorted(alone.labels[written])
    pairs = zip(alone.images[scanned], alone.images[written], strict=True)
    assert all((one != other).any() for one, other in pairs)
    write_everything(tmp_path / "data")
    assert "synthesis scanned" not in prepared(tmp_path, "data").exemplars.sources
