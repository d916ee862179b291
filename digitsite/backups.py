"""One file with everything that a site cannot make again: database, versions and secret key.

The database is copied first: a version's folder is there before its row, so every version that the
copy names is among the folders that are read after it.
"""

import os
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

DATABASE = "db.sqlite3"
VERSIONS = "versions"
SECRET_KEY = "secret_key"  # noqa: S105 - a file's name


class Refused(Exception):
    """Why there is no backup, as a sentence without its stop."""


@dataclass(frozen=True)
class Backup:
    """What was written."""

    file: str
    bytes: int
    database: bool  # False where the database is not a file of ours
    versions: int
    secret_key: bool


def write(target: Path) -> Backup:
    """Write a backup whole or not at all, for its owner alone.

    Raises:
        Refused: there is something of that name, or the copy of the database is not sound.
        OSError: it cannot be written.
    """
    if target.exists():
        raise _taken(target)
    # Beside it, so that giving it its name moves nothing; nobody else can look into the folder.
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as beside:
        folder = Path(beside)
        archive_file = folder / "archive"
        with tarfile.open(archive_file, "w") as archive:
            in_it = connection.vendor == "sqlite"
            if in_it:
                _copy_database(folder / DATABASE)
                archive.add(folder / DATABASE, DATABASE)
            versions = _add_versions(archive)
            key = _add_secret_key(archive)
        archive_file.chmod(0o600)
        with archive_file.open("rb") as written:
            os.fsync(written.fileno())
        try:
            os.link(archive_file, target)  # unlike a rename, never in the place of another file
        except FileExistsError:
            raise _taken(target) from None
    return Backup(str(target), target.stat().st_size, in_it, versions, key)


def _taken(target: Path) -> Refused:
    return Refused(f"{target} exists already: name a new file")


def _copy_database(copy: Path) -> None:
    """Copy what is committed at one moment, while others write."""
    if not connection.introspection.table_names():
        raise Refused("there is no database yet: start the site once, or name it with --state DIR")
    with closing(sqlite3.connect(copy)) as ours:
        connection.connection.backup(ours)
        # One file then: none of what was committed is left beside it.
        ours.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = ours.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Refused(f"the database is damaged ({verdict}): restore an earlier backup")


def _add_versions(archive: tarfile.TarFile) -> int:
    root = Path(settings.VERSIONS_DIR)
    found = sorted(root.iterdir()) if root.is_dir() else []
    folders = [folder for folder in found if folder.is_dir() and not folder.name.startswith(".")]
    for folder in folders:
        archive.add(folder, f"{VERSIONS}/{folder.name}")
    return len(folders)


def _add_secret_key(archive: tarfile.TarFile) -> bool:
    """Add the key that signs cookies: without it everybody would be somebody new."""
    key = Path(settings.STATE) / SECRET_KEY
    if key.is_file():
        archive.add(key, SECRET_KEY)
    return key.is_file()
