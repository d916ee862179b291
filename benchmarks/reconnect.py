"""How soon everybody is back when the server was restarted, and what a returning socket costs it.

Many pages are connected. Their connections are cut and all come back at the same moment; then the
web process is stopped and started again, and they come back as the page does. Some of them have
taught the recogniser something, so that their memories are built again, and some are logged in.
With `--beside DIR` another checkout takes turns with this one, in the same run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks import machine, report
from benchmarks.handwriting import ROOT
from benchmarks.report import Figure, median, progress, quantile, ratio
from benchmarks.server import PRODUCT, Server, ServerError, environment_of, free_port, launch, run
from benchmarks.visitors import Visitors

SETTLE: Final = 2.0  # s in which the server does what it puts off: memories, dead connections
IN_MS: Final = 1000


@dataclass
class Measured:
    """What was measured with one checkout. Times in s."""

    storms: list[list[float]] = field(default_factory=list)  # cut → greeted, each visitor
    cpu: list[float] = field(default_factory=list)  # the server's, a visitor of each storm
    down: list[float] = field(default_factory=list)  # told to stop → the next process is ready
    restarts: list[list[float]] = field(default_factory=list)  # told to stop → greeted
    full: list[int] = field(default_factory=list)  # open files with all connected
    empty: list[int] = field(default_factory=list)  # with nobody: before anybody came, at the end
    failures: int = 0


class Site:
    """One checkout: its state, its web process and its visitors."""

    def __init__(self, root: Path, state: Path, options: argparse.Namespace) -> None:
        self.measured = Measured()
        self._root = root
        self._log = state / "web.log"
        self._port = free_port()
        self._environment = environment_of(state, {})
        run([*PRODUCT, "prepare"], self._environment, root)
        self._running = ExitStack()
        cookies = self._acquaintances(options.sockets, options.taught, options.users)
        self._server = self._launch()
        self._visitors = Visitors(self._server, cookies, options.seed)

    def stop(self) -> None:
        """Stop the web process."""
        self._running.close()

    async def open(self) -> None:
        """Let everybody come for the first time."""
        self.measured.empty.append(self._server.open_files())
        self._visitors.come()
        await self._visitors.back(0.0)
        await asyncio.sleep(SETTLE)

    async def storm(self) -> None:
        """Cut all connections: everybody is back at the door at once."""
        cpu, cut = self._server.cpu_seconds(), perf_counter()
        self._visitors.lose(patient=False)
        late = await self._visitors.back(cut)
        await asyncio.sleep(SETTLE)
        self.measured.storms.append(late)
        self.measured.cpu.append((self._server.cpu_seconds() - cpu) / len(late))
        self.measured.full.append(self._server.open_files())
        self._visitors.be_patient()

    async def restart(self) -> None:
        """Stop the web process and start it again at once, as a supervisor does."""
        begin = perf_counter()
        await asyncio.to_thread(self.stop)
        self._server = await asyncio.to_thread(self._launch)
        self.measured.down.append(perf_counter() - begin)
        self.measured.restarts.append(await self._visitors.back(begin))
        await asyncio.sleep(SETTLE)
        self.measured.full.append(self._server.open_files())

    async def close(self) -> None:
        """Let everybody go."""
        await self._visitors.leave()
        await asyncio.sleep(SETTLE)
        self.measured.empty.append(self._server.open_files())
        self.measured.failures = self._visitors.failures

    def _launch(self) -> Server:
        return self._running.enter_context(
            launch(self._environment, self._log, port=self._port, root=self._root)
        )

    def _acquaintances(self, *numbers: int) -> list[str]:
        command = ["-m", "benchmarks.acquaintances", *map(str, numbers)]
        ours = self._environment | {"DJANGO_SETTINGS_MODULE": "digitsite.settings"}
        cookies: list[str] = json.loads(run(command, ours))
        return cookies


async def measure(sites: Sequence[Site], storms: int, restarts: int) -> None:
    """Let the sites take turns."""
    for site in sites:
        await site.open()
    for number in range(storms):
        progress(f"storm {number + 1} of {storms} …")
        for site in sites:
            await site.storm()
    for number in range(restarts):
        progress(f"restart {number + 1} of {restarts} …")
        for site in sites:
            await site.restart()
    for site in sites:
        await site.close()


def figures(measured: Measured) -> list[Figure]:
    """Return what was measured with one checkout."""
    storm = [late for storm in measured.storms for late in storm]
    back = [late for restart in measured.restarts for late in restart]
    alone = [max(late) - down for late, down in zip(measured.restarts, measured.down, strict=True)]
    found = [
        Figure("server CPU for each who comes back, median", median(measured.cpu) * IN_MS, "ms"),
        Figure("the same, least", min(measured.cpu, default=0) * IN_MS, "ms"),
        Figure("connections cut → back, p95", quantile(storm, 0.95), "s"),
        Figure("connections cut → all back, longest", max(storm, default=0), "s"),
    ]
    if back:
        found += [
            Figure("restart: without a server, longest", max(measured.down), "s"),
            Figure("restart → back, p95", quantile(back, 0.95), "s"),
            Figure("restart → all back, longest", max(back), "s", at_most=10),
            Figure("server ready → all back, longest", max(alone), "s", at_most=10),
        ]
    spread = max(measured.full) - min(measured.full)
    left = measured.empty[-1] - measured.empty[0]
    return [
        *found,
        Figure("open files with all connected, spread", spread, at_most=5),
        Figure("open files more than before anybody came", left, at_most=5),
        Figure("handshakes answered with 5xx", measured.failures, at_most=0),
    ]


def comparison(ours: Measured, theirs: Measured) -> list[Figure]:
    """Return ours as a share of theirs, turn by turn."""
    cpu = [ratio(*pair) for pair in zip(ours.cpu, theirs.cpu, strict=True)]
    longest = [
        ratio(max(mine), max(other)) for mine, other in zip(ours.storms, theirs.storms, strict=True)
    ]
    return [
        Figure("server CPU, median of the turns", median(cpu)),
        Figure("connections cut → all back, median of the turns", median(longest)),
    ]


def main() -> None:
    """Measure and print."""
    options = _parser().parse_args()
    result = report.Report(
        f"{options.sockets} people come back: {options.taught} have taught something, "
        f"{options.users} are logged in"
    )
    result.about(seed=str(options.seed), **machine.describe())
    roots = {"This checkout": ROOT}
    if options.beside:
        roots[str(options.beside)] = options.beside.resolve()
    try:
        with ExitStack() as stack:
            sites = []
            for root in roots.values():
                state = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                sites.append(Site(root, state, options))
                stack.callback(sites[-1].stop)
            asyncio.run(measure(sites, options.storms, options.restarts))
    except ServerError as error:
        sys.exit(f"benchmarks.reconnect: {error}")
    for name, site in zip(roots, sites, strict=True):
        result.add(*figures(site.measured), section=name)
    if options.beside:
        result.add(
            *comparison(*(site.measured for site in sites)), section="This, as a share of the other"
        )
    result.show(as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reconnect", description=__doc__)
    parser.add_argument("--sockets", type=int, default=500, help="people (%(default)s)")
    parser.add_argument("--taught", type=int, default=50, help="have corrected (%(default)s)")
    parser.add_argument("--users", type=int, default=50, help="are logged in (%(default)s)")
    parser.add_argument("--storms", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--restarts", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the back-off (%(default)s)")
    parser.add_argument("--beside", type=Path, help="another checkout, measured in turn")
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
