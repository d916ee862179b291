"""`manage.py serve`: everything that the site needs, on one machine, from one command."""

import shutil
import socket
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

from digitsite import probe
from digitsite.commandline import CannotRun
from digitsite.listening import listen_problem
from digitsite.locks import Taken, exclusive
from digitsite.preparation import prepare, require_model
from digitsite.private_redis import PrivateRedis, find_server
from digitsite.supervisor import Failed, Spec, Supervisor, stop_leftovers
from recognizer.places import MIN_FREE_BYTES

WITHOUT_REDIS = (
    "There is no redis-server on this machine, so learning is off: recognition and corrections do "
    "not need it, and what is approved is learned once there is one."
)
GRACE_SECONDS = 2  # for the worker: who presses Ctrl-C waits, and what it gives back is not lost
MEGABYTE = 2**20


class Command(BaseCommand):
    """Start Redis, web, worker and beat, keep them running, stop them together."""

    requires_system_checks = (Tags.security,)
    help = "Run the whole site on this machine until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; `commandline.py` has turned them into settings by now."""
        parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", help="port to listen on (default 8000)")
        parser.add_argument("--state", help="directory for everything that is written")

    def handle(self, **_: Any) -> None:
        """Check, prepare, run."""
        require_space(settings.STATE)
        require_model()
        try:
            with exclusive(settings.STATE / "serve.lock", wait=False):
                self._run()
        except Taken:
            raise CannotRun(
                f"Another `serve` is running on {settings.STATE}: stop it, or give this one a "
                "state directory of its own with --state DIR."
            ) from None

    def _run(self) -> None:
        record = settings.STATE / "serve.processes"
        stop_leftovers(record)
        require_port(settings.HOST, settings.PORT)
        prepare()
        with ExitStack() as stack:
            specs = []
            redis_url = settings.REDIS_URL
            if not redis_url and (server := find_server()):
                redis = PrivateRedis(settings.STATE / "redis")
                stack.callback(redis.clean_up)
                specs.append(Spec("redis", redis.command(server)))
                redis_url = redis.url
            specs.append(ours("web", redis_url, "--prepared"))
            learning = bool(settings.BROKER_URL or redis_url)
            if learning:
                specs += [ours("worker", redis_url, late=True), ours("beat", redis_url, late=True)]
            supervisor = Supervisor(specs, record, output=sys.stdout)
            if not learning:
                supervisor.say("serve", WITHOUT_REDIS)
            try:
                supervisor.run(self._is_ready, lambda: supervisor.say("serve", invitation()))
            except Failed as failed:
                raise CannotRun(
                    f"{failed} ended before the site was ready; see its lines above."
                ) from None

    def _is_ready(self) -> bool:
        return probe.is_ready(settings.HOST, settings.PORT)


def ours(name: str, redis_url: str, *options: str, late: bool = False) -> Spec:
    """Return one of our own commands, with the settings of this one."""
    environment = {
        "DIGITSITE_STATE": str(settings.STATE),
        "DIGITSITE_HOST": settings.HOST,
        "DIGITSITE_PORT": str(settings.PORT),
        "DIGITSITE_REDIS_URL": redis_url,
        "DIGITSITE_WORKER_GRACE_SECONDS": str(min(GRACE_SECONDS, settings.WORKER_GRACE_SECONDS)),
    }
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), name, *options]
    return Spec(name, command, environment, late)


def invitation() -> str:
    """Say where the site can be opened."""
    return "Open " + " or ".join(f"{origin}/" for origin in settings.ALLOWED_ORIGINS[:1])


def require_space(folder: Path) -> None:
    """Refuse to start on a disk that is nearly full.

    Raises:
        CannotRun: there is not enough space.
    """
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise CannotRun(
            f"Only {free // MEGABYTE} MB are free in {folder} and {MIN_FREE_BYTES // MEGABYTE} MB "
            "are needed: make room, or name a directory on another disk with --state DIR."
        )


def require_port(host: str, port: int) -> None:
    """Refuse to start when the web process could not listen.

    Raises:
        CannotRun: the port is taken or forbidden, or the address is not ours.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise CannotRun(listen_problem(error, host, port)) from None
