"""One drawing is never approved as two symbols: who learned from them would learn neither."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from feedback.models import Correction, Status
from feedback.moves import Conflict, Move, Outcome
from recognizer.alphabet import ambiguity_group


def without_contradiction(
    moves: Sequence[Move], rows: Sequence[Correction], outcome: Outcome
) -> Iterator[Move]:
    """Yield all but those that would have one drawing approved as two symbols; report these.

    Neither of two that come together: who approves both has not decided between them.

    Args:
        moves: what was asked for.
        rows: everything with the same ink as what is approved, locked.
        outcome: takes a conflict for each move that is left out.
    """
    moving = {row.pk for move in moves for row in move.rows}
    claims: dict[str, dict[str, UUID]] = {}  # by ink: as what it is approved, and which row is
    for row in rows:
        if row.status == Status.APPROVED and row.pk not in moving:
            claims.setdefault(row.ink_hash, {})[row.label] = row.duplicate_of_id or row.pk
    approvals = [move for move in moves if move.status == Status.APPROVED]
    for move in approvals:
        for row in move.rows:
            claims.setdefault(row.ink_hash, {}).setdefault(move.label, move.rows[0].pk)
    for move in moves:
        if move.status == Status.APPROVED and (rival := _rival(move, claims)):
            label, pk = rival
            why = f"the same drawing is a {label} in {str(pk)[:8]}, and cannot be both"
            waits = move.rows[0].status == Status.PENDING
            outcome.conflicts.append(Conflict(move.rows[0].pk, why, waits=waits, contradicted=True))
        else:
            yield move


def _rival(move: Move, claims: Mapping[str, Mapping[str, UUID]]) -> tuple[str, UUID] | None:
    """Return as what else a drawing is approved, and by which item.

    What looks the same to everybody is no contradiction: a bar is a 1, an l and an i.
    """
    alike = ambiguity_group(move.label)
    others = (
        (label, pk)
        for row in move.rows
        for label, pk in claims.get(row.ink_hash, {}).items()
        if label not in alike
    )
    return min(others, default=None)
