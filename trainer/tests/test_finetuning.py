"""The settings of fine-tuning on their way through JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest

from trainer.augment import StrokeVariation
from trainer.finetuning import FinetuneConfig, config_of, settings_for, variations


def test_settings_come_back_as_they_were() -> None:
    kept = json.loads(json.dumps(settings_for({"steps": 7, "lr": 1e-5}, 3)))
    wanted = variations(replace(FinetuneConfig(), steps=7, lr=1e-5), 3)
    assert [config_of(settings) for settings in kept] == wanted
    assert isinstance(config_of(kept[0]).strokes, StrokeVariation)


@pytest.mark.parametrize("inside", [(), ("strokes",), ("images",)])
@pytest.mark.parametrize("spoil", ["more", "less"])
def test_settings_of_other_code_are_refused(inside: tuple[str, ...], spoil: str) -> None:
    settings: dict[str, Any] = settings_for({}, 1)[0]
    part = settings[inside[0]] if inside else settings
    if spoil == "more":
        part["momentum"] = 0.9
    else:
        del part["rotation" if inside else "seed"]
    with pytest.raises(ValueError, match=r"the same settings: (momentum|rotation|seed)"):
        config_of(settings)


def test_the_more_steps_the_further_from_the_anchor() -> None:
    config = FinetuneConfig(steps=60, steps_per_hundred=10, most_steps=160, way=0.6, last_way=1.0)
    ways = [config.way_for(corrections) for corrections in (1, 100, 600, 1100, 9000)]
    assert ways == pytest.approx([0.6, 0.6, 0.8, 1.0, 1.0])


def test_where_steps_do_not_grow_the_way_does_not() -> None:
    assert FinetuneConfig(steps=5, most_steps=5, way=0.6).way_for(1000) == 0.6
