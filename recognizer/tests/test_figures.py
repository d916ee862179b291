"""Figures from the database: read seldom, left out while it does not answer."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import Client
from prometheus_client import CollectorRegistry, generate_latest

from recognizer import figures as module
from recognizer.figures import Figures, Reading, gauge, gauges
from recognizer.tests.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Figures:
    """The process's figures, with nothing read so far and nothing added."""
    monkeypatch.setattr(module.figures, "_reads", [])
    monkeypatch.setattr(module.figures, "_latest", Reading())
    monkeypatch.setattr(module.figures, "_due", 0.0)
    return module.figures


def counting(figures: Figures) -> list[int]:
    """Add something that is another figure each time; return what was read."""
    seen: list[int] = []

    def read() -> Reading:
        seen.append(len(seen))
        return Reading((gauge("sheep", "Sheep", len(seen)),))

    figures.add(read)
    return seen


def failing(error: Exception) -> Callable[[], Reading]:
    def read() -> Reading:
        raise error

    return read


def scrape(figures: Figures) -> str:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(figures)
    return generate_latest(registry).decode()


def test_however_many_ask_it_is_read_once_in_a_few_seconds(clock: Clock) -> None:
    figures = Figures()
    seen = counting(figures)
    for _ in range(5):
        figures.look()
    clock.now += module.KEPT_SECONDS
    figures.look()
    assert seen == [0, 1]


def test_what_is_old_is_left_out_while_whoever_looks_waits(clock: Clock) -> None:
    figures = Figures()
    counting(figures)
    figures.look()
    clock.now += module.KEPT_SECONDS + 0.5
    assert "sheep" in scrape(figures)
    clock.now += 1
    assert scrape(figures) == ""


def test_collecting_asks_nobody(clock: Clock) -> None:
    figures = Figures()
    seen = counting(figures)
    assert "sheep" not in scrape(figures)
    figures.look()
    assert "sheep 1.0" in scrape(figures)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DatabaseError("disk I/O error"), "does not answer"),
        (InterfaceError("closed"), "does not answer"),
        (OperationalError("no such column: x"), "is not up to date"),
    ],
)
def test_all_are_left_out_while_the_database_does_not_answer(
    clock: Clock, error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    figures = Figures()
    counting(figures)
    figures.look()
    figures.add(failing(error))
    clock.now += module.KEPT_SECONDS
    assert figures.look() == Reading()
    assert scrape(figures) == ""
    assert f"the database {said}" in caplog.text


def test_a_fault_of_ours_is_not_hidden(clock: Clock) -> None:
    figures = Figures()
    figures.add(failing(RuntimeError("a fault")))
    with pytest.raises(RuntimeError):
        figures.look()


def test_what_is_added_twice_is_read_once(clock: Clock) -> None:
    figures = Figures()
    seen: list[int] = []

    def read() -> Reading:
        seen.append(1)
        return Reading()

    figures.add(read)
    figures.add(read)
    figures.look()
    assert seen == [1]


def test_a_gauge_may_have_a_value_for_each_value_of_a_label() -> None:
    figures = Figures()
    figures.add(lambda: Reading((gauges("flock", "Flock", "colour", {"black": 1, "white": 8}),)))
    figures.look()
    text = scrape(figures)
    assert 'flock{colour="black"} 1.0' in text
    assert 'flock{colour="white"} 8.0' in text


@pytest.mark.django_db
@pytest.mark.usefixtures("standin", "looks_here")
def test_a_scrape_shows_the_figures(client: Client, fresh: Figures) -> None:
    counting(fresh)
    assert "\nsheep 1.0\n" in client.get("/metrics").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("standin", "looks_here")
def test_a_remark_is_a_detail_of_a_site_that_is_ready(client: Client, fresh: Figures) -> None:
    assert client.get("/health/ready").json()["details"] == {}
    fresh.add(lambda: Reading(remarks={"sheep": "all black"}))
    fresh._due = 0.0
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["details"] == {"sheep": "all black"}


@pytest.mark.django_db
@pytest.mark.usefixtures("standin", "looks_here")
def test_metrics_are_answered_without_the_database(client: Client, fresh: Figures) -> None:
    fresh.add(failing(DatabaseError("disk I/O error")))
    answer = client.get("/metrics")
    assert (answer.status_code, b"ws_open" in answer.content) == (200, True)
