"""Where this installation writes, and how much space is left there."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.conf import settings

MIN_FREE_BYTES: Final = 200 * 2**20  # below it nothing new is stored


def places() -> dict[str, Path]:
    """Return the folders that are written to, by what they are for; often on one disk."""
    state = Path(settings.STATE)
    found = {"state": state}
    others = {"versions": Path(settings.VERSIONS_DIR), "redis": state / "redis"}
    if (folder := database_folder()) is not None:
        others["database"] = folder
    # The others are made when they are needed, if ever.
    return found | {name: folder for name, folder in others.items() if _may_be(folder)}


def database_folder() -> Path | None:
    """Return where SQLite keeps its file; None for a database elsewhere."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return None
    return Path(database["NAME"]).absolute().parent


def free(*names: str) -> dict[str, int | None]:
    """Return how many bytes are free in these places, or in all; None where that cannot be told."""
    wanted = {name: folder for name, folder in places().items() if not names or name in names}
    return {name: _free(folder) for name, folder in wanted.items()}


def lacking(found: Mapping[str, int | None]) -> list[str]:
    """Return the places of `free` in which nothing more should be stored."""
    return [name for name, left in found.items() if left is None or left < MIN_FREE_BYTES]


def _may_be(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # a shared folder that has gone bad is to be told of, not to be left out
        return True


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
