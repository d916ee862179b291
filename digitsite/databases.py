"""How Django talks to its database, as a function of the database's address.

SQLite for one machine, PostgreSQL for several. Knows nothing about the environment.
"""

from typing import Any

import environ

ADVICE = "use sqlite:///path/to/file or postgresql://user:password@host/name"

# SQLite takes writers one after the other. WAL keeps readers out of their way, and IMMEDIATE
# makes a writer queue at the start of its transaction in place of failing in the middle.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA busy_timeout=20000;"
        "PRAGMA wal_autocheckpoint=1000;PRAGMA foreign_keys=ON;"
        # What is deleted is handwriting: its bytes are overwritten, not only unlinked.
        "PRAGMA secure_delete=ON;"
    ),
}

# No statement, no wait for a lock and no forgotten transaction may hold up the others for long.
POSTGRESQL_TIMEOUTS = (
    "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
)
MOST = 1000  # connections of a pool
POOL_SECONDS = 5  # that a request waits for a connection
CONNECT_SECONDS = 5  # that a connection may take
# A server that vanishes without a word is noticed within seconds: all sockets share a connection.
ALIVE = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,  # milliseconds
}


class BadAddress(ValueError):
    """The address names no database that the site can use. The text does not repeat it."""


def configuration(url: str, *, pool: int) -> dict[str, Any]:
    """Return Django's settings of the database at `url`.

    `pool` is how many connections to PostgreSQL a process may have and keep; with 0, each is
    closed after its use.

    Raises:
        BadAddress: it is neither SQLite nor PostgreSQL, or lacks a name.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in ("sqlite", "postgresql"):
        raise BadAddress(ADVICE)
    try:
        found: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise BadAddress(ADVICE) from None
    if found["NAME"] in ("", ":memory:"):  # processes could not share what is in memory
        raise BadAddress(ADVICE)
    if scheme == "sqlite":
        return found | {"OPTIONS": SQLITE}
    return found | _postgresql(found.get("OPTIONS", {}), pool)


def _postgresql(given: dict[str, Any], pool: int) -> dict[str, Any]:
    ours = {"connect_timeout": CONNECT_SECONDS, "options": POSTGRESQL_TIMEOUTS, **ALIVE}
    options = ours | given
    # A connection kept for each thread, as CONN_MAX_AGE does, leaks where requests change threads.
    if pool:
        # psycopg's own attempts come ever more rarely, for minutes; whoever asks begins another.
        options["pool"] = {
            "min_size": 1,
            "max_size": pool,
            "timeout": POOL_SECONDS,
            "reconnect_timeout": POOL_SECONDS,
        }
    return {"OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
