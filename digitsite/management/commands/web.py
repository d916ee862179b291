"""`manage.py web`: one web process on one port. `serve` runs it together with what it needs."""

import gc
from argparse import ArgumentParser
from typing import Any

import structlog
from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

from digitsite.commandline import CannotRun
from digitsite.listening import listen_problem
from digitsite.preparation import prepare, require_collected, require_model, require_pinned


class Command(BaseCommand):
    """Prepare the state directory, then serve HTTP and websockets until told to stop."""

    requires_system_checks = (Tags.security,)
    help = "Serve the site from this process: Daphne with limits, deadlines and a clean stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; `commandline.py` has turned them into settings by now."""
        parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", help="port to listen on (default 8000)")
        parser.add_argument("--state", help="directory for everything that is written")
        parser.add_argument(
            "--prepared",
            action="store_true",
            help="`prepare` was run, so this can start while the database is down",
        )

    def handle(self, *, prepared: bool, **_: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        if prepared:
            require_pinned()
            require_collected()
        else:
            require_model()
            prepare()
        # Imports Twisted's reactor and the whole application: only this process wants them.
        from digitsite import server  # noqa: PLC0415
        from digitsite.asgi import application  # noqa: PLC0415
        from digitsite.server_http import Limits  # noqa: PLC0415
        from feedback import retention  # noqa: PLC0415
        from recognizer import watching  # noqa: PLC0415

        server.raise_file_limit()
        watching.boot()  # before the port opens: the first drawing should not wait for it
        # What is there now stays: without it, each full collection looks at all of it and halts
        # every drawer for tens of milliseconds.
        gc.collect()
        gc.freeze()
        retention.start()
        watching.start()
        log = structlog.get_logger("digitsite.web")
        web = server.Server(
            application,
            host=settings.HOST,
            port=settings.PORT,
            limits=Limits(settings.BODY_BYTES, settings.HEAD_SECONDS, settings.BODY_SECONDS),
            # Above FRAME_BYTES the application answers in words; the socket closes far above it.
            frame_bytes=2 * settings.FRAME_BYTES,
            stalled_seconds=settings.STALLED_SECONDS,
            on_ready=lambda: log.info("listening", host=settings.HOST, port=settings.PORT),
        )
        try:
            web.run()
        finally:
            watching.stop()
        if web.failure is not None:
            raise CannotRun(listen_problem(web.failure, settings.HOST, settings.PORT))
