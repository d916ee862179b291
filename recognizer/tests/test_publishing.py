"""A version folder appears whole or not at all, and what is fetched is what was registered."""

import os
import shutil
import time
from pathlib import Path

import pytest
from django.core.files.storage import storages
from pytest_django import Settings

from recognizer import publishing
from recognizer.checkpoints import CARD, MODEL, CheckpointCorrupt, CheckpointMissing, verify
from recognizer.publishing import FolderTaken, fetch, publish, sha256_of
from recognizer.tests.making_versions import files_of, flip_a_bit


@pytest.fixture(autouse=True)
def versions(state: Path) -> Path:
    return state / "versions"


def test_a_folder_appears_whole(versions: Path) -> None:
    files = files_of(2)
    assert publish(files, 2) == "v000002"
    assert verify(versions / "v000002").number == 2
    assert fetch("v000002", sha256_of(files[CARD])) == versions / "v000002"
    assert [folder.name for folder in versions.iterdir()] == ["v000002"]


def test_publishing_the_same_twice_is_the_same() -> None:
    assert publish(files_of(2), 2) == publish(files_of(2), 2)
    with pytest.raises(FolderTaken):
        publish(files_of(2, "other"), 2)


def test_what_is_not_a_whole_version_never_appears(versions: Path) -> None:
    files = files_of(2)
    spoilt = bytearray(files[MODEL])
    spoilt[500] ^= 1
    with pytest.raises(CheckpointCorrupt):
        publish({**files, MODEL: bytes(spoilt)}, 2)
    with pytest.raises(CheckpointMissing):
        publish({CARD: files[CARD]}, 2)
    with pytest.raises(CheckpointCorrupt, match="says version 2, not 3"):
        publish(files, 3)
    assert list(versions.iterdir()) == []


def test_a_full_disk_leaves_nothing(versions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        publish(files_of(2), 2)
    assert list(versions.iterdir()) == []


def test_what_a_killed_process_left_is_removed_after_a_day(versions: Path) -> None:
    old, new = versions / ".new-old", versions / ".new-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / MODEL).write_bytes(b"half")
    then = time.time() - 2 * 24 * 3600
    os.utime(old, (then, then))
    publish(files_of(2), 2)
    assert sorted(folder.name for folder in versions.iterdir()) == [".new-new", "v000002"]


@pytest.mark.parametrize("name", ["../anchor", "/etc", ".", "..", "", ".new-x", "a/b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(CheckpointMissing):
        fetch(name, "0" * 64)


def test_an_altered_or_missing_folder_is_refused(versions: Path) -> None:
    files = files_of(2)
    folder, sha256 = publish(files, 2), sha256_of(files[CARD])
    with pytest.raises(CheckpointCorrupt, match="registered"):
        fetch(folder, "0" * 64)
    flip_a_bit(versions / folder / MODEL)
    with pytest.raises(CheckpointCorrupt):
        fetch(folder, sha256)
    shutil.rmtree(versions / folder)
    with pytest.raises(CheckpointMissing):
        fetch(folder, sha256)


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Path:
    """Versions are shared through a store that is not this machine's folder."""
    location = tmp_path / "store"
    settings.STORAGES = settings.STORAGES | {
        "versions": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": location},
        }
    }
    return location


def test_a_store_brings_versions_to_other_machines(store: Path, versions: Path) -> None:
    files = files_of(2)
    folder, sha256 = publish(files, 2), sha256_of(files[CARD])
    assert verify(store / folder).number == 2
    shutil.rmtree(versions)  # another machine
    assert verify(fetch(folder, sha256)).number == 2
    assert (versions / folder / "card.md").read_text().startswith("---\n")
    flip_a_bit(versions / folder / MODEL)
    assert verify(fetch(folder, sha256)).number == 2  # fetched anew
    flip_a_bit(store / folder / MODEL)
    assert fetch(folder, sha256) == versions / folder  # its own copy is whole
    shutil.rmtree(versions)
    with pytest.raises(CheckpointCorrupt):
        fetch(folder, sha256)
    with pytest.raises(CheckpointMissing):
        fetch("v000003", sha256)
    assert list(versions.iterdir()) == []


def test_half_an_upload_is_completed(store: Path, versions: Path) -> None:
    files = files_of(2)
    folder = publish(files, 2)
    (store / folder / MODEL).write_bytes(files[MODEL][:1000])
    (store / folder / CARD).unlink()
    publish(files, 2)
    assert verify(store / folder).number == 2
    assert storages["versions"].exists(f"{folder}/{CARD}")
    assert publishing.fetch(folder, sha256_of(files[CARD]))
