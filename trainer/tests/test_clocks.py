"""Workers, beat and the web process whose clocks differ, or are set: only the database's counts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta, tzinfo

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from recognizer import registry, serving
from recognizer.models import ModelVersion, Promotion
from recognizer.tests.conftest import unbooted  # noqa: F401 - a fixture
from recognizer.watching import Watcher
from trainer import pipeline
from trainer.models import Challenger, RunStatus, TrainingRun
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unbooted")]

SKEWS = [-90, 90]  # seconds; more than a machine without NTP goes wrong in a month

At = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return what a process does on a machine whose clock is so many seconds ahead."""

    @contextmanager
    def ahead(seconds: int) -> Iterator[None]:
        class Ahead(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(seconds=seconds)

        with monkeypatch.context() as patch:
            # Also what was imported before, as the defaults of columns are, asks this.
            patch.setattr(timezone, "datetime", Ahead)
            yield

    return ahead


@pytest.mark.parametrize("skew", SKEWS)
def test_the_clock_that_is_wrong_is_wrong_here(skew: int, at: At) -> None:
    right = timezone.now()
    with at(skew):
        assert abs(timezone.now() - right - timedelta(seconds=skew)) < timedelta(seconds=5)


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("phase", ["build", "judging"])
def test_nobody_takes_what_another_is_at(skew: int, phase: str, at: At, bench: Bench) -> None:
    versions: list[int] = []
    for first, second in ((skew, 0), (0, skew)):
        approved(first=len(versions))
        looks: list[bool] = []

        def look(clock: int = second, looks: list[bool] = looks) -> None:
            with at(clock):
                pipeline.kick()
                looks.append(pipeline.work())

        setattr(bench, f"during_{phase}", look)
        with at(first):
            pipeline.kick()
            while pipeline.work():
                pass
        assert looks == [False]
        versions.append(registry.champion().version_id)
    assert versions == [2, 3]
    assert [run for run, _ in bench.built] == bench.judged
    assert len(set(bench.judged)) == len(bench.judged) == 2
    assert set(TrainingRun.objects.values_list("status", flat=True)) == {RunStatus.PROMOTED}


@pytest.mark.parametrize("skew", SKEWS)
def test_versions_ascend_and_the_swap_arrives(skew: int, at: At, bench: Bench) -> None:
    web = Watcher()
    web.step()
    served = []
    for round_, clock in enumerate((skew, -skew, 0)):
        approved(first=round_)
        with at(clock):
            pipeline.kick()
            while pipeline.work():
                pass
        with at(-clock):
            web.step()
        served.append(serving.served())
    assert served == [2, 3, 4]
    ledger = Promotion.objects.order_by("pk").values_list("to_version", flat=True)
    assert list(ledger)[-3:] == served
    moments = list(Promotion.objects.order_by("pk").values_list("created", flat=True))
    assert moments == sorted(moments)
    assert ModelVersion.objects.count() == 4
    assert registry.serving_counts(4) == (1, 1)  # what receipts say


@pytest.mark.parametrize("skew", SKEWS)
def test_what_is_due_is_opened_whatever_the_workers_clock_says(
    skew: int, at: At, bench: Bench
) -> None:
    approved()
    with at(skew):
        assert pipeline.kick() == 1


def test_what_was_just_approved_is_not_due_because_a_workers_clock_is_fast(
    at: At, bench: Bench, settings: Settings
) -> None:
    settings.TRAIN_AFTER_SECONDS = 60
    approved()
    with at(90):
        pipeline.kick()
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("phase", ["build", "judging"])
@pytest.mark.parametrize("step", SKEWS)
def test_the_databases_clock_may_be_set_while_a_worker_is_at_it(
    step: int, phase: str, bench: Bench
) -> None:
    rows = Challenger.objects if phase == "build" else TrainingRun.objects
    others: list[bool] = []

    def set_the_clock() -> None:
        setattr(bench, f"during_{phase}", lambda: None)
        # Forward: the lease is over at once. Back: it holds for longer.
        rows.update(lease_until=F("lease_until") - timedelta(seconds=step))
        pipeline.kick()
        others.append(pipeline.work())

    approved()
    setattr(bench, f"during_{phase}", set_the_clock)
    pipeline.kick()
    while pipeline.work():
        pass
    assert others == [step > 0]
    assert TrainingRun.objects.get().status == RunStatus.PROMOTED
    assert Promotion.objects.filter(run__isnull=False).count() == 1
    assert registry.champion().version_id == max(ModelVersion.objects.values_list("pk", flat=True))
