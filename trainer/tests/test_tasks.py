"""The Celery tasks: they wake, and leave the rest to the pipeline."""

from types import SimpleNamespace
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, InterfaceError, OperationalError, ProgrammingError

from trainer import pipeline, tasks


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the options of each message that asks for work."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.work, "apply_async", lambda **options: messages.append(options))
    return messages


def test_a_kick_wakes_a_worker_for_each_open_unit(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "kick", lambda: 3)
    tasks.kick()
    assert len(sent) == 3


def test_a_kick_with_nothing_to_do_wakes_nobody(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "kick", lambda: 0)
    tasks.kick()
    assert sent == []


AWAY = "no work can be looked for: the database does not answer (it is down)"
BACK = "the database answers again"


def test_a_database_that_is_away_is_told_once_and_once_that_it_is_back(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(tasks, "outage", tasks.Outage())
    monkeypatch.setattr(tasks, "connection", SimpleNamespace(connection=None))
    down = OperationalError("it is down\n\tIs it running?")
    outcomes: list[Error | None] = [None, down, InterfaceError("closed"), down, None, None, down]

    def kick() -> int:
        if (error := outcomes.pop(0)) is not None:
            raise error
        return 1

    monkeypatch.setattr(pipeline, "kick", kick)
    for awake, away, back in ((1, 0, 0), *[(1, 1, 0)] * 3, (2, 1, 1), (3, 1, 1), (3, 2, 1)):
        tasks.kick()
        assert (len(sent), caplog.text.count(AWAY), caplog.text.count(BACK)) == (awake, away, back)
    assert "Traceback" not in caplog.text


def test_a_query_that_a_database_refuses_is_told_with_where_it_was_asked(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "outage", tasks.Outage())
    monkeypatch.setattr(tasks, "connection", SimpleNamespace(connection=object()))

    def kick() -> int:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(pipeline, "kick", kick)
    tasks.kick()
    tasks.kick()
    assert caplog.text.count("the database refuses a query (canceling statement") == 1
    assert caplog.text.count("Traceback") == 1
    assert sent == []


def test_a_fault_of_a_kick_is_no_outage(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def kick() -> int:
        raise ProgrammingError("syntax error")

    monkeypatch.setattr(pipeline, "kick", kick)
    with pytest.raises(ProgrammingError):
        tasks.kick()


def test_work_asks_for_the_next_unit_until_there_is_none(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [True, False]
    monkeypatch.setattr(pipeline, "work", lambda **_: units.pop(0))
    tasks.work()
    assert len(sent) == 1
    tasks.work()
    assert len(sent) == 1


def test_a_message_neither_waits_for_a_broker_nor_stays_for_ever(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "work", lambda **_: True)
    tasks.work()
    assert sent == [{"expires": tasks.EXPIRES_SECONDS, "confirm_timeout": 5}]


def test_a_time_limit_of_celery_interrupts_the_work(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[type[BaseException], ...]] = []

    def work(interruptions: tuple[type[BaseException], ...]) -> bool:
        given.append(interruptions)
        return False

    monkeypatch.setattr(pipeline, "work", work)
    tasks.work()
    assert given == [(SoftTimeLimitExceeded,)]
    assert sent == []


def test_a_task_whose_process_dies_is_tried_three_times_at_most() -> None:
    assert tasks.work.max_retries == 2
