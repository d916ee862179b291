"""Whether a folder can be written, found out before anything depends on it. Pure."""

from pathlib import Path
from tempfile import TemporaryFile


def unwritable(folder: Path) -> str:
    """Return why a folder could not be made, or not be written into; empty where it could.

    Nothing is left behind. What is named is the first part of its path that there is.
    """
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    try:
        with TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return f"{there}: {error.strerror}"
