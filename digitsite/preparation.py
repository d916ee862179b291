"""What has to be in the state directory before a web process starts: tables and static files.

Each part is done only when it is needed, because this runs at every start.
"""

import hashlib
import os
from pathlib import Path

import structlog
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from digitsite.checks import MODEL_HINT, model_problems
from digitsite.commandline import CannotRun
from digitsite.locks import exclusive

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
            _migrate()
            _collect()
    except (OSError, DatabaseError) as error:
        raise CannotRun(
            f"The state directory {settings.STATE} cannot be prepared ({error}): see that it is "
            "writable and has space left, or name another one with --state DIR."
        ) from error


def require_model() -> None:
    """Refuse to start with nothing to serve.

    Raises:
        CannotRun: no version folder is whole.
    """
    problems, servable = model_problems()
    if not servable:
        raise CannotRun(f"{problems[0]} {MODEL_HINT}")


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
        log.info("database brought up to date")
    connection.close()


def _collect() -> None:
    root = Path(settings.STATIC_ROOT)
    stamp = root / STAMP
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
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
