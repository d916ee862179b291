"""Where a training writes: whether it can, before the hours and not after them."""

from pathlib import Path

from django.core.management.base import CommandError

from recognizer.folders import unwritable


def require_writable(option: str, folder: Path) -> None:
    """Refuse a folder that could not be made, or not be written into; nothing is left behind.

    Raises:
        CommandError: naming the option and the folder.
    """
    problem = unwritable(folder)
    if problem:
        raise CommandError(
            f"{option} {folder} cannot be written ({problem}): make it writable, "
            f"or name another folder with {option}"
        )


def require_replaceable(option: str, folder: Path, mark: str) -> None:
    """Refuse a folder with files of other people: what is written takes the place of all of it.

    Args:
        option: that names it.
        folder: what would be replaced.
        mark: a file that only what we wrote has.

    Raises:
        CommandError: naming the option and the folder.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / mark).exists():
        raise CommandError(
            f"{option} {folder} would be replaced and holds other files: name a new folder"
        )
