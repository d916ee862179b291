"""Fine-tuning is a pure function: the same to the bit, and nothing but its result changes."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import log_softmax

from trainer.finetune import Corrections, Exemplars, _Batches, finetune
from trainer.finetuning import FinetuneConfig
from trainer.network import Network
from trainer.tests.learning import TINY, corrections, exemplars, in_order, same, tiny_network
from trainer.validation import logits_of

ANCHOR = tiny_network()
EXEMPLARS = exemplars(ANCHOR)
SENT = corrections()
LATE = np.array([name == "person 1" for name in SENT.submitters])


def run(
    sent: Corrections = SENT, config: FinetuneConfig = TINY, late: bool = False
) -> tuple[Network, Network | None]:
    made = finetune(ANCHOR, sent, EXEMPLARS, config, late=LATE if late else None)
    return made.network, made.early


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, _ = run()
    torch.manual_seed(12345)  # what others do with torch's generator does not matter
    torch.rand(7)
    second, _ = run()
    assert same(first, second)


@pytest.mark.parametrize("change", [{"seed": 2}, {"lr": 5e-4}, {"replay": 7}, {"distil": 2.0}])
def test_whatever_the_config_says_matters(change: dict[str, float]) -> None:
    assert not same(run()[0], run(config=replace(TINY, **change))[0])  # type: ignore[arg-type]


def test_the_anchor_stays_as_it_is() -> None:
    before = copy.deepcopy(ANCHOR)
    made, _ = run()
    assert same(ANCHOR, before)
    assert not ANCHOR.training
    assert not made.training
    assert not same(made, ANCHOR)


def test_batch_norm_keeps_the_statistics_of_the_anchor() -> None:
    made, _ = run()
    for ours, theirs in zip(made.modules(), ANCHOR.modules(), strict=True):
        if isinstance(ours, nn.BatchNorm2d) and isinstance(theirs, nn.BatchNorm2d):
            assert ours.running_mean is not None
            assert ours.running_var is not None
            assert torch.equal(ours.running_mean, theirs.running_mean)  # type: ignore[arg-type]
            assert torch.equal(ours.running_var, theirs.running_var)  # type: ignore[arg-type]
    scale = "blocks.1.4.weight"
    assert not torch.equal(made.state_dict()[scale], ANCHOR.state_dict()[scale])


def test_until_they_join_late_corrections_leave_no_trace() -> None:
    other = corrections(seed=6)
    labels = np.where(LATE, (SENT.labels + 9) % 36, SENT.labels)
    images = np.where(LATE[:, None, None], other.images, SENT.images)
    inks = tuple(
        theirs if late else ours
        for ours, theirs, late in zip(SENT.inks, other.inks, LATE, strict=True)
    )
    altered = Corrections(images, labels, SENT.submitters, inks)
    network, early = run(late=True)
    other_network, other_early = run(altered, late=True)
    assert early is not None
    assert other_early is not None
    assert same(early, other_early)
    assert not same(network, other_network)


def test_late_corrections_catch_up_once_they_have_joined() -> None:
    """Who was kept back to judge must not be learned worse than others for it."""
    config = replace(TINY, way=1.0, steps=30, lr=1e-2, new=8, replay=0, join=0.5)

    def learned(catch_up: float) -> float:
        made, _ = run(config=replace(config, catch_up=catch_up), late=True)
        late = SENT.take(np.flatnonzero(LATE))
        rows = np.arange(len(late))
        return float(log_softmax(torch.from_numpy(logits_of(made, late.images)), 1)[
            rows, late.labels
        ].mean())  # fmt: skip

    assert learned(0.0) < learned(1.0) < learned(4.0)


def test_without_late_corrections_there_is_no_early_network() -> None:
    assert run()[1] is None
    nobody = np.zeros(len(SENT), bool)
    made = finetune(ANCHOR, SENT, EXEMPLARS, TINY, late=nobody)
    assert made.early is None
    assert same(made.network, run()[0])


def test_the_order_of_rows_does_not_matter_once_they_are_in_order() -> None:
    shuffled = SENT.take(np.random.default_rng(1).permutation(len(SENT)))
    assert same(run(in_order(SENT))[0], run(in_order(shuffled))[0])


def test_it_learns_and_remembers() -> None:
    config = replace(TINY, way=1.0, steps=25, lr=2e-2, new=8, replay=8, smoothing=0.0)
    few = SENT.take(np.arange(4))
    made, _ = run(few, config)
    rows = np.arange(4)
    before, after = (logits_of(net, few.images)[rows, few.labels] for net in (ANCHOR, made))
    assert (after > before).all()
    held = replace(config, distil=30.0)
    near, _ = run(few, held)
    far, _ = run(few, replace(config, distil=0.0))
    drift = [
        float(np.square(logits_of(net, EXEMPLARS.images) - EXEMPLARS.logits).mean())
        for net in (near, far)
    ]
    assert drift[0] < drift[1]


def test_the_result_lies_between_the_anchor_and_what_was_learned() -> None:
    whole, early = run(config=replace(TINY, way=1.0), late=True)
    half, early_half = run(config=replace(TINY, way=0.5), late=True)
    assert early is not None
    assert early_half is not None
    for far, near in ((whole, half), (early, early_half)):
        for start, end, middle in zip(
            ANCHOR.parameters(), far.parameters(), near.parameters(), strict=True
        ):
            assert torch.allclose(middle, (start + end) / 2, atol=1e-6)
    assert same(run(config=replace(TINY, way=0.0))[0], ANCHOR)


def test_every_step_is_reported() -> None:
    steps: list[tuple[int, int]] = []

    def report(step: int, of: int, loss: float) -> None:
        assert np.isfinite(loss)
        steps.append((step, of))

    finetune(ANCHOR, SENT, EXEMPLARS, TINY, report=report)
    assert steps == [(step, 6) for step in range(1, 7)]


@pytest.mark.parametrize("steps", [2, 3])
def test_a_few_steps_are_enough_to_average(steps: int) -> None:
    network, early = run(
        config=replace(TINY, steps=steps, average=0.1, early_average=0.1), late=True
    )
    assert early is not None
    assert not same(network, ANCHOR)
    assert not same(early, ANCHOR)


def test_more_corrections_get_more_steps_up_to_a_limit() -> None:
    config = FinetuneConfig(steps=100, steps_per_hundred=40, most_steps=400)
    counts = [1, 100, 101, 200, 600, 850, 100_000]
    assert [config.steps_for(count) for count in counts] == [100, 100, 101, 140, 300, 400, 400]


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="no corrections"):
        finetune(ANCHOR, SENT.take(np.zeros(0, np.int64)), EXEMPLARS, TINY)


def test_it_works_without_a_past() -> None:
    images = np.zeros((0, 28, 28), np.uint8)
    nothing = Exemplars(images, np.zeros(0, np.int64), (), np.zeros((0, 36), np.float32))
    assert not same(finetune(ANCHOR, SENT, nothing, TINY).network, ANCHOR)


def test_a_loss_that_is_not_finite_stops_it() -> None:
    broken = copy.deepcopy(ANCHOR)
    with torch.no_grad():
        broken.classifier.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="step 0 of 6"):
        finetune(broken, SENT, EXEMPLARS, TINY)


@pytest.mark.parametrize("catch_up", [2.0, 4.0, 50.0])
def test_who_catches_up_weighs_no_more_over_all_steps_than_anybody_may(catch_up: float) -> None:
    config = replace(FinetuneConfig(), share_floor=1, class_share=1.0, catch_up=catch_up, new=50)
    images = np.zeros((100, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(100)
    who = tuple("ada" if index < 20 else str(index % 8) for index in range(100))
    sent = Corrections(images, np.arange(100) % 36, who, (None,) * 100)
    unvaried = replace(config.images, plain=1.0)
    batches = _Batches(sent, EXEMPLARS, replace(config, images=unvaried))
    late = np.array([name == "ada" for name in who])

    def share(steps: int) -> float:
        drawn = [batches.next().images[: config.new, 0, 0, 0] for _ in range(steps)]
        return float((torch.cat(drawn) * 255 < 19.5).float().mean())

    batches.leave_out(late)
    early = share(40)
    batches.let_join(late)
    assert early == 0
    assert 0.15 < (early + share(40)) / 2 < 0.2 + 0.01
