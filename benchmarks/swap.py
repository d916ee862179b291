"""Whether versions are swapped under people who draw without anybody noticing.

Several web processes share a state directory; people draw on each while versions are promoted and
rolled back, then once more without Redis. At last two versions take turns for as long as it takes
to see whether memory grows.
"""

import argparse
import asyncio
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks import handwriting, machine, report
from benchmarks.fleet import Fleet, fleet
from benchmarks.gathering import Crowd, Phase, acquaintances, new_phase
from benchmarks.handwriting import Character
from benchmarks.pen import Replay, replay
from benchmarks.report import Figure, quantile, ratio
from benchmarks.server import ServerError
from recognizer.alphabet import LABELS
from trainer import synthesis

PROMOTIONS: Final = 20
ROLLBACKS: Final = 2
WITHOUT_REDIS: Final = 5
POLL: Final = 1.0  # s: how often a process looks by itself
WARM_UP: Final = 10  # swaps before memory is compared
WRITERS: Final = 20
APART: Final = 2.0  # s between two swaps; runs that take half a minute cannot promote faster
DENSITY: Final = 0.02  # of a made-up pen, in character sizes: a character takes about a second
MB: Final = 1_000_000


@dataclass
class Outcome:
    """All phases."""

    steady: Phase
    swaps: Phase
    alone: Phase  # without Redis
    growth: list[float] = field(default_factory=list)  # bytes, of each process


async def promote_all(site: Fleet, phase: Phase, numbers: Sequence[int], back: int) -> None:
    """Promote versions one after the other, then roll back, and note how each has spread."""
    count = len(site.servers)
    commands: list[tuple[str, tuple[int, ...]]] = [
        ("promote", (number, count)) for number in numbers
    ]
    commands += [("rollback", (count,))] * back
    for command, arguments in commands:
        answer = await site.ask(command, *arguments)
        # What has not arrived within the promoter's patience has no time.
        phase.spread.append(math.inf if answer["seconds"] is None else answer["seconds"])
        await asyncio.sleep(APART)
        phase.told.append(_told(phase, answer["version"], answer["committed"]))


def _told(phase: Phase, version: int, committed: float) -> float:
    """Return how long until a person at every process had heard of a version."""
    first = [
        min(
            (at for at, told in notes.swaps if told == version and at >= committed),
            default=math.inf,
        )
        for notes in phase.notes
    ]
    return max(first) - committed


async def memory_growth(site: Fleet, crowd: Crowd, pair: Sequence[int], swaps: int) -> list[float]:
    """Let two versions take turns; return by how many bytes each process has grown."""
    before: list[int] = []

    async def take_turns() -> None:
        for turn in range(WARM_UP + swaps):
            if turn == WARM_UP:
                before.extend(server.rss_bytes() for server in site.servers)
            await site.ask("promote", pair[turn % 2], len(site.servers))

    await crowd.draw_while(take_turns(), new_phase(site.servers))
    after = [server.rss_bytes() for server in site.servers]
    return [float(now - then) for now, then in zip(after, before, strict=True)]


def people_figures(phase: Phase, steady: Phase | None) -> list[Figure]:
    """Return how the people fared."""
    p99 = quantile(phase.trips, 0.99)
    figures = [
        Figure("drawings", phase.total("drawings")),
        Figure("predictions a second", phase.predictions / phase.wall, "/s"),
        Figure("all cores busy", phase.busy, "%", note="with those who draw"),
        Figure("pen to answer p50", quantile(phase.trips, 0.5) * 1000, "ms"),
        Figure("pen to answer p99", p99 * 1000, "ms"),
    ]
    if steady is not None:
        times = ratio(p99, quantile(steady.trips, 0.99))
        figures.append(Figure("p99 in times of the steady one", times, at_most=2))
    errors = sum(notes.errors.total() for notes in phase.notes)
    return [
        *figures,
        Figure("client late p99", _late(phase) * 1000, "ms", note="our own slowness"),
        Figure("without an answer", phase.total("unanswered"), at_most=0),
        Figure("errors from the servers", errors, at_most=0),
        Figure("sockets closed", phase.closed, at_most=0),
        Figure("drawings answered by two versions", phase.total("mixed"), at_most=0),
    ]


def spread_figures(phase: Phase, goal: float) -> list[Figure]:
    """Return how long versions took to be everywhere."""
    return [
        Figure("swaps", len(phase.spread)),
        Figure("publish to everywhere p50", quantile(phase.spread, 0.5), "s"),
        Figure("publish to everywhere p95", quantile(phase.spread, 0.95), "s", at_most=goal),
        Figure("publish to everywhere, longest", max(phase.spread), "s"),
        Figure("version frame at all processes p95", quantile(phase.told, 0.95), "s"),
    ]


def _late(phase: Phase) -> float:
    return quantile([late for notes in phase.notes for late in notes.late], 0.99)


def written(count: int, seed: int) -> list[Character]:
    """Let made-up people write so many characters."""
    rng = np.random.default_rng(seed)
    styles = [synthesis.writer_style((seed, writer)) for writer in range(WRITERS)]
    characters = []
    for index in range(count):
        label = LABELS[index % len(LABELS)]
        strokes = synthesis.draw(label, styles[index % WRITERS], rng)
        characters.append(
            Character(synthesis.NAME, label, tuple(_timed(stroke) for stroke in strokes))
        )
    return characters


def _timed(stroke: np.ndarray) -> np.ndarray:
    """Return a stroke as densely as a pen samples, without times: the usual pace is assumed."""
    along = np.r_[0.0, np.hypot(*np.diff(stroke, axis=0).T).cumsum()]
    at = np.linspace(0, along[-1], 1 + max(1, round(along[-1] / DENSITY)))
    points = [np.interp(at, along, stroke[:, axis]) for axis in (0, 1)]
    return np.stack([*points, np.full(len(at), np.nan)], axis=1)


async def measure(site: Fleet, options: argparse.Namespace, replays: Sequence[Replay]) -> Outcome:
    """Draw in peace, under swaps, without Redis; then count memory."""
    numbers = await site.ask("make", options.promotions + WITHOUT_REDIS)
    people = options.processes * options.sockets
    cookies = await asyncio.to_thread(acquaintances, site, people, options.taught)
    crowd = Crowd(site.servers, options.sockets, replays, options.seed, cookies)
    steady, swaps, alone = (new_phase(site.servers) for _ in range(3))
    outcome = Outcome(steady, swaps, alone)
    report.progress("steady …")
    await crowd.draw_while(asyncio.sleep(options.seconds), outcome.steady)
    report.progress(f"{options.promotions} promotions, {ROLLBACKS} rollbacks …")
    first, last = numbers[:-WITHOUT_REDIS], numbers[-WITHOUT_REDIS:]
    await crowd.draw_while(promote_all(site, outcome.swaps, first, ROLLBACKS), outcome.swaps)
    if options.memory_swaps:
        report.progress(f"{options.memory_swaps} swaps, for memory …")
        few = Crowd(site.servers, 1, replays, options.seed)
        outcome.growth = await memory_growth(site, few, first[:2], options.memory_swaps)
    report.progress(f"{WITHOUT_REDIS} promotions without Redis …")
    site.redis.kill()
    await crowd.draw_while(promote_all(site, outcome.alone, last, 0), outcome.alone)
    return outcome


def main() -> None:
    """Measure and print."""
    options = _parser().parse_args()
    if options.real:
        characters = handwriting.chosen(options)
        data = handwriting.describe(characters, options.seed)
    else:
        characters = written(options.limit or 10 * len(LABELS), options.seed)
        data = f"{len(characters)} drawings by {WRITERS} made-up writers; seed {options.seed}"
    replays = [replay(character) for character in characters]
    result = report.Report(
        f"Hot swap: {options.processes} web processes, {options.sockets} people drawing at each"
    )
    result.about(data=data, **machine.describe())
    try:
        with fleet(options.processes) as site:
            outcome = asyncio.run(measure(site, options, replays))
    except ServerError as error:
        sys.exit(f"benchmarks.swap: {error}")
    result.add(*people_figures(outcome.steady, None), section="Steady")
    section = f"{options.promotions} promotions and {ROLLBACKS} rollbacks"
    result.add(*spread_figures(outcome.swaps, 1.0), section=section)
    result.add(*people_figures(outcome.swaps, outcome.steady), section=section)
    section = f"{WITHOUT_REDIS} promotions, Redis killed"
    result.add(*spread_figures(outcome.alone, POLL + 1.0), section=section)
    result.add(*people_figures(outcome.alone, outcome.steady), section=section)
    if outcome.growth:
        worst = max(outcome.growth) / MB
        result.add(
            Figure("growth of the process that grew most", worst, "MB", at_most=20),
            section=f"Memory over {options.memory_swaps} swaps",
        )
    result.show(as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.swap", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--real", action="store_true", help="draw what --data-dir has")
    parser.add_argument("--processes", type=int, default=4, help="web processes (%(default)s)")
    parser.add_argument("--sockets", type=int, default=50, help="at each of them (%(default)s)")
    parser.add_argument(
        "--taught", type=int, default=0, help="drawings that each of them has taught (%(default)s)"
    )
    parser.add_argument("--promotions", type=int, default=PROMOTIONS, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="steady drawing (%(default)s)")
    parser.add_argument(
        "--memory-swaps", type=int, default=200, help="0: leave memory out (%(default)s)"
    )
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
