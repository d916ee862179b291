"""Sources are split by writer or word, described with licences, and refused in a sentence."""

from pathlib import Path

import numpy as np
import pytest

from trainer.base import real_sources
from trainer.characters import ImageSet
from trainer.datasets import SOURCES, DataError, available, load, without
from trainer.tests.handwriting import write_emnist, write_everything, write_stroke_file

STROKES = ("pendigits", "uji2", "chars74k", "omniglot")


def test_nobody_is_in_training_and_validation(tmp_path: Path) -> None:
    split = load(write_everything(tmp_path), ("mnist", "kassel", *STROKES))
    for train, validation in zip(split.train, split.validation, strict=True):
        assert len(train)
        assert len(validation)
        assert not set(train.groups) & set(validation.groups)


def test_the_last_writers_are_set_aside(tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "strokes/chars74k.jsonl.gz", writers=20)
    split = load(tmp_path, ["chars74k"])
    assert sorted(set(split.validation[0].groups)) == [f"w{number:02d}" for number in range(12, 20)]
    described = split.manifest["chars74k"]
    assert described["held_out_writers"] == [f"w{number:02d}" for number in range(12, 20)]
    assert described["train"] == len(split.train[0])


def test_words_are_set_aside_whole_and_the_same_every_time(tmp_path: Path) -> None:
    write_everything(tmp_path)
    first, second = load(tmp_path, ["kassel"]), load(tmp_path, ["kassel"])
    assert first.validation[0].groups.tolist() == second.validation[0].groups.tolist()
    assert len(first.validation[0]) == 2 * len(set(first.validation[0].groups)) == 4


def test_an_image_of_validation_is_taken_out_of_every_training_set() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    names = np.array(["a", "b", "c"])
    train = [ImageSet("x", names, names, images), ImageSet("y", names, names, images)]
    kept = without(train, [train[0].take(np.array([False, True, False]))])
    assert [part.characters.tolist() for part in kept] == [["a", "c"], ["a", "c"]]


def test_every_source_states_its_licence(tmp_path: Path) -> None:
    manifest = load(write_everything(tmp_path), ("mnist", "kassel", *STROKES)).manifest
    assert all(described["licence"] and described["title"] for described in manifest.values())
    assert all(source.licence for source in SOURCES.values())


def test_what_is_there_is_available_and_mnist_always(tmp_path: Path) -> None:
    assert available(tmp_path) == ("mnist",)
    write_stroke_file(tmp_path / "strokes/chars74k.jsonl.gz")
    write_emnist(tmp_path, "letters", np.zeros((2, 28, 28), np.uint8), np.ones(2, np.uint8))
    assert available(tmp_path) == ("mnist", "emnist-letters", "chars74k")


def test_an_unknown_source_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"no source 'mnits'.*mnist.*omniglot.*strokes/mnits\.jsonl\.gz"
    ):
        load(tmp_path, ["mnits"])


def test_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one source"):
        load(tmp_path, [])


def test_a_missing_file_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pendigits\.jsonl\.gz, or leave pendigits out"):
        load(tmp_path, ["pendigits"])


def test_a_damaged_file_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / "strokes/pendigits.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"pendigits\.jsonl\.gz cannot be read"):
        load(tmp_path, ["pendigits"])


def test_one_writer_alone_is_refused_and_welcome_beside_others(tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "strokes/chars74k.jsonl.gz", writers=1)
    with pytest.raises(DataError, match=r"chars74k has one writer only.*a second writer"):
        load(tmp_path, ["chars74k"])
    write_stroke_file(tmp_path / "strokes/pendigits.jsonl.gz", "17", writers=2)
    split = load(tmp_path, ["chars74k", "pendigits"])
    assert [len(part) > 0 for part in split.train] == [True, True]
    assert [len(part) > 0 for part in split.validation] == [False, True]


def test_images_that_are_all_set_aside_are_refused(tmp_path: Path) -> None:
    write_emnist(tmp_path, "letters", np.zeros((2, 28, 28), np.uint8), np.ones(2, np.uint8))
    with pytest.raises(DataError, match="nothing of emnist-letters is left to train on"):
        load(tmp_path, ["emnist-letters"])


def test_a_stroke_file_of_one_s_own_is_a_source_of_its_name(tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "strokes/our-team.jsonl.gz", writers=20)
    assert available(tmp_path) == ("mnist", "our-team")
    split = load(tmp_path, ["our-team"])
    described = split.manifest["our-team"]
    assert described["title"] == "own drawings, strokes/our-team.jsonl.gz"
    assert described["held_out"].startswith("20 writers in a hundred")
    set_aside = set(split.validation[0].groups)
    assert described["held_out_writers"] == sorted(set_aside)
    assert 1 <= len(set_aside) <= 8
    assert not set_aside & set(split.train[0].groups)


def test_who_is_set_aside_stays_so_when_others_join(tmp_path: Path) -> None:
    path = tmp_path / "strokes/mine.jsonl.gz"
    aside = {}
    for writers in (20, 60):
        write_stroke_file(path, writers=writers)
        aside[writers] = set(load(tmp_path, ["mine"]).validation[0].groups)
    assert aside[20] == {writer for writer in aside[60] if int(writer[1:]) < 20}
    assert len(aside[60]) > len(aside[20])


def test_two_writers_of_one_s_own_are_one_to_train_on_and_one_to_validate(tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "strokes/two.jsonl.gz", writers=2)
    split = load(tmp_path, ["two"])
    assert len(set(split.train[0].groups)) == len(set(split.validation[0].groups)) == 1


@pytest.mark.parametrize("name", ["mnist", "uji2", "synthesis", "two words", "a,b"])
def test_a_stroke_file_with_the_name_of_another_set_is_refused(tmp_path: Path, name: str) -> None:
    write_stroke_file(tmp_path / f"strokes/{name}.jsonl.gz")
    with pytest.raises(DataError, match=r"cannot be called so: give it another name"):
        available(tmp_path)


def test_nobody_replays_what_nobody_reviewed(tmp_path: Path) -> None:
    write_stroke_file(tmp_path / "strokes/chars74k.jsonl.gz")
    for name in ("mine", "a name that is refused"):
        write_stroke_file(tmp_path / f"strokes/{name}.jsonl.gz")
    assert real_sources(tmp_path) == ("chars74k",)
