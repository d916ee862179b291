"""What versions are measured on: the people who were set aside, and nobody else."""

import json
from pathlib import Path
from typing import Any

import pytest

from recognizer.publishing import PACKAGED_ANCHOR
from trainer import base, splits
from trainer.datasets import DataError, load
from trainer.tests.handwriting import write_everything, write_stroke_file

NAME = "version 7 (mine)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_everything(tmp_path)


def manifest(root: Path, *names: str) -> dict[str, Any]:
    return load(root, names).manifest


def test_validation_is_who_was_set_aside_and_no_one_else(root: Path) -> None:
    sources = manifest(root, "mnist", "chars74k", "kassel")
    split = splits.validation(root, sources, NAME)
    assert [part.name for part in split.parts] == ["mnist", "chars74k", "kassel"]
    assert set(split.parts[1].groups) == set(sources["chars74k"]["held_out_writers"])
    assert len(split) == sum(source["validation"] for source in sources.values())
    assert not split.once
    assert len(split.inks) == len(split.parts[1])


def test_what_is_not_in_the_folder_is_named(root: Path) -> None:
    sources = manifest(root, "pendigits", "omniglot")
    (root / "strokes/omniglot_latin.jsonl.gz").unlink()
    split = splits.validation(root, sources, NAME)
    assert [part.name for part in split.parts] == ["pendigits"]
    assert split.notes == ("Not in the data folder, so not measured: omniglot.",)


def test_another_set_under_the_same_name_is_refused(root: Path) -> None:
    sources = manifest(root, "pendigits")
    write_stroke_file(root / "strokes/pendigits.jsonl.gz", "17", writers=9)
    with pytest.raises(DataError, match=r"not the set that version 7 \(mine\) was trained with"):
        splits.validation(root, sources, NAME)


def test_without_data_it_is_said_what_to_do(tmp_path: Path) -> None:
    sources = json.loads((PACKAGED_ANCHOR / "card.json").read_bytes())["data"]["sources"]
    advice = r"version 7 \(mine\) .*--data-dir.*--split parametric.*fetch_data"
    with pytest.raises(DataError, match=advice):
        splits.validation(tmp_path / "nowhere", sources, NAME)
    with pytest.raises(DataError, match="fetch_data --sets mnist"):
        splits.mnist_test(tmp_path / "nowhere")


def test_mnist_s_test_images_are_looked_at_once(root: Path) -> None:
    split = splits.mnist_test(root)
    assert split.once
    assert len(split) == 40


def test_parametric_hands_are_nobody_s_whom_training_knows() -> None:
    seed, writers = splits._HANDS
    assert seed not in {known for known, _ in base.WRITERS.values()}
    split = splits.parametric()
    assert len(split) == writers * 36
    assert "not how well it reads people" in split.notes[0]


def test_the_digest_is_that_of_the_samples(root: Path) -> None:
    sources = manifest(root, "pendigits", "chars74k")
    whole = splits.validation(root, sources, NAME)
    again = splits.validation(root, sources, NAME)
    fewer = splits.validation(root, {"pendigits": sources["pendigits"]}, NAME)
    assert splits.digest(whole) == splits.digest(again) != splits.digest(fewer)


def test_the_command_offers_every_split() -> None:
    from trainer.management.measuring import SPLITS

    assert SPLITS == splits.NAMES
