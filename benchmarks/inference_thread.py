"""Inference in the event loop against inference on a thread: which answers sooner, and for less?

Runs the product both ways (benchmarks/inference_server.py) under the same drawers.
"""

import argparse
import asyncio
import sys

from benchmarks import handwriting, machine, report
from benchmarks.live import CROWD, Run, draw
from benchmarks.pen import replay
from benchmarks.report import Figure, quantile, ratio
from benchmarks.server import ServerError, serve

WAYS = {"inline": "in the event loop", "thread": "on one thread"}


def figures(run: Run) -> list[Figure]:
    """Return what tells the two ways apart."""
    trips = run.notes.trips
    predictions = run.counted("predictions_total", source="socket")

    def server(q: float, **stage: str) -> float:
        return run.seconds("predict_seconds", q, **stage) * 1000

    return [
        Figure("predictions", predictions),
        Figure("server time p50", server(0.5, stage="total"), "ms"),
        Figure("server time p99", server(0.99, stage="total"), "ms"),
        Figure("of it, raster and model p50", server(0.5, stage="model"), "ms"),
        Figure("of it, raster and model p99", server(0.99, stage="model"), "ms"),
        Figure("loop lag p50", run.seconds("loop_lag_seconds", 0.5) * 1000, "ms"),
        Figure("loop lag p99", run.seconds("loop_lag_seconds", 0.99) * 1000, "ms"),
        Figure("pen to answer p50", quantile(trips, 0.5) * 1000, "ms"),
        Figure("pen to answer p99", quantile(trips, 0.99) * 1000, "ms"),
        Figure("server CPU per prediction", ratio(run.server_cpu, predictions) * 1000, "ms"),
    ]


def main() -> None:
    """Measure both ways with one drawer and with many, and print them in pairs."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.inference_thread", description=__doc__
    )
    handwriting.add_options(parser)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run (%(default)s)")
    report.add_options(parser)
    options = parser.parse_args()
    characters = handwriting.chosen(options)
    replays = [replay(character) for character in characters]
    result = report.Report("Inference in the event loop against a thread")
    result.about(data=handwriting.describe(characters, options.seed), **machine.describe())
    try:
        for drawers in (1, CROWD):
            for way, words in WAYS.items():
                report.progress(f"{drawers} drawing, {words} …")
                with serve(entry=("-m", "benchmarks.inference_server", way)) as server:
                    run = asyncio.run(
                        draw(
                            server,
                            replays,
                            drawers=drawers,
                            seconds=options.seconds,
                            seed=options.seed,
                        )
                    )
                result.add(*figures(run), section=f"{drawers} drawing, {words}")
    except ServerError as error:
        sys.exit(f"benchmarks.inference_thread: {error}")
    result.show(as_json=options.json)


if __name__ == "__main__":
    main()
