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
