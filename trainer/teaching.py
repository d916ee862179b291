"""Teachers: versions whose logits a training also follows (Hinton et al. 2015, distillation).

Networks of different shapes err differently, and what they say together is better than what each
says alone: one network that follows them keeps some of that at the price of one. A teacher is a
version folder, so it may have any shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.checkpoints import MODEL
from recognizer.predictor import Predictor
from trainer.batches import Batch, BatchMaker


@dataclass(frozen=True)
class Teachers:
    """Opened versions, asked together."""

    predictors: tuple[Predictor, ...]

    @classmethod
    def load(cls, folders: Sequence[Path]) -> "Teachers":
        """Verify and open version folders.

        Raises:
            CheckpointError: a subclass that says what is wrong with which folder.
        """
        return cls(tuple(Predictor.load(folder) for folder in folders))

    @property
    def sha256(self) -> tuple[str, ...]:
        """The digests of their models: they belong to a training's settings."""
        return tuple(each.card.sha256[MODEL] for each in self.predictors)

    def described(self) -> list[dict[str, Any]]:
        """Return what a model card says of them."""
        cards = [each.card for each in self.predictors]
        return [
            {"name": card.name, "number": card.number, "sha256": card.sha256[MODEL]}
            for card in cards
        ]

    def teach(self, batch: Batch) -> Batch:
        """Return the batch with the mean of their logits for its characters.

        Outliers are left out: what the teachers say of scribbles is what training is to change.
        """
        if not self.predictors:
            return batch
        characters = batch.images[: len(batch.labels)]
        logits = [each.logits_of(characters) for each in self.predictors]
        return replace(batch, taught=np.mean(logits, axis=0, dtype=np.float32))


@dataclass(frozen=True)
class TaughtBatches:
    """Makes batches that teachers have looked at."""

    maker: BatchMaker
    teachers: Teachers

    def make(self, step: int) -> Batch:
        """Return the batch of `step`."""
        return self.teachers.teach(self.maker.make(step))
