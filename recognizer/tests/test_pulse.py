"""Whether the database takes writes, as the latest write has found."""

import sqlite3
from collections.abc import Callable

import pytest
from django.db import DatabaseError, OperationalError

from recognizer import pulse
from recognizer.models import ServingProcess
from recognizer.pulse import Pulse
from recognizer.tests.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fixed = Clock()
    monkeypatch.setattr(pulse, "time", fixed)
    return fixed


def failing(error: Exception, cause: Exception | None = None) -> Callable[[], None]:
    def write() -> None:
        raise error from cause

    return write


def test_a_write_is_known_until_the_next_is_due(clock: Clock) -> None:
    ours = Pulse()
    assert not ours.is_fresh
    ours.beat(lambda: None)
    clock.now += 6
    assert (ours.is_fresh, ours.latest.state) == (True, "ok")
    clock.now += 2
    assert not ours.is_fresh


def test_a_write_that_takes_long_is_slow(clock: Clock) -> None:
    def write() -> None:
        clock.now += 1.5

    ours = Pulse()
    ours.beat(write)
    assert ours.latest[:2] == ("slow", "it took 1.5 s to write one row")


def test_after_a_failure_it_is_tried_again_soon_and_told_once(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ours = Pulse()
    for _ in range(3):
        with pytest.raises(DatabaseError):
            ours.beat(failing(DatabaseError("no")))
        assert (ours.latest.state, ours.is_fresh) == ("down", True)
        clock.now += 1
        assert not ours.is_fresh
    ours.beat(lambda: None)
    assert ours.latest.state == "ok"
    assert caplog.text.count("takes no writes") == 1


def test_why_is_told_without_hosts_and_users() -> None:
    ours = Pulse()
    cause: Exception = sqlite3.OperationalError("attempt to write a readonly database")
    ours.fail(failed(failing(OperationalError(str(cause)), cause)))
    assert ours.latest.says == "it takes no writes (attempt to write a readonly database)"
    cause = ConnectionError('connection to server at "db.internal" failed for user "digitsite"')
    ours.fail(failed(failing(OperationalError(str(cause)), cause)))
    assert ours.latest.says == "it takes no writes (ConnectionError)"


def failed(write: Callable[[], None]) -> OperationalError:
    with pytest.raises(OperationalError) as raised:
        write()
    return raised.value


@pytest.mark.django_db
def test_a_trial_changes_nothing() -> None:
    pulse.try_now()
    assert not ServingProcess.objects.exists()


def test_a_trial_fails_where_nothing_may_be_written(no_writes: None) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        pulse.try_now()
