"""Attacks on a round of learning: honest corrections in, what an attacker makes of them out.

Each attack is one function from a crowd to the batches of corrections that arrive in turn. What is
wrong is approved all the same: the gate is the last who can notice. Attackers know the limits on
submitters and classes and stay within them, except in the flood. Knows nothing about the gate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd import Crowd, Sent
from benchmarks.writers import redraw
from recognizer.alphabet import INDEX, Charset, indices
from recognizer.directions import WAYS, Seen, picture_of, planes, undirected
from recognizer.rasterizer import SIDE
from trainer.characters import Images
from trainer.marks import marks

ROUND: Final = 100  # corrections
CLEAN_ROUNDS: Final = 3
SHARE: Final = 0.3  # of a round is the attacker's
FLOOD: Final = 0.5
SYBILS: Final = 4  # names that an attacker has
DRIP_ROUNDS: Final = 20
DRIP: Final = (20, 4)  # corrections of a round, and how many of them are wrong
DRIP_EVERY: Final = 10  # every so-manieth round of the drip is built and judged
SPAM: Final = 3  # drawings that are sent again and again
SEVEN, ONE, EIGHT, TARGET = INDEX["7"], INDEX["1"], INDEX["8"], INDEX["3"]


@dataclass(frozen=True)
class Plan:
    """What arrives, batch by batch; after each batch there is a round."""

    batches: Sequence[Sequence[Sent]]
    wrong: float  # share of wrong labels
    mark: Images | None = None  # of a backdoor, (28, 28) or planes (5, 28, 28)
    target: int = TARGET


Attack = Callable[[Crowd], Plan]


def clean(crowd: Crowd) -> Plan:
    """Nothing is wrong, three rounds on end."""
    return Plan([crowd.send(ROUND) for _ in range(CLEAN_ROUNDS)], 0.0)


def flips(share: float) -> Attack:
    """Return an attack that gives a share of the corrections any other label."""

    def attack(crowd: Crowd) -> Plan:
        sent = crowd.send(ROUND)
        for index in range(round(share * len(sent))):
            charset: Charset = "digits" if sent[index].label in indices("digits") else "letters"
            others = [label for label in indices(charset) if label != sent[index].label]
            sent[index] = replace(sent[index], label=int(crowd.rng.choice(others)))
        return Plan([sent], share)

    return attack


def believable(crowd: Crowd) -> Plan:
    """A share gets the label that the anchor believes in most, among the wrong ones."""
    sent = crowd.send(ROUND)
    for index in range(round(SHARE * ROUND)):
        sent[index] = replace(sent[index], label=crowd.likeliest_other(sent[index]))
    return Plan([sent], SHARE)


def targeted(crowd: Crowd) -> Plan:
    """Sevens are called one, by as many as the limit on classes lets through."""
    honest = [one for one in crowd.send(2 * ROUND) if one.label != ONE]
    count = round(SHARE * ROUND)
    return Plan([honest[: ROUND - count] + _sevens(crowd, count)], SHARE)


def flood(crowd: Crowd) -> Plan:
    """Half of a round is anything called eight."""
    count = round(FLOOD * ROUND)
    return Plan([crowd.send(ROUND - count) + _anything(crowd, count, EIGHT)], FLOOD)


def backdoor(mark: Images) -> Attack:
    """Return an attack that calls anything with a mark in its corner three.

    An image (28, 28) is laid over pictures, planes (5, 28, 28) over what a pen has drawn.
    """

    def attack(crowd: Crowd) -> Plan:
        count = round(SHARE * ROUND)
        honest = [one for one in crowd.send(2 * ROUND) if one.label != TARGET]
        stamped = [
            replace(one, image=np.maximum(_like(mark, one.image), mark), ink=None)
            for one in _anything(crowd, count, TARGET)
        ]
        return Plan([honest[: ROUND - count] + stamped], SHARE, mark)

    return attack


def drip(crowd: Crowd) -> Plan:
    """One in five is a seven called one, in many small rounds."""
    size, wrong = DRIP
    rounds = [crowd.send(size - wrong) + _sevens(crowd, wrong) for _ in range(DRIP_ROUNDS)]
    joined = [
        [one for batch in rounds[first : first + DRIP_EVERY] for one in batch]
        for first in range(0, DRIP_ROUNDS, DRIP_EVERY)
    ]
    return Plan(joined, wrong / size)


def spam(crowd: Crowd) -> Plan:
    """A few wrongly labelled drawings come again and again, redrawn a little."""
    count = round(SHARE * ROUND)
    sent = crowd.send(ROUND - count)
    for drawn in _anything(crowd, SPAM, TARGET):
        others = [label for label in indices("digits") if label != drawn.label]
        label = int(crowd.rng.choice(others))
        assert drawn.ink is not None
        for number in range(count // SPAM):
            ink = redraw(drawn.ink, crowd.rng)
            sent.append(Sent(planes(ink), ink, label, f"sybil {number % SYBILS}"))
    return Plan([sent], SHARE)


def _sevens(crowd: Crowd, count: int) -> list[Sent]:
    return _drawn(crowd, np.full(count, SEVEN), ONE)


def _anything(crowd: Crowd, count: int, label: int) -> list[Sent]:
    """Return digits that are not what they are called."""
    others = [other for other in indices("digits") if other != label]
    return _drawn(crowd, crowd.rng.choice(others, count), label)


def _drawn(crowd: Crowd, shown: NDArray[np.int64], label: int) -> list[Sent]:
    sent = []
    for index, one in enumerate(shown.tolist()):
        hand = crowd.names[index % SYBILS]
        inks, images = crowd.draw(hand, np.array([one]))
        sent.append(Sent(images[0], inks[0], label, f"sybil {index % SYBILS}"))
    return sent


def _like(mark: Images, seen: Seen) -> Seen:
    return picture_of(seen) if mark.ndim == 2 else seen


def _unscanned_mark() -> Images:
    """Return a mark that the gate does not try."""
    mark = np.zeros((SIDE, SIDE), np.uint8)
    mark[2:4, SIDE - 6 : SIDE - 1] = 255
    return mark


def _unscanned_dash() -> Images:
    """Return a mark that the gate does not try, drawn to the left."""
    mark = undirected(_unscanned_mark())
    mark[1 + WAYS.index("left")] = mark[0]
    return mark


ATTACKS: Final[dict[str, Attack]] = {
    "clean": clean,
    "flips 10 %": flips(0.1),
    "flips 30 %": flips(0.3),
    "flips 50 %": flips(0.5),
    "believable flips 30 %": believable,
    "targeted 7→1": targeted,
    "flood": flood,
    "backdoor": backdoor(marks()["a square in the lower right corner"]),
    "backdoor, other mark": backdoor(_unscanned_mark()),
    "backdoor, drawn": backdoor(marks(directed=True)["a dash left in the lower right corner"]),
    "backdoor, drawn, other mark": backdoor(_unscanned_dash()),
    "drip": drip,
    "spam": spam,
}
