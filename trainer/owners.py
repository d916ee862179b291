"""The names under which units of work are claimed: the fencing tokens.

A name begins with who claimed it, so that the parent of a child that is lost knows its claims.
Loaded before a worker forks (`trainer/tasks.py`), or parent and child would not agree.
"""

import os
from typing import Final
from uuid import uuid4

_PARENT: Final = uuid4().hex


def new_owner() -> str:
    """Return a name for one claim."""
    return owners_of(os.getpid()) + uuid4().hex


def owners_of(pid: int) -> str:
    """Return how the names of all claims of this process, or of a child that it forked, begin."""
    return f"{_PARENT}.{pid}."
