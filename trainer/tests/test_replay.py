"""A buffer keeps what it promises, a sampler gives everybody a turn."""

from collections import Counter

import numpy as np
import pytest

from trainer.replay import (
    BalancedSampler,
    ClassBalancingReservoir,
    Policy,
    Reservoir,
    WeightedSampler,
    capped_weights,
    keep,
)

POLICIES = [Reservoir, ClassBalancingReservoir]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("capacity", "stream"), [(0, 10), (5, 3), (5, 5), (5, 200)])
def test_a_buffer_holds_what_fits_and_nothing_twice(
    policy: type[Reservoir] | type[ClassBalancingReservoir], capacity: int, stream: int
) -> None:
    groups = [index % 7 for index in range(stream)]
    kept = keep(groups, policy(capacity, rng()))
    assert len(kept) == len(set(kept.tolist())) == min(capacity, stream)
    assert kept.dtype == np.int64


def test_an_empty_stream_leaves_an_empty_buffer() -> None:
    assert keep([], Reservoir(5, rng())).shape == (0,)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_same_seed_keeps_the_same(
    policy: type[Reservoir] | type[ClassBalancingReservoir],
) -> None:
    groups = rng(1).integers(0, 4, 500).tolist()
    first, again, other = (keep(groups, policy(50, rng(seed))).tolist() for seed in (3, 3, 4))
    assert first == again != other


def test_in_a_reservoir_each_of_the_stream_stays_equally_often() -> None:
    capacity, stream, times = 10, 40, 2000
    counts = np.zeros(stream)
    for seed in range(times):
        counts[keep([0] * stream, Reservoir(capacity, rng(seed)))] += 1
    expected = times * capacity / stream
    deviation = np.sqrt(expected * (1 - capacity / stream))
    assert np.abs(counts - expected).max() < 4.5 * deviation


def test_groups_stay_as_even_as_the_stream_allows() -> None:
    groups = ["often"] * 900 + ["seldom"] * 60 + ["rare"] * 4
    rng(2).shuffle(groups)
    kept = keep(groups, ClassBalancingReservoir(100, rng()))
    counts = Counter(groups[position] for position in kept)
    assert counts == {"often": 48, "seldom": 48, "rare": 4}


def test_within_a_group_nobody_is_preferred_for_coming_early_or_late() -> None:
    groups = [0] * 30 + [1] * 30
    times = 1500
    counts = np.zeros(60)
    for seed in range(times):
        counts[keep(groups, ClassBalancingReservoir(20, rng(seed)))] += 1
    assert counts[:30].sum() == counts[30:].sum() == 10 * times
    deviation = np.sqrt(times / 3 * 2 / 3)
    assert np.abs(counts - times / 3).max() < 4.5 * deviation


def test_more_groups_than_slots_do_no_harm() -> None:
    policy: Policy = ClassBalancingReservoir(3, rng())
    assert len(keep([index % 10 for index in range(300)], policy)) == 3


def test_classes_come_alike_and_within_one_its_sources() -> None:
    labels = [0] * 90 + [1] * 10 + [2] * 20
    sources = ["a"] * 85 + ["b"] * 5 + ["a"] * 10 + ["a", "b"] * 10
    drawn = BalancedSampler(labels, sources, rng()).draw(3000)
    assert Counter(np.array(labels)[drawn].tolist()) == {0: 1000, 1: 1000, 2: 1000}
    of_first = Counter(sources[position] for position in drawn if labels[position] == 0)
    assert abs(of_first["a"] - 500) < 80


def test_nothing_comes_again_before_all_had_their_turn() -> None:
    sampler = BalancedSampler([5] * 8, ["a"] * 8, rng())
    passes = [sampler.draw(8).tolist() for _ in range(3)]
    assert all(sorted(drawn) == list(range(8)) for drawn in passes)
    assert len({tuple(drawn) for drawn in passes}) == 3


def test_a_sampler_of_nothing_draws_nothing() -> None:
    assert BalancedSampler([], [], rng()).draw(5).shape == (0,)
    assert WeightedSampler([], rng()).draw(5).shape == (0,)
    assert WeightedSampler([0.0, 0.0], rng()).draw(5).shape == (0,)


def test_labels_and_sources_must_fit() -> None:
    with pytest.raises(ValueError, match="2 labels and 1 sources"):
        BalancedSampler([1, 2], ["a"], rng())


def totals(groups: list[str], weights: np.ndarray) -> dict[str, float]:
    return {name: weights[[other == name for other in groups]].sum() for name in set(groups)}


def test_nobody_weighs_more_than_their_share_of_what_is_left() -> None:
    who = ["ada"] * 700 + [name for name in "bcdefgh" for _ in range(20)] + ["cy"] * 15
    weights = capped_weights([(who, 0.2)], floor=5)
    found = totals(who, weights)
    assert found.pop("ada") == pytest.approx(0.2 * weights.sum())
    assert found == pytest.approx(dict.fromkeys("bcdefgh", 20) | {"cy": 15})
    assert (weights > 0).all()
    assert weights.max() == 1.0


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([80, 20], [20, 20]),  # two cannot have a fifth each: they weigh alike
        ([800, 100, 100], [100, 100, 100]),
        ([30, 30, 30, 30, 30], [30, 30, 30, 30, 30]),
        ([900, 900, 30, 30, 30, 30], [60, 60, 30, 30, 30, 30]),
        ([100], [100]),
    ],
)
def test_the_cap_is_a_share_of_the_weight_not_of_the_count(
    sizes: list[int], expected: list[int]
) -> None:
    who = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
    weights = capped_weights([(who, 0.25 if len(sizes) == 6 else 0.2)], floor=5)
    assert [totals(who, weights)[str(index)] for index in range(len(sizes))] == pytest.approx(
        expected
    )


def test_weights_that_differ_beforehand_are_capped_as_well() -> None:
    who = ["ada"] * 20 + ["bo"] * 40 + ["cy"] * 40 + ["di"] * 20
    before = np.array([4.0] * 20 + [1.0] * 80 + [0.0] * 20)
    weights = capped_weights([(who, 0.4)], floor=5, weights=before)
    assert totals(who, weights) == pytest.approx({"ada": 160 / 3, "bo": 40, "cy": 40, "di": 0})
    assert before[0] == 4.0  # stays as it was
    assert capped_weights([(who, 0.5)], floor=5, weights=before).tolist() == before.tolist()


def test_a_handful_is_not_capped() -> None:
    assert capped_weights([(["ada"] * 8, 0.2)], floor=10).tolist() == [1.0] * 8
    assert capped_weights([], floor=10).shape == (0,)


def test_both_rules_hold_at_once() -> None:
    who = ["ada"] * 80 + ["bo"] * 20
    what = [1] * 50 + [2] * 50
    weights = capped_weights([(who, 0.5), (what, 0.5)], floor=0)
    assert weights[:80].sum() <= 20 + 1e-9
    assert weights[:50].sum() == pytest.approx(weights[50:].sum())


def test_each_comes_as_often_as_its_weight_says() -> None:
    weights = np.array([1.0, 0.5, 0.25, 0.0])
    drawn = WeightedSampler(weights, rng()).draw(1750)
    counts = np.bincount(drawn, minlength=4)
    assert np.abs(counts - [1000, 500, 250, 0]).max() <= 1


def test_with_equal_weights_everybody_has_a_turn_in_every_pass() -> None:
    sampler = WeightedSampler(np.ones(10), rng())
    for _ in range(20):
        assert np.bincount(sampler.draw(10), minlength=10).max() <= 2
    counts = np.bincount(sampler.draw(1000), minlength=10)
    assert counts.min() >= 99
    assert counts.max() <= 101
