"""The people of `benchmarks.personal` are who it says, and its protocol counts what it says."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import handwriting, personal, writers
from benchmarks.correcting import Outputs, Person, Tally, after_corrections, measure
from benchmarks.writers import Half, Labels, Rasters, Warp, Writer
from recognizer.memory import DEFAULTS, Memory
from recognizer.strokes import Ink

SEVEN: Ink = (np.array([[0.0, 0.0], [6.0, 0.0], [2.0, 9.0]]),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty-five people, as many as uji2 has, who drew a 1 and a 7 twice."""
    path = tmp_path / handwriting.STROKE_SETS["uji2"][0]
    path.parent.mkdir()
    rows: list[dict[str, Any]] = [
        {"label": label, "writer": f"w{writer:02}", "strokes": [[[0, 0], [writer, 9], [3, 5]]]}
        for writer in range(45)
        for label in "1717"
    ]
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


def tenth(rasters: Rasters, labels: Labels) -> float:
    return 0.1


def people(folder: Path, half: Half) -> list[Writer]:
    return list(writers.writers(folder, 1, half, tenth))


def test_each_half_has_its_own_writers_and_only_those_set_aside(folder: Path) -> None:
    tune = {writer.name for writer in people(folder, "tune")}
    rest = {writer.name for writer in people(folder, "report")}
    assert tune == {f"w{number}" for number in range(36, 40)}
    assert rest == {f"w{number}" for number in range(40, 45)}


def test_a_hand_bends_the_same_ink_in_the_same_way() -> None:
    def drawn(seed: int, strength: float) -> bytes:
        return Warp.draw(np.random.default_rng(seed), strength)(SEVEN)[0].tobytes()

    assert drawn(1, 1.0) == drawn(1, 1.0)
    assert drawn(1, 1.0) != drawn(2, 1.0)
    assert drawn(1, 1.0) != drawn(1, 0.5)


def test_a_hand_without_strength_leaves_ink_as_it_is() -> None:
    bent = Warp.draw(np.random.default_rng(1), 0.0)(SEVEN)[0]
    straight = (SEVEN[0] - [3.0, 4.5]) / 9
    assert bent == pytest.approx(straight)


def test_the_weakest_warp_that_brings_enough_errors_is_taken() -> None:
    rates = iter([0.01, 0.03, 0.08])
    source = Writer("w", "real digits", np.array([7]), (SEVEN,))
    (made,) = writers._warped(
        source, 0, "warped digits", np.random.default_rng(1), lambda *_: next(rates)
    )
    assert f"strength {writers.STRENGTHS[2]}" in made.name


def person() -> Person:
    """Somebody whose 7s look alike and are read as 1; their 1s look different."""
    labels = np.array([7, 1] * 8)
    probabilities = np.zeros((16, 36))
    probabilities[:, 1] = 0.9
    probabilities[:, 7] = 0.1
    features = np.zeros((16, 2), np.float32)
    features[labels == 7] = [1.0, 0.02]
    features[labels == 1] = [0.0, 1.0]
    outputs = Outputs(labels, probabilities, features, np.full(16, 0.95), "joint")
    return Person(Writer("w", "real digits", labels, (SEVEN,) * 16), outputs)


def test_the_first_half_of_each_character_is_for_correcting() -> None:
    assert np.flatnonzero(person().early).tolist() == [*range(8)]
    assert person().later.tolist() == [*range(8, 16)]


def test_only_misread_early_drawings_are_corrected_k_of_each_character() -> None:
    assert person().misread(1).tolist() == [0]
    assert person().misread(3).tolist() == [0, 2, 4]
    assert person().misread(9).tolist() == [0, 2, 4, 6]


def test_while_drawing_nothing_is_corrected_that_the_memory_already_reads() -> None:
    memory, corrected = person().correct_while_drawing(Memory(1), 3)
    assert corrected.tolist() == [0]
    assert len(memory) == 1


def test_later_drawings_are_counted_and_characters_not_corrected_apart() -> None:
    one = person()
    memory = one.remember(Memory(1), one.misread(1))
    tally = measure(one, memory, one.misread(1))
    assert (tally.drawings, tally.errors_before, tally.errors_after) == (8, 4, 0)
    assert (tally.elsewhere, tally.elsewhere_before, tally.elsewhere_after) == (4, 0, 0)
    assert tally.fewer == 100
    assert tally.lost == 0
    assert (tally.unsure_before, tally.unsure_after) == (8, 4)  # its owner's word is enough


def test_tallies_of_several_people_add_up() -> None:
    total = after_corrections([person(), person()], 3, DEFAULTS)
    assert (total.people, total.drawings, total.corrections) == (2, 16, 6)
    assert total + Tally() == total


def test_look_alikes_count_as_one_only_where_it_says_so() -> None:
    labels = np.array([0, 0])
    probabilities = np.eye(36)[[24, 24]]  # o
    outputs = Outputs(labels, probabilities, np.ones((2, 2), np.float32), np.zeros(2), "joint")
    one = Person(Writer("w", "real digits", labels, (SEVEN,) * 2), outputs)
    tally = measure(one, Memory(1), np.array([], np.intp))
    assert tally.elsewhere_before == 1
    assert tally.grouped_before == 0


def test_without_data_it_says_so_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["personal", "--data-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        personal.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
