"""Where a training writes: whether it can, before the hours and not after them."""

from pathlib import Path
from tempfile import TemporaryFile

from django.core.management.base import CommandError


def require_writable(option: str, folder: Path) -> None:
    """Refuse a folder that could not be made, or not be written into; nothing is left behind.

    Raises:
        CommandError: naming the option and the folder.
    """
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    try:
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise CommandError(
            f"{option} {folder} cannot be written ({there}: {error.strerror}): make it writable, "
            f"or name another folder with {option}"
        ) from error


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
