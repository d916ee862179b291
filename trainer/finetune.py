"""Fine-tunes the anchor on approved corrections with experience replay.

A pure function of (anchor weights, seed, replay set, corrections, config): every challenger is
built from the immutable anchor, on one thread, so the same inputs give the same bytes on the same
kind of machine. Batch norm keeps the anchor's statistics: a few hundred drawings of one hand must
not define what "normal" is. On replay the network is also held to the anchor's logits, as in DER++
(Buzzega et al. 2020, "Dark Experience for General Continual Learning"), without dropout, which
would blur them. The result lies on the way from the anchor (Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models") to the mean of the weights of the last steps (Izmailov et al.
2018). Knows nothing about Django or rows.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import mse_loss

from recognizer.directions import Seen
from recognizer.strokes import Ink
from trainer.augment import draw_varied, vary_image
from trainer.characters import Images, Labels, pictures_of, stack_of
from trainer.finetuning import FinetuneConfig
from trainer.network import Network, to_tensor
from trainer.objective import ObjectiveConfig, objective
from trainer.replay import BalancedSampler, WeightedSampler, capped_weights
from trainer.training import learning_rate_share

OUTLIER = -1  # the label of a replayed drawing that is no character: only the logits are held


@dataclass(frozen=True)
class Corrections:
    """Approved corrections, in the order of the manifest."""

    images: Images  # (n, 28, 28), or (n, 5, 28, 28), as the network sees them
    labels: Labels  # (n,)
    submitters: tuple[str, ...]
    inks: tuple[Ink | None, ...]  # None: an uploaded picture

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: NDArray[np.int64]) -> Self:
        """Return the corrections at some positions."""
        return type(self)(
            self.images[which],
            self.labels[which],
            tuple(self.submitters[i] for i in which),
            tuple(self.inks[i] for i in which),
        )


@dataclass(frozen=True)
class Exemplars:
    """What is replayed: drawings of the base, with the anchor's logits."""

    images: Images  # (n, 28, 28), or (n, 5, 28, 28)
    labels: Labels  # (n,), OUTLIER where it is no character
    sources: tuple[str, ...]
    logits: NDArray[np.float32]  # (n, 36) of the anchor

    def __len__(self) -> int:
        return len(self.labels)


Report = Callable[[int, int, float], None]  # step, steps, loss


@dataclass(frozen=True)
class Finetuned:
    """What came out."""

    network: Network
    early: Network | None  # as it was before the late corrections joined


def finetune(
    anchor: Network,
    corrections: Corrections,
    exemplars: Exemplars,
    config: FinetuneConfig,
    *,
    late: NDArray[np.bool_] | None = None,
    report: Report = lambda *_: None,
) -> Finetuned:
    """Return a challenger; the anchor stays as it is.

    Args:
        anchor: where it starts, and what it is held to.
        corrections: what it learns.
        exemplars: what it must not forget.
        config: how.
        late: which corrections it learns only in the last part of the steps, so that the network
            before that can be asked about people whom it has not learned from; None: none.
        report: called after each step.

    Raises:
        ValueError: there is nothing to learn from.
        FloatingPointError: the loss is not finite.
    """
    if not len(corrections):
        raise ValueError("there are no corrections to learn from")
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(mode=True)
    network = copy.deepcopy(anchor).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.requires_grad_(requires_grad=True)
    network.blocks[: config.frozen].requires_grad_(requires_grad=False)
    optimizer = torch.optim.AdamW(_groups(network, config.weight_decay), lr=config.lr)
    batches = _Batches(corrections, exemplars, config)
    steps, way = config.steps_for(len(corrections)), config.way_for(len(corrections))
    late = np.zeros(len(corrections), bool) if late is None else late
    join = round(steps * config.join) if late.any() else 0
    if join:
        batches.leave_out(late)
    early: Network | None = None
    mean, early_mean = _Mean(), _Mean()
    network.eval()  # batch norm keeps its statistics, and nothing is dropped
    for step in range(steps):
        if join and step == join:
            early = early_mean.between(anchor, way)
            batches.let_join(late)
        for group in optimizer.param_groups:
            group["lr"] = config.lr * learning_rate_share(
                step / steps, config.warm_up, config.decay_from
            )
        loss = _loss(network, batches.next(), config)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} at step {step} of {steps}")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimizer.step()
        # The last step always counts, however few there are.
        if step >= min(steps * (1 - config.average), steps - 1):
            mean.add(network)
        if min(join * (1 - config.early_average), join - 1) <= step < join:
            early_mean.add(network)
        report(step + 1, steps, loss.item())
    return Finetuned(mean.between(anchor, way), early)


@dataclass(frozen=True)
class _Batch:
    images: Tensor  # (new + replay, 1 or 5, 28, 28)
    labels: Tensor  # (new + replay,); outliers last
    characters: int  # how many are characters
    held: Tensor  # positions of what is held to the anchor
    logits: Tensor  # (len(held), 36)


class _Batches:
    """Mixes new and replayed drawings in a fixed ratio."""

    def __init__(
        self, corrections: Corrections, exemplars: Exemplars, config: FinetuneConfig
    ) -> None:
        self._corrections = corrections
        self._exemplars = exemplars
        self._directed = exemplars.images.ndim > 3  # as the network sees what is replayed
        self._config = config
        self._rng = np.random.default_rng([config.seed, 0x1EA2])
        self._draw_from(np.ones(len(corrections)), config.submitter_share)
        self._replay = BalancedSampler(exemplars.labels.tolist(), exemplars.sources, self._rng)

    def leave_out(self, late: NDArray[np.bool_]) -> None:
        """Draw nothing from some of the corrections for now."""
        self._draw_from(np.where(late, 0.0, 1.0), self._config.submitter_share)

    def let_join(self, late: NDArray[np.bool_]) -> None:
        """Draw more often from those that were left out, to make up for it.

        One submitter's share may then be larger, as it was nothing before: over all steps it is
        what it may be.
        """
        share = min(1.0, self._config.submitter_share / (1 - self._config.join))
        self._draw_from(np.where(late, self._config.catch_up, 1.0), share)

    def _draw_from(self, weights: NDArray[np.float64], submitter_share: float) -> None:
        rules = [
            (self._corrections.submitters, submitter_share),
            (self._corrections.labels.tolist(), self._config.class_share),
        ]
        capped = capped_weights(rules, self._config.share_floor, weights)
        self._new = WeightedSampler(capped, self._rng)

    def next(self) -> _Batch:
        new = self._new.draw(self._config.new)
        old = self._replay.draw(self._config.replay)
        labels = self._exemplars.labels[old]
        old = old[np.argsort(labels == OUTLIER, kind="stable")]  # outliers last
        images = np.concatenate(
            [self._varied(new, self._rng), self._exemplars.images[old]]
        )  # (new + replay, 28, 28), or (…, 5, 28, 28)
        labels = np.concatenate([self._corrections.labels[new], self._exemplars.labels[old]])
        return _Batch(
            images=to_tensor(images),
            labels=torch.from_numpy(labels),
            characters=int((labels != OUTLIER).sum()),
            held=torch.arange(len(new), len(labels)),
            logits=torch.from_numpy(self._exemplars.logits[old]),
        )

    def _varied(self, which: NDArray[np.int64], rng: Generator) -> Images:
        drawn: list[Seen] = []
        for position in which:
            ink = self._corrections.inks[position]
            if ink is None:
                (image,) = pictures_of(self._corrections.images[position : position + 1])
                drawn.append(vary_image(image, rng, self._config.images))
            else:
                drawn.append(draw_varied(ink, rng, self._config.strokes, directed=self._directed))
        return stack_of(drawn, directed=self._directed)


def _loss(network: Network, batch: _Batch, config: FinetuneConfig) -> Tensor:
    logits, _ = network(batch.images)
    labels = batch.labels[: batch.characters]
    what = ObjectiveConfig(smoothing=config.smoothing, outliers=0.0)
    loss = objective(logits[: batch.characters], labels, what)
    if config.distil and len(batch.held):
        loss = loss + config.distil * mse_loss(logits[batch.held], batch.logits)
    return loss


def _groups(network: Network, weight_decay: float) -> list[dict[str, object]]:
    parameters = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


class _Mean:
    """The mean of a network's weights over steps."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, network: Network) -> None:
        for name, value in network.named_parameters():
            total = self._sums.setdefault(name, torch.zeros_like(value, dtype=torch.float64))
            total += value.detach()
        self._count += 1

    @torch.no_grad()
    def between(self, anchor: Network, way: float) -> Network:
        """Return a copy of the anchor with weights that lie so far on the way to the mean."""
        averaged = copy.deepcopy(anchor)
        for name, value in averaged.named_parameters():
            mean = self._sums[name] / self._count
            value.copy_(value.double().lerp(mean, way))
        return averaged.eval()
