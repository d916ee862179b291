"""Training learns, keeps the best, resumes to the bit and refuses what is not its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trainer.batches import BatchConfig
from trainer.network import Network, NetworkConfig
from trainer.tensor_files import TensorFileError, read_tensors
from trainer.tests.handwriting import stroke_set
from trainer.training import (
    BEST,
    LATEST,
    Progress,
    ResumeError,
    Training,
    TrainingConfig,
    learning_rate_share,
)
from trainer.validation import Validation

CONFIG = TrainingConfig(
    epochs=3,
    samples_per_epoch=48,
    lr=5e-3,
    threads=1,
    batch=BatchConfig(size=16, outliers=2),
    network=NetworkConfig(widths=(4, 8)),
)


def quietly(progress: Progress) -> None:
    """Report nothing."""


def make(tmp_path: Path, folder: str = "run", config: TrainingConfig = CONFIG) -> Training:
    pens = stroke_set(tmp_path)
    return Training(config, [pens], Validation([pens]), tmp_path / folder)


def stop_after(steps: int) -> Callable[[], bool]:
    calls = iter([False] * (steps - 1) + [True])
    return lambda: next(calls)


def same(first: Network, second: Network) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_learns(tmp_path: Path) -> None:
    validations: list[dict[str, float]] = []

    def keep(progress: Progress) -> None:
        if progress.validation is not None:
            validations.append(progress.validation)

    config = replace(CONFIG, epochs=6, samples_per_epoch=160)
    assert make(tmp_path, config=config).run(keep)
    assert len(validations) == 6
    assert validations[-1]["loss"] < validations[0]["loss"]
    assert validations[-1]["pens/digit"] == 1.0


def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = make(tmp_path, "whole")
    assert whole.run(quietly)
    broken = make(tmp_path, "broken")
    assert not broken.run(quietly, stop_after(5))  # in the middle of an epoch
    resumed = make(tmp_path, "broken")
    resumed.restore(tmp_path / "broken" / LATEST)
    assert resumed.step == 5
    assert resumed.run(quietly)
    assert same(resumed.network, whole.network)
    assert same(resumed.average.network, whole.average.network)
    assert (tmp_path / "broken" / BEST).read_bytes() == (tmp_path / "whole" / BEST).read_bytes()


def test_the_same_seed_trains_the_same_network(tmp_path: Path) -> None:
    first, second = make(tmp_path, "first"), make(tmp_path, "second")
    other = make(tmp_path, "other", replace(CONFIG, seed=2))
    for training in (first, second, other):
        training.run(quietly)
    assert same(first.network, second.network)
    assert not same(first.network, other.network)


def test_threads_change_nothing_and_parts_of_a_batch_do(tmp_path: Path) -> None:
    config = replace(CONFIG, network=NetworkConfig(widths=(4, 8), dropout=0.3))
    one, two = (
        make(tmp_path, f"{threads}", replace(config, threads=threads)) for threads in (1, 2)
    )
    whole = make(tmp_path, "whole", replace(config, shards=1))
    for training in (one, two, whole):
        training.run(quietly)
    assert same(one.network, two.network)
    assert not same(one.network, whole.network)


def test_the_best_by_validation_is_kept_not_the_last(tmp_path: Path) -> None:
    losses = iter([0.5, 0.2, 0.9])
    pens = stroke_set(tmp_path)
    training = Training(CONFIG, [pens], lambda _: {"loss": next(losses)}, tmp_path)
    training.run(quietly)
    _, facts = read_tensors(tmp_path / BEST)
    assert facts["step"] == 2 * CONFIG.steps_per_epoch
    assert facts["validation"] == {"loss": 0.2}
    assert training.best_loss == 0.2


def test_a_finished_training_has_nothing_left_to_do(tmp_path: Path) -> None:
    make(tmp_path).run(quietly)
    again = make(tmp_path)
    again.restore(tmp_path / "run" / LATEST)
    reports: list[Progress] = []
    assert again.run(reports.append)
    assert reports == []


def test_other_settings_are_not_resumed(tmp_path: Path) -> None:
    make(tmp_path).run(quietly, stop_after(1))
    other = make(tmp_path, config=replace(CONFIG, lr=1e-3))
    with pytest.raises(ResumeError, match=r"other settings: lr was 0\.005"):
        other.restore(tmp_path / "run" / LATEST)


def test_another_number_of_threads_may_resume(tmp_path: Path) -> None:
    make(tmp_path).run(quietly, stop_after(1))
    other = make(tmp_path, config=replace(CONFIG, threads=2))
    other.restore(tmp_path / "run" / LATEST)
    assert other.step == 1


@pytest.mark.parametrize("content", [None, b"", b"\x80\x04pickle"], ids=["none", "empty", "pickle"])
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / LATEST
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TensorFileError, match=str(path)):
        make(tmp_path).restore(path)


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    shares = [learning_rate_share(step / 100, 0.1) for step in range(101)]
    assert shares[0] < 0.02
    assert max(shares) == pytest.approx(1.0, abs=1e-3)
    assert shares.index(max(shares)) == 10
    assert shares[-1] == pytest.approx(0.0, abs=1e-9)


def test_the_rate_can_stay_at_its_peak_for_a_while() -> None:
    shares = [learning_rate_share(step / 100, 0.1, 0.5) for step in range(101)]
    assert shares[:10] == [learning_rate_share(step / 100, 0.1) for step in range(10)]
    assert shares[10:51] == [1.0] * 41
    assert sorted(shares[50:], reverse=True) == shares[50:]
    assert shares[-1] == pytest.approx(0.0, abs=1e-9)


def test_teachers_that_the_settings_do_not_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the teachers"):
        make(tmp_path, config=replace(CONFIG, teachers=("a" * 64,)))
