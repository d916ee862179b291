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


def require_replaceable(option: str, folder: Path, mark: str, *, resume: bool) -> None:
    """Refuse a folder with files in it: what is written takes the place of all of it.

    Args:
        option: that names it.
        folder: what would be replaced.
        mark: a file that only what we wrote has.
        resume: what wrote it goes on, and may write it once more.

    Raises:
        CommandError: naming the option and the folder.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / mark).exists():
        raise CommandError(
            f"{option} {folder} would be replaced and holds other files: name a new folder"
        )
    if not resume:
        raise CommandError(
            f"{option} {folder} holds a version already, which would be replaced: name a new "
            f"folder with {option}, remove it, or go on with its training with --resume"
        )
