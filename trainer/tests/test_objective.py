"""The objective rewards the right label, the right label within its set, and doubt on outliers."""

import torch

from trainer.objective import ObjectiveConfig, objective

LABELS = torch.tensor([0, 24])  # 0 and o


def logits(*peaks: int) -> torch.Tensor:
    made = torch.zeros(len(peaks), 36)
    for row, peak in enumerate(peaks):
        made[row, peak] = 6.0
    return made


def test_right_labels_cost_less_than_wrong_ones() -> None:
    config = ObjectiveConfig()
    assert objective(logits(0, 24), LABELS, config) < objective(logits(3, 12), LABELS, config)


def test_a_confusion_between_the_sets_is_forgiven_by_the_hinted_part() -> None:
    config = ObjectiveConfig(smoothing=0.0)
    plain = ObjectiveConfig(smoothing=0.0, hinted=0.0)
    across, within = logits(24, 24), logits(6, 24)
    assert torch.isclose(objective(across, LABELS, plain), objective(within, LABELS, plain))
    assert objective(across, LABELS, config) < objective(within, LABELS, config)


def test_outliers_should_be_any_label_alike() -> None:
    config = ObjectiveConfig()
    sure = torch.cat([logits(0, 24), logits(5)])
    unsure = torch.cat([logits(0, 24), torch.zeros(1, 36)])
    assert objective(unsure, LABELS, config) < objective(sure, LABELS, config)


def test_teachers_are_followed_in_their_doubts_too() -> None:
    config = ObjectiveConfig(hinted=0.0)
    doubtful = logits(0, 24)
    doubtful[0, 24], doubtful[1, 0] = 5.0, 5.0  # teachers: it might be the other one
    shared, elsewhere = logits(0, 24), logits(0, 24)
    shared[0, 24], shared[1, 0] = 4.0, 4.0
    elsewhere[:, 7] = 4.0  # as much doubt, at the wrong label
    assert torch.isclose(objective(shared, LABELS, config), objective(elsewhere, LABELS, config))
    following, not_following = (
        objective(each, LABELS, config, doubtful) for each in (shared, elsewhere)
    )
    assert following < not_following


def test_agreeing_with_the_teachers_costs_nothing() -> None:
    config = ObjectiveConfig()
    mine = logits(0, 24)
    shifted = mine + torch.tensor([[3.0], [-2.0]])  # the same probabilities
    assert torch.isclose(objective(mine, LABELS, config, shifted), objective(mine, LABELS, config))
