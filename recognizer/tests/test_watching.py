"""Hot swap: a process follows the champion, and whatever fails, the old version goes on."""

import json
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError
from django.utils import timezone
from onnx import TensorProto, helper, numpy_helper
from prometheus_client import REGISTRY
from pytest_django import Settings

from digitsite.tests import tiny_version
from recognizer import metrics, publishing, pulse, registry, serving, watching
from recognizer.alphabet import LABELS
from recognizer.checkpoints import MODEL, CheckpointCorrupt
from recognizer.models import Champion, ModelVersion, ServingProcess
from recognizer.predictor import Predictor
from recognizer.serving import LAST_GOOD, Counts
from recognizer.tests.clock import Clock
from recognizer.tests.making_versions import flip_a_bit, folder_of, made
from recognizer.watching import Watcher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state", "unbooted")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fixed = Clock()
    monkeypatch.setattr(watching, "time", fixed)
    return fixed


@pytest.fixture
def watcher(clock: Clock) -> Watcher:
    """A process that serves version 1."""
    process = Watcher()
    process.step()
    assert serving.served() == 1
    return process


@pytest.fixture
def told() -> list[tuple[int, Counts]]:
    heard: list[tuple[int, Counts]] = []
    serving.on_swap(lambda *news: heard.append(news))
    return heard


def promote(number: int) -> None:
    registry.promote(number, reason="x", expected=registry.champion().version_id)


def row() -> ServingProcess:
    return ServingProcess.objects.get()


def rejected() -> float:
    return sum(
        sample.value
        for metric in metrics.MODEL_REJECTED.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


def test_a_process_follows_the_champion_and_says_so(
    watcher: Watcher, told: list[tuple[int, Counts]], state: Path
) -> None:
    made()
    promote(2)
    old = serving.current()
    watcher.step()
    assert serving.current().version == 2
    assert old.predict([]).version == 1  # whoever holds it finishes with it
    assert (row().version, row().refused, row().problem) == (2, None, "")
    assert row().loaded_at is not None
    assert told == [(2, (1, 1))]
    assert json.loads((state / LAST_GOOD).read_text())["folder"] == "v000002"
    assert REGISTRY.get_sample_value("model_active_version") == 2
    registry.rollback(None, "x")
    watcher.step()
    assert serving.current().version == 1


def test_how_long_a_swap_took_is_counted_and_a_start_is_no_swap(watcher: Watcher) -> None:
    def swaps() -> tuple[float, float]:
        found = [REGISTRY.get_sample_value(f"swap_seconds_{name}") for name in ("count", "sum")]
        return float(found[0] or 0), float(found[1] or 0)

    before = swaps()
    Watcher().step()
    assert swaps() == before
    made()
    promote(2)
    watcher.step()
    assert swaps()[0] == before[0] + 1
    assert 0 <= swaps()[1] - before[1] < 60


@pytest.fixture
def other() -> ServingProcess:
    """Return a second process, which serves the anchor."""
    made()
    other = ServingProcess(process="other", version=1)
    other.seen_at = row().seen_at
    other.save()
    return other


def test_one_frame_tells_of_a_swap_that_others_follow_at_once(
    watcher: Watcher, told: list[tuple[int, Counts]], other: ServingProcess
) -> None:
    promote(2)
    watcher.step()
    assert told == []
    assert watcher.pause < 1
    ServingProcess.objects.filter(pk=other.pk).update(version=2)
    watcher.step()
    assert told == [(2, (2, 2))]
    assert watcher.pause == 1


def test_news_is_told_again_where_others_are_slow_and_not_for_ever(
    watcher: Watcher, told: list[tuple[int, Counts]], other: ServingProcess, clock: Clock
) -> None:
    promote(2)
    watcher.step()
    clock.now += 1
    for _ in range(3):
        watcher.step()
    assert told == [(2, (1, 2))]
    clock.now += 60
    ServingProcess.objects.filter(pk=other.pk).delete()
    watcher.step()
    assert told == [(2, (1, 2))]
    assert watcher.pause == 1


def test_slow_others_complete_the_news(
    watcher: Watcher, told: list[tuple[int, Counts]], other: ServingProcess, clock: Clock
) -> None:
    promote(2)
    watcher.step()
    clock.now += 1
    watcher.step()
    ServingProcess.objects.filter(pk=other.pk).update(version=2)
    watcher.step()
    assert told == [(2, (1, 2)), (2, (2, 2))]


def test_the_heartbeat_comes_every_few_seconds(watcher: Watcher, clock: Clock) -> None:
    ServingProcess.objects.update(problem="old news")
    watcher.step()
    assert row().problem == "old news"
    clock.now += 5
    watcher.step()
    assert row().problem == ""
    watcher.leave()
    assert not ServingProcess.objects.exists()


def test_processes_that_went_without_a_word_are_forgotten_after_a_day() -> None:
    now = timezone.now()
    for name, hours in (("gone", 25), ("silent", 23)):
        seen = now - timedelta(hours=hours)
        ServingProcess.objects.create(process=name, seen_at=seen)
    watcher = Watcher()
    watcher.step()
    left = set(ServingProcess.objects.values_list("process", flat=True))
    assert left == {"silent", watcher.process}


def not_finite() -> bytes:
    """Return a model whose answers are finite for an empty canvas alone."""
    weights = np.full((784, len(LABELS)), 3e38, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["features"]),
            helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        ],
        "overflow",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(LABELS)]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 784]),
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def corrupt(version: ModelVersion) -> None:
    flip_a_bit(folder_of(version) / MODEL)


def missing(version: ModelVersion) -> None:
    shutil.rmtree(folder_of(version))


def unreadable(version: ModelVersion) -> None:
    (folder_of(version) / MODEL).unlink()
    (folder_of(version) / MODEL).mkdir()


def truncated(version: ModelVersion) -> None:
    path = folder_of(version) / MODEL
    path.write_bytes(path.read_bytes()[:1000])


SPOILT: list[Callable[[ModelVersion], None]] = [corrupt, missing, unreadable, truncated]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_version_that_cannot_be_loaded_leaves_the_old_one_serving(
    spoil: Callable[[ModelVersion], None], watcher: Watcher, clock: Clock
) -> None:
    version = made()
    promote(2)
    good = Path(shutil.copytree(folder_of(version), folder_of(version).parent / "good"))
    spoil(version)
    before = rejected()
    for _ in range(10):
        watcher.step()
    assert serving.current().version == 1
    assert (row().version, row().refused) == (1, 2)
    assert "v000002" in row().problem
    assert rejected() == before + 1  # not in a hot loop
    for pause in (5, 10, 20, 40):
        clock.now += pause - 0.1
        watcher.step()
        clock.now += 0.2
        watcher.step()
    assert rejected() == before + 5
    shutil.rmtree(folder_of(version), ignore_errors=True)
    good.rename(folder_of(version))
    clock.now += 300
    watcher.step()
    assert serving.current().version == 2
    assert (row().version, row().refused, row().problem) == (2, None, "")


def test_a_version_that_answers_with_nan_is_promoted_by_nobody_and_served_by_nobody(
    watcher: Watcher,
) -> None:
    version = made("overflow", model=not_finite())
    with pytest.raises(registry.Refused, match="not finite"):
        promote(2)
    Champion.objects.update(version=version)  # past the registry
    watcher.step()
    assert serving.current().version == 1
    assert (row().refused, "not finite" in row().problem) == (2, True)


def test_another_champion_ends_a_refusal_at_once(watcher: Watcher) -> None:
    corrupt_one = made()
    made()
    promote(2)
    corrupt(corrupt_one)
    watcher.step()
    promote(3)
    watcher.step()
    assert (serving.current().version, row().refused) == (3, None)


def test_going_back_to_what_is_served_ends_a_refusal(watcher: Watcher) -> None:
    version = made()
    promote(2)
    corrupt(version)
    watcher.step()
    assert row().refused == 2
    registry.rollback(None, "x")
    watcher.step()
    assert row().refused is None


@pytest.mark.parametrize(
    "error",
    [
        DatabaseError("disk I/O error"),
        DatabaseError("no such column: recognizer_champion.new"),
        RuntimeError("odd"),
    ],
)
def test_no_error_ends_the_watch(
    error: Exception,
    watcher: Watcher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(watching, "_target", fail)
        for _ in range(3):
            watcher.step()
    assert serving.current().version == 1
    if isinstance(error, DatabaseError):
        said = "is not up to date" if "column" in str(error) else "does not answer"
        assert caplog.text.count(f"the champion is unknown: the database {said}") == 1
        assert pulse.ours.latest.state == "down"
    made()
    promote(2)
    watcher.step()
    assert serving.current().version == 2
    assert pulse.ours.latest.state == "ok"


def test_a_listener_that_fails_does_not_keep_others_from_hearing(
    watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []

    def fail(*_: object) -> None:
        raise RuntimeError

    serving.on_swap(fail)
    serving.on_swap(lambda *news: heard.append(news))
    serving.tell(2, (1, 1))
    assert heard == [(2, (1, 1))]
    assert "could not be told" in caplog.text


# Boot: champion, last good, packaged anchor.


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what makes this process a new one that boots."""

    def boot() -> None:
        monkeypatch.setattr(serving, "_booted", False)
        monkeypatch.setattr(serving, "_predictor", None)
        monkeypatch.setattr(watching, "_watcher", None)
        watching.boot()

    # A test's transaction lives and dies with its connection.
    monkeypatch.setattr(watching, "close_old_connections", lambda: None)
    return boot


def down() -> None:
    raise DatabaseError("unable to open database file")


def test_a_process_boots_with_the_champion(restarted: Callable[[], None]) -> None:
    made()
    promote(2)
    restarted()
    assert serving.current().version == 2


def test_with_the_database_down_it_boots_with_the_last_good_version(
    restarted: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    promote(2)
    restarted()
    monkeypatch.setattr(watching, "_target", down)
    restarted()
    assert serving.current().version == 2


@pytest.mark.parametrize("spoil", SPOILT)
def test_with_a_spoilt_champion_it_boots_with_the_last_good_version(
    spoil: Callable[[ModelVersion], None], restarted: Callable[[], None]
) -> None:
    made()
    promote(2)
    restarted()
    bad = made()
    promote(3)
    spoil(bad)
    restarted()
    assert serving.current().version == 2
    assert row().refused == 3


def test_with_nothing_good_left_it_boots_with_the_packaged_anchor(
    restarted: Callable[[], None],
) -> None:
    version = made()
    promote(2)
    restarted()
    corrupt(version)
    restarted()
    assert serving.current().version == 1


@pytest.mark.parametrize("noted", ["", "{", "[]", '{"folder": "../x", "sha256": ""}', "{}"])
def test_a_spoilt_note_of_the_last_good_version_does_no_harm(
    noted: str, restarted: Callable[[], None], monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    monkeypatch.setattr(watching, "_target", down)
    (state / LAST_GOOD).write_text(noted)
    restarted()
    assert serving.current().version == 1


def test_a_pinned_version_is_served_whatever_the_champion_is(
    restarted: Callable[[], None], settings: Settings, tmp_path: Path
) -> None:
    made()
    promote(2)
    settings.MODEL_DIR = tiny_version.write(tmp_path / "pinned", number=9)
    restarted()
    assert serving.current().version == 9
    watching.start()
    assert watching._thread is None
    assert not ServingProcess.objects.exists()


def test_a_rehearsal_finds_probabilities_that_do_not_sum_to_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predictor = Predictor.load(publishing.PACKAGED_ANCHOR)
    predictor.rehearse()
    monkeypatch.setattr(Predictor, "_calibrated", lambda *_: [0.5] * 36)
    with pytest.raises(CheckpointCorrupt, match="sum to 18"):
        predictor.rehearse()


def test_a_wait_without_redis_ends_in_time_and_when_told_to_stop() -> None:
    from recognizer.notices import Hints

    hints, stop = Hints(), Event()
    began = time.monotonic()
    hints.wait(0.05, stop)
    assert 0.04 < time.monotonic() - began < 1
    stop.set()
    hints.wait(60, stop)
    assert time.monotonic() - began < 2
