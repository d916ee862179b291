"""The 36 labels, the character sets they form and the groups that look alike.

Knows nothing about strokes, pixels or networks.
"""

from typing import Final, Literal, get_args

Charset = Literal["digits", "letters", "all"]
CHARSETS: Final[tuple[Charset, ...]] = get_args(Charset)

DIGITS: Final = "0123456789"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
LABELS: Final[tuple[str, ...]] = tuple(DIGITS + LETTERS)
INDEX: Final[dict[str, int]] = {label: index for index, label in enumerate(LABELS)}
# For who sent something else. A place in the list is no label: 10 would silently mean `a`.
LABEL_RULE: Final = "a label is one of 0-9 or a-z: the character itself, not its number"

# Characters that no reader can tell apart without a hint: one symbol for both cases is ours.
AMBIGUITY_GROUPS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(group) for group in ("0o", "1li", "5s", "2z", "9gq", "6b")
)

_INDICES: Final[dict[Charset, tuple[int, ...]]] = {
    "digits": tuple(range(10)),
    "letters": tuple(range(10, 36)),
    "all": tuple(range(36)),
}


def indices(charset: Charset) -> tuple[int, ...]:
    """Return the positions in `LABELS` that `charset` allows: ascending, without a gap."""
    return _INDICES[charset]


def label_of(character: str) -> str:
    """Return the label of a written character: upper and lower case share one.

    Raises:
        ValueError: `character` is not one of 0-9, A-Z or a-z (ASCII; no other digits, no spaces).
    """
    label = character.lower() if character.isascii() else character
    if label not in INDEX:
        raise ValueError(f"{character!r} is not a label: use one of 0-9 or a-z")
    return label


def ambiguity_group(label: str) -> frozenset[str]:
    """Return the labels that look like `label`, itself included."""
    return next((group for group in AMBIGUITY_GROUPS if label in group), frozenset(label))
