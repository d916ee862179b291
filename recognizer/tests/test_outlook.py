"""What machines are told of the champion and of who serves it."""

import pytest
from django.utils import timezone
from prometheus_client import Metric

from recognizer import outlook
from recognizer.models import ServingProcess

pytestmark = pytest.mark.django_db


def values(metrics: tuple[Metric, ...]) -> dict[str, float]:
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def serving(version: int | None, refused: int | None = None) -> None:
    name = str(ServingProcess.objects.count())
    ServingProcess.objects.create(
        process=name, version=version, refused=refused, seen_at=timezone.now()
    )


def test_without_a_process_the_champion_is_known() -> None:
    reading = outlook.read()
    assert values(reading.metrics) == {
        "model_champion_version": 1,
        "model_processes champion": 0,
        "model_processes another": 0,
        "model_processes none": 0,
    }
    assert reading.remarks == {}


def test_processes_are_counted_by_what_they_serve() -> None:
    for version in (1, 1, 2, None):
        serving(version)
    found = values(outlook.read().metrics)
    assert [found[f"model_processes {kind}"] for kind in ("champion", "another", "none")] == [
        2,
        1,
        1,
    ]
    assert outlook.read().remarks == {}


def test_every_process_tells_of_those_that_refuse_the_champion() -> None:
    serving(1)
    serving(2, refused=1)
    assert outlook.read().remarks == {"processes": "1 of 2 web processes refuse version 1"}
