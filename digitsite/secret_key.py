"""The secret key of one installation: made at the first run, kept in a file of its owner alone."""

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 50  # characters, as Django's own deployment check asks
BYTES = 64


def read_or_create(path: Path) -> str:
    """Return the key in `path`, writing a random one first where there is none."""
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    require_length(key, str(path))
    return key


def require_length(key: str, source: str) -> None:
    """Refuse a key that is short enough to guess."""
    if len(key) < SHORTEST:
        raise ImproperlyConfigured(
            f"The secret key in {source} has {len(key)} characters and needs at least {SHORTEST}: "
            "remove it to have a new one made (people signed in will have to sign in again)."
        )


def _create(path: Path) -> None:
    """Write aside and link into place: of several processes that start together one wins."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
