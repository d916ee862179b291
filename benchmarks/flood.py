"""Whether clients without manners can grow the server's memory or slow the others down.

Some sockets draw and never read the answers, one sends thousands of messages a second and comes
back whenever it is thrown out; meanwhile some people just draw.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

from benchmarks import handwriting, machine, report
from benchmarks.attackers import Damage, attack
from benchmarks.drawer import Notes, draw_all
from benchmarks.pen import Replay, replay
from benchmarks.report import Figure, quantile, ratio
from benchmarks.server import Server, ServerError, serve

PEOPLE = 5
QUIET_SECONDS = 10.0
LOOK_EVERY = 0.25  # s between looks at the server's memory
MB = 1_000_000


@dataclass(frozen=True)
class Phase:
    """What people noted during one phase, and the largest memory of the server."""

    notes: Notes
    wall: float
    server_cpu: float
    peak_rss: int


async def people_draw(server: Server, replays: list[Replay], seconds: float, seed: int) -> Phase:
    """Let some people draw, and watch the server's memory."""
    peak = server.rss_bytes()

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, server.rss_bytes())
            await asyncio.sleep(LOOK_EVERY)

    cpu, begin = server.cpu_seconds(), time.perf_counter()
    watching = asyncio.create_task(watch())
    try:
        notes = await draw_all(
            server, replays, drawers=PEOPLE, seconds=seconds, seed=seed, charset="all"
        )
    finally:
        watching.cancel()
    return Phase(notes, time.perf_counter() - begin, server.cpu_seconds() - cpu, peak)


def people_figures(phase: Phase, goal: float | None) -> list[Figure]:
    """Return how the people fared."""
    notes = phase.notes
    return [
        Figure("drawings", notes.drawings),
        Figure("pen to answer p50", quantile(notes.trips, 0.5) * 1000, "ms"),
        Figure("pen to answer p99", quantile(notes.trips, 0.99) * 1000, "ms", at_most=goal),
        Figure("updates a second, pen down", ratio(notes.updates, notes.pen_seconds), "/s"),
        Figure("without an answer", notes.unanswered, at_most=0),
        Figure("errors from the server", notes.errors.total(), at_most=0),
        Figure("server CPU", phase.server_cpu / phase.wall * 100, "% of a core"),
    ]


def damage_figures(damage: Damage, seconds: float) -> list[Figure]:
    """Return what the attackers got through."""
    return [
        Figure("flood messages sent a second", damage.flooded / seconds, "/s"),
        Figure("times the flooding client was closed", damage.reconnects),
        Figure("frames from those who never read", damage.deaf_frames),
        Figure("of those, connections dropped", damage.deaf_dropped),
    ]


def main() -> None:
    """Measure in peace, then under attack, and print both."""
    options = _parser().parse_args()
    characters = handwriting.chosen(options)
    replays = [replay(character) for character in characters]
    result = report.Report(
        f"{options.deaf} clients that never read and one that sends {options.flood} messages a "
        f"second, beside {PEOPLE} people"
    )
    result.about(data=handwriting.describe(characters, options.seed), **machine.describe())
    try:
        with serve() as server:
            quiet = asyncio.run(people_draw(server, replays, QUIET_SECONDS, options.seed))
            before = quiet.peak_rss
            with attack(
                server, deaf=options.deaf, flood=options.flood, seconds=options.seconds
            ) as damage:
                # The attackers need a moment to start; people go on until these have stopped.
                under = asyncio.run(people_draw(server, replays, options.seconds, options.seed + 1))
                damages = damage.recv() if damage.poll(options.seconds) else Damage()
            growth = (under.peak_rss - before) / MB
    except ServerError as error:
        sys.exit(f"benchmarks.flood: {error}")
    result.add(*people_figures(quiet, None), section="People, in peace")
    result.add(*people_figures(under, 150), section="People, under attack")
    result.add(
        Figure("server memory before", before / MB, "MB"),
        Figure("growth under attack, at its largest", growth, "MB", at_most=50),
        *damage_figures(damages, options.seconds),
        section="Server and attackers",
    )
    result.show(as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flood", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--seconds", type=float, default=30.0, help="of attack (%(default)s)")
    parser.add_argument("--deaf", type=int, default=20, help="never read (%(default)s)")
    parser.add_argument("--flood", type=int, default=5000, help="messages a second (%(default)s)")
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
