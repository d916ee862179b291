"""The trail of corrections in the log: what happened to which, one line after the other.

A correction's id is chosen by the page, comes with the frame that names a drawing and is in every
line from there on; the lines `train` and `live` name the run and the version that it led to. Ids
only: no drawing, no label, nobody's key.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

NAMED: Final = 100  # ids in one line; more of them are more lines

log = structlog.get_logger(__name__)


def tell(action: str, ids: Iterable[UUID], **facts: Any) -> None:
    """Log what happened to these corrections, once the transaction that did it is committed."""
    named = [str(pk) for pk in ids]
    for first in range(0, len(named), NAMED):
        line = {"action": str(action), "corrections": named[first : first + NAMED], **facts}
        transaction.on_commit(partial(log.info, "corrections", **line))
