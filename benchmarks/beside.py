"""Whether asking which ink decided slows those who draw, on the same server.

First some people draw in peace; then the same number draws while a program asks for explanations
one after the other, as many as the server takes. Both in one run, on a fresh server.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import sys
from collections import Counter
from collections.abc import Sequence

from benchmarks import handwriting, live, machine, report
from benchmarks.pen import replay
from benchmarks.report import Figure, quantile
from benchmarks.server import Server, ServerError, serve
from examples.client import Client

# Everybody comes from one address here; a person alone may ask for five a second.
UNLIMITED = {"HTTP_EXPLANATIONS_PER_SECOND": "1000", "HTTP_EXPLANATION_BURST": "1000"}


async def ask_on(
    server: Server, drawings: Sequence[handwriting.Character], statuses: Counter[int]
) -> None:
    """Ask for one explanation after the other until cancelled; count the answers by status."""
    bodies = [
        json.dumps({"strokes": [stroke[:, :2].tolist() for stroke in drawing.strokes]})
        for drawing in drawings
    ]
    while True:
        for body in bodies:
            statuses[await asyncio.to_thread(_ask, server, body)] += 1


def _ask(server: Server, body: str) -> int:
    return Client(server.origin).exchange("POST", "/api/v1/explain", body)[0]


async def compare(
    server: Server, characters: Sequence[handwriting.Character], options: argparse.Namespace
) -> tuple[live.Run, live.Run, Counter[int]]:
    """Return how people fared in peace and beside questions, and these by status.

    Raises:
        OSError, HTTPException: the server stopped answering questions.
    """
    replays = [replay(character) for character in characters]

    async def people(seed: int) -> live.Run:
        return await live.draw(
            server, replays, drawers=options.drawers, seconds=options.seconds, seed=seed
        )

    peace = await people(options.seed)
    statuses: Counter[int] = Counter()
    asking = asyncio.create_task(ask_on(server, characters, statuses))
    try:
        beside = await people(options.seed + 1)
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking  # raises what ended it early: then nothing was measured beside it
    return peace, beside, statuses


def figures(run: live.Run) -> list[Figure]:
    """Return how the people fared."""
    notes = run.notes

    def total(q: float) -> float:
        return run.seconds("predict_seconds", q, stage="total") * 1000

    return [
        Figure("drawings", notes.drawings),
        Figure("without an answer", notes.unanswered, at_most=0),
        Figure("errors from the server", notes.errors.total(), at_most=0),
        Figure("pen to answer p50", quantile(notes.trips, 0.5) * 1000, "ms"),
        Figure("pen to answer p99", quantile(notes.trips, 0.99) * 1000, "ms"),
        Figure("server time p50", total(0.5), "ms"),
        Figure("server time p99", total(0.99), "ms"),
        Figure("loop lag p99", run.seconds("loop_lag_seconds", 0.99) * 1000, "ms"),
    ]


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--drawers", type=int, default=20, help="people (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each phase (%(default)s)")
    report.add_options(parser)
    options = parser.parse_args()
    characters = handwriting.chosen(options)
    result = report.Report(f"{options.drawers} people draw while explanations are asked for")
    result.about(data=handwriting.describe(characters, options.seed), **machine.describe())
    try:
        with serve(UNLIMITED) as server:
            peace, beside, statuses = asyncio.run(compare(server, characters, options))
    except (ServerError, OSError, http.client.HTTPException) as error:
        sys.exit(f"benchmarks.beside: {error!r}")
    result.add(*figures(peace), section="In peace")
    result.add(*figures(beside), section="Beside explanations")
    answered = statuses[http.client.OK]
    slower = quantile(beside.notes.trips, 0.99) / quantile(peace.notes.trips, 0.99)
    result.add(
        Figure("explanations a second", answered / beside.wall, "/s"),
        Figure("questions that were refused", statuses.total() - answered),
        Figure("pen to answer p99, beside / in peace", slower),
        section="Both",
    )
    result.show(as_json=options.json)
    if any(run.notes.unanswered or run.notes.errors for run in (peace, beside)):
        sys.exit("benchmarks.beside: a drawing had no answer, or the server told of an error")


if __name__ == "__main__":
    main()
