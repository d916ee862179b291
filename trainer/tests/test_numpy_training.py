"""Training in NumPy learns, chooses by validation alone, and is the same again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer.numpy_nn import Dense, Network
from trainer.numpy_training import (
    Architecture,
    Diverged,
    Momentum,
    Progress,
    Settings,
    learning_rate,
    logits_of,
    to_inputs,
    train,
)

SETTINGS = Settings(epochs=4, batch_size=8, lr=0.02)


def bars(count: int = 40, seed: int = 0) -> tuple[Any, Any]:
    """Return noisy images of upright bars, label 0, and level ones, label 1."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, 28, 28), np.uint8)
    for index, at in enumerate(rng.integers(6, 22, count)):
        if index % 2:
            images[index, at, 4:24] = 255
        else:
            images[index, 4:24, at] = 255
    return images, np.arange(count) % 2


def build(filters: int = 0, seed: int = 0) -> Network:
    return Architecture(2, hidden=(16,), filters=filters).build(np.random.default_rng(seed))


def quietly(progress: Progress) -> None:
    """Report nothing."""


def by_accuracy(network: Network) -> dict[str, float]:
    images, labels = bars(seed=1)
    wrong = logits_of(network, images).argmax(axis=1) != labels
    return {"loss": float(wrong.mean())}


def run(network: Network, settings: Settings = SETTINGS, **options: Any) -> int | None:
    images, labels = bars()
    return train(
        network,
        images,
        labels,
        settings,
        options.pop("validate", by_accuracy),
        **({"report": quietly} | options),
    )


@pytest.mark.parametrize("filters", [0, 4])
def test_it_learns(filters: int) -> None:
    network = build(filters)
    assert by_accuracy(network)["loss"] > 0.25
    settings = replace(SETTINGS, epochs=6)
    train(network, *bars(400, seed=2), settings, by_accuracy, report=quietly)
    assert by_accuracy(network)["loss"] < 0.1


def test_the_same_seed_trains_the_same_network() -> None:
    first, second, other = build(), build(), build()
    run(first)
    run(second)
    run(other, replace(SETTINGS, seed=2))
    np.testing.assert_array_equal(first.state()["1.weights"], second.state()["1.weights"])
    assert not np.array_equal(first.state()["1.weights"], other.state()["1.weights"])


def scripted(*losses: float) -> tuple[Callable[[Network], dict[str, float]], list[Any]]:
    """Return a validation that says what it is told to, and the weights that it was shown."""
    left = iter(losses)
    shown: list[Any] = []

    def validate(network: Network) -> dict[str, float]:
        shown.append(network.state()["1.weights"].copy())
        return {"loss": next(left)}

    return validate, shown


def test_the_best_epoch_by_validation_is_kept_not_the_last() -> None:
    network = build()
    validate, shown = scripted(0.5, 0.2, 0.9, 0.2)
    assert run(network, validate=validate) == 2
    np.testing.assert_array_equal(network.state()["1.weights"], shown[1])
    assert not np.array_equal(shown[1], shown[3])


def test_progress_tells_validation_at_the_end_of_each_epoch() -> None:
    told: list[Progress] = []
    times = iter(range(100))
    run(build(), report=told.append, clock=lambda: float(next(times)))
    assert [progress.step for progress in told] == list(range(1, 21))  # 40 images in batches of 8
    assert [p.step for p in told if p.validation is not None] == [5, 10, 15, 20]
    assert told[4].steps == 20
    assert told[4].samples_per_second == 8.0  # one batch a second


def test_it_stops_when_asked() -> None:
    asked = iter([False, False, True])
    told: list[Progress] = []
    assert run(build(), report=told.append, stop=lambda: next(asked)) is None
    assert len(told) == 3


def test_a_learning_rate_that_is_too_high_is_named() -> None:
    with np.errstate(all="ignore"), pytest.raises(Diverged, match="try a lower --lr"):
        run(build(), replace(SETTINGS, lr=1e8, epochs=40))


def test_a_training_that_never_validated_is_not_taken_for_one() -> None:
    validate, _ = scripted(*[float("nan")] * 4)
    with pytest.raises(Diverged, match="validation loss never was a number"):
        run(build(), validate=validate)


def test_every_image_is_seen_once_in_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    loss = Network.loss

    def watch(self: Network, inputs: Any, labels: Any) -> float:
        seen.extend(labels.tolist())
        return loss(self, inputs, labels % 2)

    monkeypatch.setattr(Network, "loss", watch)
    images, _ = bars(21)  # the last batch is smaller
    train(build(), images, np.arange(21), replace(SETTINGS, epochs=2), by_accuracy, report=quietly)
    assert sorted(seen[:21]) == sorted(seen[21:]) == list(range(21))
    assert seen[:21] != seen[21:]


def one_weight(gradient: float, settings: Settings) -> tuple[Momentum, Dense]:
    layer = Dense(1, 1, np.random.default_rng(0))
    layer.parameters = {"weights": np.array([[2.0]]), "biases": np.array([2.0])}
    layer.gradients = {"weights": np.array([[gradient]]), "biases": np.array([gradient])}
    return Momentum(Network([layer]), settings), layer


def test_velocity_grows_where_gradients_agree() -> None:
    momentum, layer = one_weight(1.0, Settings(momentum=0.5, weight_decay=0.0))
    places = []
    for _ in range(3):
        momentum.step(lr=0.1)
        places.append(float(layer.parameters["weights"][0, 0]))
    assert places == pytest.approx([1.9, 1.75, 1.575])  # by 0.1, 0.15, 0.175


def test_weights_decay_and_biases_do_not() -> None:
    momentum, layer = one_weight(0.0, Settings(momentum=0.0, weight_decay=0.5))
    momentum.step(lr=0.1)
    assert layer.parameters["weights"][0, 0] == pytest.approx(1.9)
    assert layer.parameters["biases"][0] == 2.0


def test_the_learning_rate_falls_smoothly_to_nothing() -> None:
    rates = [learning_rate(step / 10, 0.3) for step in range(11)]
    assert rates[0] == pytest.approx(0.3)
    assert rates[5] == pytest.approx(0.15)
    assert rates[10] == pytest.approx(0.0)
    assert rates == sorted(rates, reverse=True)


def test_reading_in_chunks_gives_every_image_its_logits() -> None:
    images, _ = bars(1003)
    network = build()
    found = logits_of(network, images)
    assert found.shape == (1003, 2)
    np.testing.assert_allclose(found[-3:], network.forward(to_inputs(images[-3:])), atol=1e-5)


def test_ink_and_paper_lie_on_both_sides_of_zero() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0, 0] = 255
    inputs = to_inputs(images)
    assert inputs.shape == (1, 28, 28, 1)
    assert inputs.dtype == np.float32
    assert inputs[0, 0, 0, 0] > 0 > inputs[0, 1, 1, 0]
