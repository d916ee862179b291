"""What a decision about corrections asks for, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User

from feedback.models import Action, Correction, Status

# action: (state that it starts from, state that it leads to)
MOVES: Final[dict[Action, tuple[Status, Status]]] = {
    Action.APPROVE: (Status.PENDING, Status.APPROVED),
    Action.RELABEL: (Status.PENDING, Status.APPROVED),
    Action.REJECT: (Status.PENDING, Status.REJECTED),
    Action.REVOKE: (Status.APPROVED, Status.REVOKED),
}


@dataclass(frozen=True)
class Decided:
    """An item that was moved."""

    id: UUID
    event: int  # undo() takes this
    status: Status
    label: str
    copies: int  # that moved with it


@dataclass(frozen=True)
class Conflict:
    """An item that was not moved, and why."""

    id: UUID
    why: str  # a sentence
    status: str = ""  # the state that it was found in instead; empty where that is not the reason
    by: str = ""  # who moved it there
    at: datetime | None = None
    waits: bool = False  # whether it is as the actor saw it, and another decision is possible
    contradicted: bool = False  # by another item, which claims the same drawing as another symbol


@dataclass
class Outcome:
    """What became of a request to decide."""

    decided: list[Decided] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def copies(self) -> int:
        """How many copies moved along."""
        return sum(item.copies for item in self.decided)


@dataclass(frozen=True)
class Move:
    """One item on its way, with the copies that follow it."""

    rows: tuple[Correction, ...]  # the item first
    status: Status
    label: str
    reviewer: User | None
    decided: datetime | None
