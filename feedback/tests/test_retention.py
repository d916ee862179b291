"""The retention rule is applied again and again, whatever happens in between."""

from collections.abc import Callable
from threading import Event

import pytest
from django.db import DatabaseError

from feedback import retention


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Return a way to let some rounds run, each with its outcome."""

    def run(*outcomes: int | Exception) -> list[int]:
        stop, done, left = Event(), [], list(outcomes)

        def expire() -> int:
            outcome = left.pop(0)
            if not left:
                stop.set()
            if isinstance(outcome, Exception):
                raise outcome
            done.append(outcome)
            return outcome

        monkeypatch.setattr(retention, "expire", expire)
        monkeypatch.setattr(retention, "connection", type("", (), {"close": lambda _: None})())
        retention.keep(stop, first=0, every=0)
        return done

    return run


def test_it_runs_until_it_is_told_to_stop(rounds: Callable[..., list[int]]) -> None:
    assert rounds(3, 0, 1) == [3, 0, 1]


def test_an_outage_of_the_database_is_waited_out(rounds: Callable[..., list[int]]) -> None:
    assert rounds(1, DatabaseError("down"), 2) == [1, 2]


def test_it_begins_some_time_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "expire", lambda: pytest.fail("not yet"))
    stop = Event()
    thread = retention.start(stop)
    assert thread.daemon
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
