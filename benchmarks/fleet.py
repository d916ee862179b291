"""Several web processes on one state directory, with a private Redis and a helper for the rows.

Nothing of an installation is touched; everything is gone at the end.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.handwriting import ROOT
from benchmarks.server import PRODUCT, Server, ServerError, environment_of, launch, run, stop
from digitsite.private_redis import PrivateRedis, find_server


@dataclass(frozen=True)
class Fleet:
    """What runs."""

    servers: list[Server]
    redis: subprocess.Popen[bytes]
    helper: subprocess.Popen[str]  # one JSON command a line
    state: Path
    environment: dict[str, str]

    async def ask(self, command: str, *arguments: int) -> Any:
        """Let the helper do something, while the event loop goes on."""
        return await asyncio.to_thread(self.order, command, *arguments)

    def order(self, command: str, *arguments: float) -> Any:
        """Let the helper do something and wait for it.

        Raises:
            ServerError: it could not.
        """
        assert self.helper.stdin
        assert self.helper.stdout
        self.helper.stdin.write(json.dumps([command, arguments]) + "\n")
        self.helper.stdin.flush()
        answer = self.helper.stdout.readline()
        if not answer:
            raise ServerError(f"{command} failed; see the lines above")
        return json.loads(answer)


@contextlib.contextmanager
def fleet(
    processes: int,
    helper: str = "benchmarks.promoter",
    settings: Mapping[str, str] | None = None,
) -> Iterator[Fleet]:
    """Run so many web processes, and a module as the helper, until the block ends.

    Raises:
        ServerError: something did not start.
    """
    program = find_server()
    if program is None:
        raise ServerError("there is no redis-server on this machine")
    state = Path(tempfile.mkdtemp(prefix="digitsite-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, state, ignore_errors=True)
        private = PrivateRedis(state / "redis")
        stack.callback(private.clean_up)
        redis = subprocess.Popen(private.command(program), stdout=subprocess.DEVNULL)
        stack.callback(stop, redis)
        environment = environment_of(state, {"REDIS_URL": private.url, **(settings or {})})
        environment.pop("DIGITSITE_MODEL", None)  # a version that is pinned is never swapped
        run([*PRODUCT, "prepare"], environment)
        servers = [
            stack.enter_context(launch(environment, state / f"web-{number}.log"))
            for number in range(processes)
        ]
        told = subprocess.Popen(
            [sys.executable, "-m", helper],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "digitsite.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(told.communicate)
        stack.callback(told.kill)
        yield Fleet(servers, redis, told, state, environment)
