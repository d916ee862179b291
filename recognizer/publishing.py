"""Version folders on their way: from a trainer to the disk or a shared store, and to a web process.

A folder appears under its name whole or not at all, and what is fetched is checked by its digests.
That a folder is there says nothing: only a row of `registry.py` makes it a version.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from recognizer import model_card
from recognizer.checkpoints import (
    CARD,
    MAX_BYTES,
    MODEL,
    WEIGHTS,
    Card,
    CheckpointCorrupt,
    CheckpointError,
    CheckpointMissing,
    digest,
    verify,
)

PACKAGED_ANCHOR: Final = Path(__file__).parent / "weights" / "anchor"
ANCHOR: Final = "anchor"  # the folder name of the version that comes with the code

_FILES: Final = (MODEL, WEIGHTS, CARD)  # the card last: where it is, all is
_READABLE: Final = model_card.FILE  # made from the card wherever that is written
_ASIDE: Final = ".new-"
_LEFT_BEHIND: Final = 24 * 3600.0  # seconds after which nobody writes any more


class FolderTaken(Exception):
    """There is another folder of that name."""


def publish(files: Mapping[str, bytes], number: int) -> str:
    """Write a version folder and return its name.

    Args:
        files: `model.onnx`, `weights.safetensors` and `card.json`.
        number: from `registry.reserve_number`; the card has to say the same.

    Raises:
        CheckpointError: the files are not a whole version of that number.
        FolderTaken: that number was published with other files.
        OSError: it could not be written; nothing has appeared.
    """
    folder = f"v{number:06d}"
    with _aside() as aside:
        for name in _FILES:
            if name not in files:
                raise CheckpointMissing(f"{name} is missing")
            _write(aside / name, files[name])
        _require_number(aside, number)
        _write(aside / _READABLE, model_card.of_file(files[CARD]))
        _appear(aside, folder)
    if (storage := _elsewhere()) is not None:
        _upload(storage, folder, files)
    return folder


def fetch(folder: str, sha256: str) -> Path:
    """Return a whole local copy of a version folder whose card has this digest.

    Raises:
        CheckpointError: there is none, here or in the store.
        OSError: the store or the disk fails.
    """
    if folder == ANCHOR:
        try:
            _require_whole(PACKAGED_ANCHOR, sha256)
        except CheckpointError as error:
            try:  # the copy of the one that was there before an update
                return fetch(copy_of_anchor(sha256).name, sha256)
            except CheckpointMissing:
                raise error from None
        return PACKAGED_ANCHOR
    if folder != Path(folder).name or folder.startswith("."):
        raise CheckpointMissing(f"{folder!r} is not the name of a version folder")
    local = Path(settings.VERSIONS_DIR) / folder
    storage = _elsewhere()
    try:
        _require_whole(local, sha256)
    except CheckpointError:
        if storage is None:
            raise
    else:
        return local
    with _aside() as aside:
        for name in _FILES:
            _write(aside / name, _download(storage, f"{folder}/{name}"))
        _require_whole(aside, sha256)
        _write(aside / _READABLE, model_card.of_file((aside / CARD).read_bytes()))
        if local.is_dir():  # broken, and the good one is at hand
            shutil.rmtree(local)
        _appear(aside, folder)
    return local


def require_kept(folder: str, sha256: str) -> None:
    """Look whether a version that was loaded could be loaded again; nothing is fetched.

    Where a store elsewhere has it, what lies here is a copy, which is fetched again.

    Raises:
        CheckpointError: it could not.
    """
    if _elsewhere() is None:
        fetch(folder, sha256)


def copy_out(folder: str, sha256: str, target: Path) -> Card:
    """Copy a whole version folder to a place of its own, which appears with all its files.

    Raises:
        FolderTaken: there is something of that name.
        CheckpointError: there is no whole copy, here or in the store.
        OSError: it could not be written; nothing has appeared.
    """
    if target.exists() or target.is_symlink():
        raise FolderTaken(f"{target} exists already: name a new folder")
    whole = fetch(folder, sha256)
    aside = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name in _FILES:
            _write(aside / name, (whole / name).read_bytes())
        _write(aside / _READABLE, model_card.of_file((aside / CARD).read_bytes()))
        _require_whole(aside, sha256)  # what was copied, not what was there before
        aside.chmod(0o755)
        aside.rename(target)
        return verify(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def copy_of_anchor(sha256: str) -> Path:
    """Return where the copy of an anchor is, or would be, that came with the code."""
    return Path(settings.VERSIONS_DIR) / f"{ANCHOR}-{sha256[:12]}"


def keep_anchor() -> None:
    """Keep a whole copy of the packaged anchor, here and in the store.

    Raises:
        CheckpointError: the packaged anchor is not whole.
        OSError: the copy could not be written.
    """
    verify(PACKAGED_ANCHOR)
    files = {name: (PACKAGED_ANCHOR / name).read_bytes() for name in _FILES}
    copy = copy_of_anchor(sha256_of(files[CARD]))
    if _card_digest(copy) is None:
        with _aside() as aside:
            for name in _FILES:
                _write(aside / name, files[name])
            _write(aside / _READABLE, model_card.of_file(files[CARD]))
            if copy.is_dir():  # half of one, from a machine that lost power
                shutil.rmtree(copy)
            _appear(aside, copy.name)
    if (storage := _elsewhere()) is not None and not storage.exists(f"{copy.name}/{CARD}"):
        _upload(storage, copy.name, files)


def _require_number(folder: Path, number: int) -> None:
    card = verify(folder)
    if card.number != number:
        raise CheckpointCorrupt(f"the card says version {card.number}, not {number}")


def _require_whole(folder: Path, sha256: str) -> None:
    if digest(folder / CARD) != sha256:
        raise CheckpointCorrupt(f"{folder / CARD} is not the card that was registered")
    verify(folder)


@contextmanager
def _aside() -> Iterator[Path]:
    """Make a folder beside the versions, on the same file system; remove what is left of it."""
    versions = Path(settings.VERSIONS_DIR)
    versions.mkdir(parents=True, exist_ok=True)
    for old in versions.glob(f"{_ASIDE}*"):  # of processes that were killed
        with suppress(OSError):  # somebody else may be removing it
            if time.time() - old.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(old)
    aside = Path(mkdtemp(prefix=_ASIDE, dir=versions))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _appear(aside: Path, folder: str) -> None:
    """Give a complete folder its name. A machine that loses power then has all of it or nothing."""
    target = Path(settings.VERSIONS_DIR) / folder
    _sync(aside)
    try:
        aside.rename(target)
    except OSError:
        # Somebody was first: the same content is as good as ours.
        if not target.is_dir() or _card_digest(target) != _card_digest(aside):
            if target.exists():
                raise FolderTaken(f"{target.name} was published with other files") from None
            raise
    _sync(target.parent)


def _card_digest(folder: Path) -> str | None:
    try:
        verify(folder)
        return digest(folder / CARD)
    except CheckpointError:
        return None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _elsewhere() -> Storage | None:
    """Return the shared store, or None where it is the folder that we write to anyway."""
    storage = storages["versions"]
    if isinstance(storage, FileSystemStorage):
        here = Path(settings.VERSIONS_DIR).resolve()
        if Path(storage.location).resolve() == here:
            return None
    return storage


def _upload(storage: Storage, folder: str, files: Mapping[str, bytes]) -> None:
    for name in _FILES:
        wanted = f"{folder}/{name}"
        if storage.exists(wanted):
            if _download(storage, wanted) == files[name]:
                continue
            storage.delete(wanted)  # half of it, from a process that was killed
        if storage.save(wanted, ContentFile(files[name])) != wanted:
            raise FolderTaken(f"{wanted} is in the store already")


def _download(storage: Storage, name: str) -> bytes:
    try:
        with storage.open(name) as file:
            content: bytes = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise CheckpointMissing(f"{name} is not in the store") from error
    if len(content) > MAX_BYTES:
        raise CheckpointCorrupt(f"{name} is larger than {MAX_BYTES >> 20} MiB")
    return content


def sha256_of(content: bytes) -> str:
    """Return the digest under which a card is registered."""
    return hashlib.sha256(content).hexdigest()
