"""How a command of ours becomes a Celery process: checked, with the surroundings that it needs.

The process is replaced, so that whoever started the command watches and stops Celery itself.
"""

import os
import sys
from typing import NoReturn

from django.conf import settings

from digitsite.commandline import CannotRun

WITHOUT_BROKER = (
    "Nothing can be learned without a broker: name one with DIGITSITE_BROKER_URL or "
    "DIGITSITE_REDIS_URL, or use `manage.py serve`, which brings a Redis of its own."
)
SURROUNDINGS = {
    # One thread for each: workers are many, and a fork must not happen between threads.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # SIGTERM lets the task at hand run for a while, then gives it back in place of waiting for it.
    "REMAP_SIGTERM": "SIGQUIT",
    "CELERY_SKIP_CHECKS": "1",  # the command has run its own; all of them load the whole site
    # Celery closes its child's connections after each task, so a pool would only cost threads.
    "DIGITSITE_DATABASE_POOL": "0",
}


def become_celery(application: str, *arguments: str) -> NoReturn:
    """Replace this process by `celery` with one of the applications of digitsite/celery.py.

    Raises:
        CannotRun: no broker is named.
    """
    if not settings.BROKER_URL:
        raise CannotRun(WITHOUT_BROKER)
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    named = f"--app=digitsite.celery:{application}"
    command = [sys.executable, "-m", "celery", "--quiet", named, *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, os.environ | SURROUNDINGS | {"PYTHONPATH": path})  # noqa: S606
