"""What goes on between two transactions of PostgreSQL."""

from django.db import connection


def waits_for_a_row() -> bool:
    """Tell whether anybody waits for a lock that somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
