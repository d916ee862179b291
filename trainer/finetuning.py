"""The settings of fine-tuning: as values, and as the JSON that a run and a manifest keep.

A run keeps them in full from the moment it is opened, so that workers with other defaults, and
`reproduce` years later, do the same. Knows nothing about torch: a web process opens runs too.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from trainer.augment import ImageVariation, StrokeVariation

Settings = dict[str, Any]  # of one challenger, as JSON


@dataclass(frozen=True)
class FinetuneConfig:
    """Everything that decides the outcome besides the data; stored in the run and the manifest."""

    seed: int = 1
    lr: float = 2.5e-3
    weight_decay: float = 0.02
    new: int = 64  # corrections in a batch
    replay: int = 48  # replayed drawings in a batch
    steps: int = 90  # for up to a hundred corrections
    steps_per_hundred: int = 15  # for each further hundred
    most_steps: int = 400
    warm_up: float = 0.15  # share of all steps: with less the first ones do damage
    decay_from: float = 0.4  # share of all steps after which the learning rate falls
    frozen: int = 2  # blocks of the network, the first ones, that stay as they are
    # How far to go from the anchor to what was learned, after the fewest steps: not far, as few
    # people's corrections have every place then, and who comes later would take theirs.
    way: float = 0.35
    last_way: float = 0.65  # and after the most: the longer it was held, the less is to be undone
    distil: float = 24.0  # weight of the squared distance to the anchor's logits
    average: float = 0.35  # share of the steps, the last ones, whose weights are averaged
    join: float = 0.5  # share of the steps after which late corrections are learned as well
    catch_up: float = 4.0  # how much more often they are drawn from then on than others
    early_average: float = 0.4  # share of the steps before that whose weights are averaged then
    clip: float = 5.0
    smoothing: float = 0.02
    submitter_share: float = 0.2  # what one submitter may weigh among them, over all steps
    class_share: float = 0.3
    share_floor: int = 20  # corrections that one of either may always weigh
    strokes: StrokeVariation = field(
        default_factory=lambda: StrokeVariation(
            rotation=4.0, shear=0.08, aspect=0.07, bend=0.025, wave=0.012, apart=0.015,
            stroke_scale=0.03, tremor=0.005, pen=0.12, unfinished=0.0, coarse=0.05, sparse=0.05,
        )
    )  # fmt: skip
    images: ImageVariation = field(
        default_factory=lambda: ImageVariation(
            plain=0.5, rotation=4.0, shift=0.5, scale=0.04, shear=0.05, elastic=0.4,
            thickness=0.15, blur=0.0, bold=0.0,
        )
    )  # fmt: skip

    def steps_for(self, corrections: int) -> int:
        """Return how many steps so many corrections get."""
        further = max(0, corrections - 100) / 100
        return min(self.most_steps, self.steps + math.ceil(further * self.steps_per_hundred))

    def way_for(self, corrections: int) -> float:
        """Return how far to go from the anchor after so many corrections: it grows with steps."""
        grown = (self.steps_for(corrections) - self.steps) / max(1, self.most_steps - self.steps)
        return self.way + min(max(grown, 0.0), 1.0) * (self.last_way - self.way)


def variations(config: FinetuneConfig, count: int) -> list[FinetuneConfig]:
    """Return configurations for `count` challengers: the first is `config` itself.

    They differ in seed, learning rate and how much is replayed beside the new.
    """
    rates, replays = (1.0, 1.25, 0.8, 1.0), (1.0, 1.0, 1.25, 0.75)
    return [
        replace(
            config,
            seed=config.seed + index,
            lr=config.lr * rates[index % len(rates)],
            replay=round(config.replay * replays[index % len(replays)]),
        )
        for index in range(count)
    ]


def settings_for(changes: Mapping[str, Any], count: int) -> list[Settings]:
    """Return the settings of `count` challengers in full, where `changes` differ from our own."""
    return [asdict(config) for config in variations(replace(FinetuneConfig(), **changes), count)]


def config_of(settings: Settings) -> FinetuneConfig:
    """Return settings that were kept as what fine-tuning wants.

    Raises:
        ValueError: they are those of other code, which knew more or fewer of them.
    """
    strokes, images = settings.get("strokes", {}), settings.get("images", {})
    for kind, given in (
        (FinetuneConfig, settings), (StrokeVariation, strokes), (ImageVariation, images),
    ):  # fmt: skip
        if odd := sorted({one.name for one in fields(kind)} ^ set(given)):
            raise ValueError(f"this code does not have the same settings: {', '.join(odd)}")
    limits = tuple(strokes["pen_limits"])
    return FinetuneConfig(
        **{
            **settings,
            "strokes": StrokeVariation(**{**strokes, "pen_limits": limits}),
            "images": ImageVariation(**images),
        }
    )
