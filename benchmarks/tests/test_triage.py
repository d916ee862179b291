"""The triage benchmark plants what it says and counts what it finds."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import triage
from recognizer.alphabet import INDEX, LABELS

RNG = np.random.default_rng(0)


def drawing(label: str, sure: float = 0.99, rival: str = "1") -> triage.Drawing:
    probabilities = [0.0] * len(LABELS)
    probabilities[INDEX[label]] = sure
    probabilities[INDEX[rival]] = 1 - sure
    features = RNG.normal(size=8).astype(np.float32)
    return triage.Drawing(label, "digits", tuple(probabilities), features)


def test_a_planted_label_is_another_one_of_the_character_set() -> None:
    for mistake in triage.MISTAKES:
        planted = {triage._mislabelled(drawing("7"), mistake, RNG) for _ in range(50)}
        assert "7" not in planted
        assert planted <= set("0123456789")
    assert triage._mislabelled(drawing("7", rival="4"), triage.MISTAKES[1], RNG) == "4"


def test_a_sure_model_finds_every_planted_label() -> None:
    queue = [drawing("7") for _ in range(100)]
    found = triage._try(queue, 0, "any other label", 0.1, seed=1)
    assert found.wrong == 1.0


def test_a_model_that_knows_nothing_gets_no_credit_for_the_order_of_the_queue() -> None:
    queue = [drawing("7", sure=0.5) for _ in range(100)]
    found = triage._try(queue, 0, "the likeliest other label", 0.1, seed=1)
    assert found.wrong == 0.0


def test_without_data_it_says_so_and_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["triage", "--data-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        triage.main()
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
