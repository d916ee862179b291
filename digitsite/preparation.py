"""What has to be there before a web process starts: tables and static files.

Each part is done only when it is needed, because this runs at every start.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.db import DatabaseError, connection

from digitsite.checks import ANCHOR_HINT, PINNED_HINT, anchor_problem, pinned_problem
from digitsite.commandline import CannotRun
from digitsite.locks import exclusive
from recognizer import outages, schema
from recognizer.checkpoints import CheckpointError

MIGRATING = 0x6469676974  # any number that only we use
STAMP = "collected.sha256"
# ninja brings a second page for its API whose inline script our policy forbids.
NOT_COLLECTED = ["redoc.standalone.*"]

log = structlog.get_logger(__name__)


def prepare() -> None:
    """Bring database and static files up to date, one process at a time.

    Raises:
        CannotRun: the disk is full, or something is not writable, or not ours.
    """
    try:
        with exclusive(settings.STATE / "prepare.lock", wait=True):
            _require_an_answer()
            _migrate()
            _know_the_anchor()
            _collect()
    except DatabaseError as error:
        if connection.vendor == "sqlite":
            raise _unusable(error) from error
        raise CannotRun(
            f"The database cannot be prepared ({outages.reason(error)}): see that it runs, that "
            "DIGITSITE_DATABASE_URL names it, and that its user may create tables. Where it was "
            "prepared before, `manage.py web --prepared` starts without it."
        ) from error
    except OSError as error:
        raise _unusable(error) from error


def _unusable(error: Exception) -> CannotRun:
    return CannotRun(
        f"The state directory {settings.STATE} cannot be prepared ({error}): see that it is "
        "writable and has space left, or name another one with --state DIR."
    )


def require_model() -> None:
    """Refuse to start with nothing to serve, or with something else than what was pinned.

    Raises:
        CannotRun: the pinned version, or without one that which comes with the code, is not whole.
    """
    require_pinned()
    if not settings.MODEL_DIR and (problem := anchor_problem()):
        raise CannotRun(f"{problem} {ANCHOR_HINT}")


def require_pinned() -> None:
    """Refuse to answer with something else than the version that was pinned.

    Raises:
        CannotRun: it is not whole.
    """
    if problem := pinned_problem():
        raise CannotRun(f"{problem} {PINNED_HINT}")


def _require_an_answer() -> None:
    """Connect once without the pool, which waits for seconds and does not say why it cannot."""
    if connection.vendor == "postgresql":
        with connection.wrap_database_errors:
            parameters = connection.get_connection_params()
            connection.Database.connect(**parameters).close()  # type: ignore[attr-defined]


def require_collected() -> None:
    """Refuse to start where static files of this version are missing. Asks no database.

    Raises:
        CannotRun: some are missing, so that pages could not be made.
    """
    if missing := _uncollected():
        raise CannotRun(
            f"The static files in {settings.STATIC_ROOT} lack some of this version "
            f"({len(missing)}, such as {missing[0]}): run `manage.py prepare`."
        )


def _uncollected() -> list[str]:
    """Return the names that this code has and the manifest of what was collected has not."""
    known = getattr(staticfiles_storage, "hashed_files", None)
    if known is None:  # names without hashes need no manifest
        return []
    usual = apps.get_app_config("staticfiles").ignore_patterns  # type: ignore[attr-defined]
    ours = {name for finder in get_finders() for name, _ in finder.list([*NOT_COLLECTED, *usual])}
    return sorted(ours - known.keys())


def _migrate() -> None:
    if schema.unapplied():
        with _one_at_a_time():
            if schema.unapplied():
                call_command("migrate", interactive=False, verbosity=0)
                log.info("database brought up to date")
    connection.close()


def _know_the_anchor() -> None:
    """Keep the packaged anchor for later; where an update brought another one, make it known."""
    from recognizer import anchors  # noqa: PLC0415 - models, which the settings come before

    try:
        anchors.keep()
        if (version := anchors.adopt()) is not None:
            log.info("the update brought another anchor", version=version.number)
    except CheckpointError as error:
        log.error("the packaged anchor is not whole", problem=str(error))
    finally:
        connection.close()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep others from migrating a database that several machines share; take as long as it does.

    SQLite is not shared, and the lock of the state directory is enough.
    """
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
        yield
    finally:
        # The lock and the settings belong to the connection, which must not go back to a pool.
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


def _collect() -> None:
    root = Path(settings.STATIC_ROOT)
    stamp = root / STAMP
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted and not _uncollected():
        return
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=NOT_COLLECTED)
    stamp.write_text(wanted)
    log.info("static files collected")


def _fingerprint() -> str:
    """Digest of where each source file is, how large it is and when it was changed."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))  # noqa: PTH116 - a text, not a Path
            digest.update(
                f"{storage.path(name)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()
