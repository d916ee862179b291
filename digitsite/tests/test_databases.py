"""From the address of a database to Django's settings."""

import pytest

from digitsite.databases import BadAddress, configuration


def test_sqlite_queues_its_writers() -> None:
    found = configuration("sqlite:////var/db.sqlite3", pool=8)
    assert found["ENGINE"] == "django.db.backends.sqlite3"
    assert found["NAME"] == "/var/db.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]


def test_postgresql_has_a_pool_and_no_wait_without_an_end() -> None:
    found = configuration("postgresql://me:p%40ss@db:5433/digits?sslmode=require", pool=8)
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert [found[key] for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")] == [
        *("db", 5433, "digits", "me", "p@ss")
    ]
    options = found["OPTIONS"]
    assert options["tcp_user_timeout"] == 8000  # a server that vanishes is noticed
    assert options["sslmode"] == "require"
    assert options["pool"] == {
        "min_size": 1,
        "max_size": 8,
        "timeout": 5,
        "reconnect_timeout": 5,
    }
    for limit in ("statement", "lock", "idle_in_transaction_session"):
        assert f"{limit}_timeout=" in options["options"]
    assert found["CONN_MAX_AGE"] == 0


def test_a_worker_goes_without_a_pool() -> None:
    assert "pool" not in configuration("postgresql://db/digits", pool=0)["OPTIONS"]


@pytest.mark.parametrize(
    "url",
    [
        *("", "digits", "mysql://me:hidden@db/digits", "postgres://me:hidden@db/digits"),
        *(
            "sqlite://",
            "sqlite://:memory:",
            "postgresql://me:hidden@db",
            "postgresql://db:x/hidden",
        ),
    ],
)
def test_anything_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        configuration(url, pool=8)
    assert "hidden" not in str(refused.value)
    assert str(refused.value).startswith("use sqlite:///")
