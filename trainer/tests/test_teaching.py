"""Teachers say what they think of a batch's characters, and of nothing else."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizer.checkpoints import CheckpointCorrupt
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from trainer.batches import BatchConfig, BatchMaker
from trainer.teaching import TaughtBatches, Teachers
from trainer.tests.handwriting import stroke_set


@dataclass(frozen=True)
class Louder:
    """Says the same as another, twice as loud."""

    other: Predictor

    def logits_of(self, rasters: NDArray[np.uint8]) -> NDArray[np.float32]:
        return 2 * self.other.logits_of(rasters)


def maker(tmp_path: Path) -> BatchMaker:
    return BatchMaker([stroke_set(tmp_path)], BatchConfig(size=8, outliers=3), seed=1)


def test_a_batch_gets_the_mean_of_their_logits(tmp_path: Path) -> None:
    known = Predictor.load(PACKAGED_ANCHOR)
    doubled = cast(Predictor, Louder(known))
    batch = TaughtBatches(maker(tmp_path), Teachers((known, doubled))).make(0)
    assert batch.taught is not None
    assert batch.taught.shape == (8, 36)  # the three scribbles are nothing to be taught
    assert batch.taught.dtype == np.float32
    assert np.allclose(batch.taught, 1.5 * known.logits_of(batch.images[:8]), atol=1e-4)


def test_without_teachers_batches_are_as_they_were(tmp_path: Path) -> None:
    plain = maker(tmp_path).make(3)
    taught = TaughtBatches(maker(tmp_path), Teachers(())).make(3)
    assert taught.taught is None
    assert taught.images.tobytes() == plain.images.tobytes()


def test_a_damaged_teacher_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    shutil.copytree(PACKAGED_ANCHOR, folder)
    (folder / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(CheckpointCorrupt, match="does not match the SHA-256"):
        Teachers.load([folder])
