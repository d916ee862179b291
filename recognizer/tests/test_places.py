"""Where the site writes, and how much space is left there."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from recognizer import places

MEGABYTE = 2**20


class Usage(NamedTuple):
    free: int


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[Path, int]], None]:
    """Return what says how many megabytes are free in which folder; elsewhere it is 1,000."""

    def be(free: dict[Path, int]) -> None:
        monkeypatch.setattr(
            shutil, "disk_usage", lambda folder: Usage(free.get(Path(folder), 1000) * MEGABYTE)
        )

    return be


class Installation(SimpleNamespace):
    """The settings that say where one writes."""

    STATE: Path
    VERSIONS_DIR: Path
    DATABASES: dict[str, dict[str, object]]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation on PostgreSQL that has just been made."""
    postgresql = {"ENGINE": "django.db.backends.postgresql", "NAME": "digitsite"}
    found = Installation(
        STATE=tmp_path / "state",
        VERSIONS_DIR=tmp_path / "versions",
        DATABASES={"default": postgresql},
    )
    found.STATE.mkdir()
    monkeypatch.setattr(places, "settings", found)
    return found


@pytest.fixture
def spread(installation: Installation, tmp_path: Path) -> dict[str, Path]:
    """An installation that writes into four folders."""
    folders = {"state": installation.STATE, "redis": installation.STATE / "redis"}
    folders |= {name: tmp_path / name for name in ("versions", "database")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    file = {"ENGINE": "django.db.backends.sqlite3", "NAME": folders["database"] / "db"}
    installation.DATABASES = {"default": file}
    return folders


def test_each_place_that_is_written_to_is_known(spread: dict[str, Path]) -> None:
    assert places.places() == spread


def test_a_database_elsewhere_and_what_was_not_made_yet_are_none(
    installation: Installation,
) -> None:
    assert places.places() == {"state": installation.STATE}


@pytest.mark.parametrize("name", ["state", "versions", "redis", "database"])
def test_a_disk_that_is_nearly_full_is_found_wherever_it_is(
    name: str, spread: dict[str, Path], disks: Callable[[dict[Path, int]], None]
) -> None:
    disks({spread[name]: 200})
    assert places.lacking(places.free()) == []
    disks({spread[name]: 199})
    found = places.free()
    assert found[name] == 199 * MEGABYTE
    assert places.lacking(found) == [name]
    assert places.free(name) == {name: found[name]}


def test_a_place_that_cannot_be_looked_at_lacks_space(installation: Installation) -> None:
    installation.STATE.rmdir()
    assert "state" in places.lacking(places.free())


def test_a_folder_that_the_system_cannot_tell_of_is_told_and_no_error(
    installation: Installation, tmp_path: Path
) -> None:
    installation.VERSIONS_DIR = tmp_path / ("x" * 300)
    with pytest.raises(OSError, match="name too long"):
        installation.VERSIONS_DIR.is_dir()  # as of a shared folder that is gone
    assert "versions" in places.lacking(places.free())
