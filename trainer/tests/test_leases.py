"""A lease is kept while there is progress; what is stuck is given up."""

from types import SimpleNamespace
from typing import Any, Final

import pytest

from trainer import leases
from trainer.leases import STUCK_SECONDS, Lease
from trainer.models import LeaseLost

KEEP: Final = Lease.keep  # before the tests of this room replace it


class Row:
    """A row whose lease is renewed."""

    def __init__(self) -> None:
        self.renewed = 0

    def update(self, **_: Any) -> int:
        self.renewed += 1
        return 1


class Clock:
    """Time that passes with every wait; whoever waits may be called after it."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fixed = Clock()
    monkeypatch.setattr(leases, "time", fixed)
    monkeypatch.setattr(leases, "connection", SimpleNamespace(close=lambda: None))
    return fixed


def kept(clock: Clock, waits: int, *, progress: bool) -> tuple[Row, Lease, list[int]]:
    """Keep a lease for a number of waits."""
    row, aborted = Row(), [0]
    lease = Lease(row, lambda: aborted.append(1))  # type: ignore[arg-type]
    left = [waits]

    def wait(seconds: float) -> bool:
        clock.now += seconds
        if progress:
            lease.check()
        left[0] -= 1
        return left[0] < 0

    lease._done = SimpleNamespace(wait=wait)  # type: ignore[assignment]
    KEEP(lease)
    return row, lease, aborted


def test_work_that_goes_on_keeps_its_lease(clock: Clock) -> None:
    row, lease, aborted = kept(clock, 100, progress=True)
    assert clock.now > STUCK_SECONDS
    assert (row.renewed, aborted) == (100, [0])
    lease.check()


def test_what_is_stuck_is_given_up_and_ended(clock: Clock) -> None:
    row, lease, aborted = kept(clock, 100, progress=False)
    assert row.renewed == STUCK_SECONDS // lease._interval
    assert aborted == [0, 1]
    with pytest.raises(LeaseLost):
        lease.check()


def test_a_process_that_is_stuck_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    Lease(Row())._abort()  # type: ignore[arg-type]
    assert ended == [70]
