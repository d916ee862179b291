"""Real handwriting, point by point, through real sockets to a server that this program starts.

One drawer shows how fast answers follow a pen; many show the same under load, and accuracy;
throughput shows which share is left of what raster and model reach alone (benchmarks/limits.py).
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from benchmarks import handwriting, limits, machine, report, throughput
from benchmarks.drawer import Answer, Notes, draw_all
from benchmarks.pen import Replay, replay
from benchmarks.report import Figure, quantile, ratio
from benchmarks.scrape import Scrape
from benchmarks.server import NO_THROTTLE, Server, ServerError, serve
from recognizer.alphabet import LABELS

CROWD = 50  # drawers at once
ALONE_SECONDS = 30.0
CROWD_SECONDS = 240.0  # more than all held-out drawings take
THROUGHPUT_SECONDS = 30.0


@dataclass(frozen=True)
class Run:
    """What drawers noted, and what their server used meanwhile."""

    drawers: int
    notes: Notes
    wall: float
    server_cpu: float
    client_cpu: float
    before: Scrape
    after: Scrape

    def counted(self, name: str, **labels: str) -> float:
        """Return by how much one of the server's counters grew."""
        return self.after.total(name, **labels) - self.before.total(name, **labels)

    def seconds(self, name: str, q: float, **labels: str) -> float:
        """Return a quantile of one of the server's histograms over this run."""
        after, before = self.after.histogram(name, **labels), self.before.histogram(name, **labels)
        return (after - before).quantile(q)


async def draw(
    server: Server, replays: list[Replay], *, drawers: int, seconds: float, seed: int
) -> Run:
    """Let people draw, and look at the server before and after."""
    before = await asyncio.to_thread(server.metrics)
    cpu, mine, begin = server.cpu_seconds(), time.process_time(), time.perf_counter()
    notes = await draw_all(server, replays, drawers=drawers, seconds=seconds, seed=seed)
    wall = time.perf_counter() - begin
    used, own = server.cpu_seconds() - cpu, time.process_time() - mine
    after = await asyncio.to_thread(server.metrics)
    return Run(drawers, notes, wall, used, own, before, after)


def pace_figures(run: Run) -> list[Figure]:
    """Return how fast answers followed the pen and what they cost."""
    notes = run.notes
    predictions = run.counted("predictions_total", source="socket")
    alone = run.drawers == 1

    def total(q: float) -> float:
        return run.seconds("predict_seconds", q, stage="total") * 1000

    return [
        Figure("drawings", notes.drawings),
        Figure("predictions", predictions),
        Figure("without an answer", notes.unanswered, at_most=0),
        Figure("errors from the server", notes.errors.total(), at_most=0),
        Figure(
            "updates a second while the pen moves",
            ratio(notes.updates, notes.pen_seconds),
            "/s",
            at_least=8,
        ),
        Figure("pen to answer p50", quantile(notes.trips, 0.5) * 1000, "ms"),
        Figure(
            "pen to answer p99",
            quantile(notes.trips, 0.99) * 1000,
            "ms",
            at_most=60 if alone else None,
        ),
        Figure("point to answer p50", quantile(notes.ages, 0.5) * 1000, "ms", note="with batching"),
        Figure("point to answer p99", quantile(notes.ages, 0.99) * 1000, "ms"),
        Figure("server time p50", total(0.5), "ms", note="without the deliberate throttle"),
        Figure("server time p99", total(0.99), "ms", at_most=None if alone else 20),
        Figure("loop lag p99", run.seconds("loop_lag_seconds", 0.99) * 1000, "ms"),
        Figure(
            "bytes up per prediction",
            ratio(notes.bytes_up, notes.ink_predictions),
            "B",
            at_most=200,
        ),
        Figure("bytes down per prediction", ratio(notes.bytes_down, notes.ink_predictions), "B"),
        Figure("server CPU per prediction", ratio(run.server_cpu, predictions) * 1000, "ms"),
        Figure("server CPU", run.server_cpu / run.wall * 100, "% of a core"),
        Figure("client CPU", run.client_cpu / run.wall * 100, "% of a core"),
        Figure("client late p99", quantile(notes.late, 0.99) * 1000, "ms", note="our own slowness"),
    ]


def accuracy_figures(answers: Iterable[Answer]) -> dict[str, list[Figure]]:
    """Return how many finished characters were read right, for each set and character set."""
    sections: dict[str, list[Figure]] = {}
    rows = sorted(answers, key=lambda answer: (answer.charset == "all", answer.set))
    for everything, with_charset in groupby(rows, key=lambda answer: answer.charset == "all"):
        section = "Accuracy after the last point, " + (
            f"all {len(LABELS)} labels" if everything else "with the character-set hint"
        )
        for name, group in groupby(with_charset, key=lambda answer: answer.set):
            sections.setdefault(section, []).extend(_accuracy(name, list(group)))
    return sections


def _accuracy(name: str, answers: Sequence[Answer]) -> list[Figure]:
    def share(count: int) -> float:
        return count / len(answers) * 100

    note = f"of {len(answers)}; “not sure” {share(sum(a.abstain for a in answers)):.1f} %"
    return [
        Figure(f"{name} top-1", share(sum(a.rank < 1 for a in answers)), "%", note=note),
        Figure(f"{name} top-3", share(sum(a.rank < 3 for a in answers)), "%"),
    ]


def throughput_figures(passes: Sequence[throughput.Pass]) -> list[Figure]:
    """Return medians over the passes."""
    middle = report.median
    ratios = sorted(one.ratio for one in passes)
    spread = f"{len(passes)} passes, {ratios[0]:.3f} to {ratios[-1]:.3f}"
    return [
        Figure("share of the limit, by CPU time", middle(ratios), at_least=0.5, note=spread),
        Figure("predictions a server CPU second", middle(p.per_cpu_second for p in passes), "/s"),
        Figure("predictions a second", middle(p.predictions / p.wall for p in passes), "/s"),
        Figure(
            "share of the limit, by the clock",
            middle(p.predictions / p.wall / (p.limit.drawings / p.limit.wall) for p in passes),
        ),
        Figure(
            "server CPU per prediction",
            middle(p.server_cpu / p.predictions for p in passes) * 1e6,
            "µs",
        ),
        Figure("client CPU", middle(p.client_cpu / p.wall for p in passes) * 100, "% of a core"),
    ]


def main() -> None:
    """Measure what the options ask for and print it."""
    options = _parser().parse_args()
    characters = handwriting.chosen(options)
    everything = not (options.drawers or options.throughput)
    result = report.Report("Live recognition through real sockets")
    result.about(data=handwriting.describe(characters, options.seed), **machine.describe())
    complete = True
    try:
        for drawers in (1, CROWD) if everything else (options.drawers,) if options.drawers else ():
            run = _let_draw(drawers, characters, options)
            result.add(*pace_figures(run), section=f"{drawers} drawing at their pace")
            complete &= not (run.notes.unanswered or run.notes.errors)
        if not options.throughput:
            for section, figures in accuracy_figures(run.notes.answers).items():
                result.add(*figures, section=section)
        if everything or options.throughput:
            _add_throughput(result, characters, options)
    except (ServerError, throughput.WrongAnswer) as error:
        sys.exit(f"benchmarks.live: {error}")
    result.show(as_json=options.json)
    if not complete:
        sys.exit("benchmarks.live: drawings without an answer, or errors from the server")


def _let_draw(
    drawers: int, characters: Sequence[handwriting.Character], options: argparse.Namespace
) -> Run:
    report.progress(f"{drawers} drawing …")
    seconds = options.seconds or (ALONE_SECONDS if drawers == 1 else CROWD_SECONDS)
    replays = [replay(character) for character in characters]
    with serve() as server:
        return asyncio.run(
            draw(server, replays, drawers=drawers, seconds=seconds, seed=options.seed)
        )


def _add_throughput(
    result: report.Report,
    characters: Sequence[handwriting.Character],
    options: argparse.Namespace,
) -> None:
    report.progress("throughput …")
    predictor = limits.load_predictor()
    grown = limits.stages(characters[: limits.DRAWINGS])
    seconds = options.seconds or THROUGHPUT_SECONDS
    with serve(NO_THROTTLE) as server:
        passes = asyncio.run(throughput.compare(server, predictor, grown, seconds))
    section = f"As fast as the server can, {throughput.DRAWERS} drawers"
    result.add(*throughput_figures(passes), section=section)
    result.add(*limits.figures([one.limit for one in passes]), section="Raster and model alone")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="one after the other; the default")
    what.add_argument("--drawers", type=int, help="so many people at their own pace")
    what.add_argument("--throughput", action="store_true", help="compare with raster and model")
    handwriting.add_options(parser)
    parser.add_argument("--seconds", type=float, help="bound of each measurement")
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
