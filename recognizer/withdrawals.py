"""How much of what a version has learned is approved so no longer, for who goes back to it.

Only the room of the corrections knows, and nothing here imports it: it says so with `told_by`.
"""

from collections.abc import Callable

Count = Callable[[int], int]


def _nothing(version: int) -> int:
    """Know of none: where nobody corrects, nobody takes anything back."""
    return 0


_count: Count = _nothing


def told_by(count: Count) -> None:
    """Have `count` say how much a version has learned that was taken back, or relabelled."""
    global _count
    _count = count


def warning(version: int) -> str:
    """Return what to know before, and after, a version is made champion; empty where nothing."""
    number = _count(version)
    if not number:
        return ""
    what = "1 correction that was" if number == 1 else f"{number} corrections that were"
    return (
        f"Version {version} learned from {what} taken back or relabelled since, and answers by "
        "what it learned until a run makes another version"
    )
