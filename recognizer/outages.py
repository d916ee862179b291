"""What an error of the database comes down to, in words: it is away, or it is behind the code.

Asks nothing and knows no models.
"""

from typing import Final

from django.db import DatabaseError, Error, InterfaceError, OperationalError

_MISSING: Final = frozenset({"42P01", "42703"})  # PostgreSQL's codes for a table and for a column
_REFUSING: Final = frozenset({"25006", "25P03"})  # … for being read-only, and idle for too long
_MISSING_IN_SQLITE: Final = ("no such table", "no such column", "has no column named")  # no codes


def is_behind(error: Error) -> bool:
    """Tell whether a table or a column is missing: the migrations have to be made."""
    if getattr(error.__cause__, "sqlstate", "") in _MISSING:
        return True
    return any(said in str(error) for said in _MISSING_IN_SQLITE)


def is_outage(error: Error) -> bool:
    """Tell whether the database cannot be used as it is; else it was asked something wrong."""
    # SQLite has only the general class for a file that is damaged, or no database at all.
    is_general = type(error) is DatabaseError
    refuses = getattr(error.__cause__, "sqlstate", "") in _REFUSING
    is_away = isinstance(error, OperationalError | InterfaceError)
    return is_general or refuses or is_away or is_behind(error)


def told(error: Error) -> str:
    """Say what the database does, for anybody."""
    return "is not up to date" if is_behind(error) else "does not answer"


def reason(error: Error) -> str:
    """Return why, for whoever runs the site: PostgreSQL's driver names hosts and users.

    The first line: the others are its hints.
    """
    return str(error).partition("\n")[0] or type(error).__name__


def advice(error: Error) -> str:
    """Say what whoever runs the site can do."""
    if is_behind(error):
        return "run `manage.py prepare`"
    return "see that it runs, and that DIGITSITE_DATABASE_URL names it"
