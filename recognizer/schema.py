"""Whether the database has the tables and columns of this code."""

import time
from contextlib import suppress
from typing import Final

from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

_EVERY_SECONDS: Final = 10.0  # between two looks: each reads every migration's file


def unapplied() -> int:
    """Return how many migrations have to be made."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


class Schema:
    """What a process has found. Once nothing lacks, nobody looks again: nothing is taken back."""

    def __init__(self) -> None:
        self._is_whole = False
        self._lacks = 0
        self._due = 0.0  # monotonic time of the next look

    def is_behind(self) -> bool:
        """Tell whether migrations have to be made; not where nobody can be asked."""
        if not self._is_whole and time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY_SECONDS
            self._lacks = 0
            with suppress(DatabaseFailure):
                self._lacks = unapplied()
                self._is_whole = not self._lacks
        return self._lacks > 0


ours: Final = Schema()
