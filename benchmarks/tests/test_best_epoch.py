"""Rules that choose by the test images look better on the same trainings."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.best_epoch import (
    Run,
    by_test,
    by_validation,
    errors,
    last,
    learn,
    learn_served,
    vote,
    votes,
)
from trainer.batches import BatchConfig
from trainer.datasets import load
from trainer.nist import read_mnist
from trainer.numpy_training import Architecture, Settings
from trainer.tests.handwriting import write_mnist
from trainer.training import TrainingConfig


def run(losses: list[float], *wrong: set[int]) -> Run:
    """Return a run of as many epochs as losses; each misreads some of eight images."""
    return Run(np.array(losses), np.array([[i in epoch for i in range(8)] for epoch in wrong]))


RUNS = [
    run([0.3, 0.1, 0.2], {0, 1, 2, 3}, {0, 1, 2}, {0}),
    run([0.3, 0.2, 0.1], {0}, {1, 2}, {0, 1, 4}),
    run([0.2, 0.1, 0.3], {5, 6}, {5, 6, 7}, {1, 5, 6, 7}),
]


def test_each_rule_looks_where_it_says() -> None:
    assert [by_validation(each) for each in RUNS] == [1, 2, 1]
    assert [last(each) for each in RUNS] == [2, 2, 2]
    assert [by_test(each) for each in RUNS] == [2, 0, 0]


def test_the_same_runs_have_other_errors_by_each_rule() -> None:
    assert errors(RUNS, by_validation) == [3, 3, 3]
    assert errors(RUNS, last) == [1, 3, 4]
    assert errors(RUNS, by_test) == [1, 1, 2]


def test_an_ensemble_misreads_what_most_of_it_misread() -> None:
    assert vote(RUNS, by_validation) == 2  # images 0 and 1, by two of three
    assert vote(RUNS, last) == 2
    assert vote(RUNS, by_test) == 1


def test_every_ensemble_of_three_is_formed() -> None:
    assert votes(RUNS, by_validation) == [2]
    assert len(votes(RUNS * 2, last)) == 20


def test_a_training_is_known_after_every_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mnist(tmp_path)
    split, test = load(tmp_path, ["mnist"]), read_mnist(tmp_path, "test")
    found = learn(split, test, Architecture(36, hidden=(4,)), Settings(epochs=3, batch_size=10))
    assert found.losses.shape == (3,)
    assert found.wrong.shape == (3, len(test))
    assert capsys.readouterr().err.count("test images misread") == 3


def test_so_is_one_of_the_network_that_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mnist(tmp_path)
    split, test = load(tmp_path, ["mnist"]), read_mnist(tmp_path, "test")
    small = TrainingConfig(epochs=2, samples_per_epoch=16, batch=BatchConfig(size=8), threads=1)
    found = learn_served(split, test, small)
    assert found.losses.shape == (2,)
    assert found.wrong.shape == (2, len(test))
    assert capsys.readouterr().err.count("test images misread") == 2
