"""The Celery tasks: they wake, and leave the rest to the pipeline."""

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

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
