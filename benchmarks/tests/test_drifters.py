"""What is corrected and what is measured; what a buffer keeps."""

import numpy as np
import torch

from benchmarks.drifters import _apart, _names
from benchmarks.split_mnist import Buffer
from trainer.characters import StrokeSet
from trainer.replay import Reservoir


def people(count: int, times: int) -> StrokeSet:
    """Return a set in which each person draws "7" so many times."""
    ink = (np.array([[0.0, 0.0], [1.0, 1.0]]),)
    groups = np.repeat([f"p{number}" for number in range(count)], times)
    return StrokeSet("set", np.full(count * times, "7"), groups, (ink,) * (count * times))


def test_no_drawing_is_both_corrected_and_measured() -> None:
    corrected, measured = _apart(people(1, 5), np.random.default_rng(1))
    assert sorted(corrected[7] + measured[7]) == [0, 1, 2, 3, 4]


def test_a_single_drawing_has_to_serve_for_both() -> None:
    corrected, measured = _apart(people(1, 1), np.random.default_rng(1))
    assert corrected == measured == {7: [0]}


def test_people_to_choose_by_are_not_those_to_report() -> None:
    everybody = people(5, 2)
    tune, told = _names(everybody, "tune"), _names(everybody, "report")
    assert not set(tune) & set(told)
    assert len(tune) + len(told) == 5


def test_a_buffer_keeps_what_the_policy_says_and_draws_each_once() -> None:
    rng = np.random.default_rng(1)
    buffer = Buffer(4, Reservoir(4, rng), rng)
    for number in range(10):
        buffer.add(torch.full((1, 784), float(number)), torch.tensor([number]), torch.zeros(1, 10))
    images, labels, _ = buffer.draw(9)
    assert len(buffer) == 4
    assert len(set(labels.tolist())) == 4
    assert images[:, 0].tolist() == labels.tolist()
