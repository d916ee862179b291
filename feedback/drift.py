"""The drift alarm: are drawings corrected more often than they used to be on this site?

The latest named drawings are compared with those before them. Not with what a version's card
promises: people name what was read wrong far more often than what was read right, so the share
that is corrected is no error rate, and an alarm that took it for one would never end. A change of
it is a sign all the same: other hands, another device, a worse version. One person counts little,
because drawings of one hand are wrong together.

Knows no rows: verdicts in, a finding out.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LATEST: Final = 200  # drawings that are judged
BEFORE: Final = 2000  # at most, that they are compared with; at least as many as are judged
OF_ONE_PERSON: Final = 10  # drawings in either
# Low, because it is asked again and again. docs/experiments.md has how often it errs.
CHANCE: Final = 1e-4

Named = tuple[str, bool]  # who named a drawing, and whether that corrected the answer


@dataclass(frozen=True)
class Drift:
    """What was found."""

    rate: float | None  # share of the latest that was corrected; None where there is none
    usual: float | None  # of those before them; None where there are too few of either
    alarm: bool

    def __str__(self) -> str:
        if self.rate is None or self.usual is None:
            return "too few named drawings to say"
        return f"{self.rate:.0%} of the latest {LATEST} were corrected, {self.usual:.0%} before"


def judge(verdicts: Iterable[Named]) -> Drift:
    """Compare the latest verdicts with those before; `verdicts` come newest first."""
    rest = iter(verdicts)
    latest = _share(rest, LATEST)
    before = _share(rest, BEFORE)
    rate = sum(latest) / len(latest) if latest else None
    if len(latest) < LATEST or len(before) < LATEST:
        return Drift(rate, None, alarm=False)
    chance = by_chance(sum(latest), len(latest), sum(before), len(before))
    return Drift(rate, sum(before) / len(before), alarm=chance < CHANCE)


def by_chance(corrected: int, drawings: int, others_corrected: int, others: int) -> float:
    """Return how likely so many corrected ones or more are, if they are no more so than others.

    Fisher's exact test, one-sided: which of all the drawings come first is a matter of chance then.
    """
    right = drawings + others - corrected - others_corrected
    wrong = corrected + others_corrected
    ways = sum(
        math.comb(wrong, k) * math.comb(right, drawings - k)
        for k in range(corrected, min(drawings, wrong) + 1)
    )
    return ways / math.comb(drawings + others, drawings)


def _share(verdicts: Iterable[Named], size: int) -> list[bool]:
    """Take verdicts until there are `size`, leaving out what is too much of one person."""
    taken: list[bool] = []
    of: Counter[str] = Counter()
    for who, corrected in verdicts:
        of[who] += 1
        if of[who] <= OF_ONE_PERSON:
            taken.append(corrected)
            if len(taken) == size:
                break
    return taken
