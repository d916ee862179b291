"""Whether the database has what this code needs: looked up until it has, and then never again."""

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client

from recognizer import schema
from recognizer.tests.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(schema, "time", clock)
    return clock


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """What the looks will find; None: the database is away."""
    found: list[int | None] = []

    def unapplied() -> int:
        count = found.pop(0)
        if count is None:
            raise OperationalError
        return count

    monkeypatch.setattr(schema, "unapplied", unapplied)
    return found


def test_it_is_looked_up_seldom_until_nothing_lacks(clock: Clock, looks: list[int | None]) -> None:
    ours = schema.Schema()
    looks += [2, 1, None, 1, 0]
    for is_behind in (True, True, False, True, False):
        assert [ours.is_behind() for _ in range(3)] == [is_behind] * 3
        clock.now += schema._EVERY_SECONDS
    assert looks == []
    assert not ours.is_behind()  # without a look, which would fail


@pytest.mark.django_db
def test_a_prepared_database_is_asked_once(django_assert_num_queries: object) -> None:
    ours = schema.Schema()
    assert not ours.is_behind()
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert not ours.is_behind()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("standin", "looks_here")
def test_a_database_that_is_behind_is_degraded_until_it_was_prepared(
    client: Client, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(schema, "ours", schema.Schema())
    call_command("migrate", "sessions", "zero", verbosity=0)
    try:
        assert schema.unapplied() == 1
        told = client.get("/health/ready").json()
        assert (told["status"], told["checks"]["database"]) == ("degraded", "behind")
        assert "run `manage.py prepare`" in told["details"]["database"]
    finally:
        call_command("migrate", "sessions", verbosity=0)
    clock.now += schema._EVERY_SECONDS
    assert client.get("/health/ready").json()["status"] == "ok"
