"""How long an approval takes until every process serves what was learned from it.

A fresh site with web processes, a worker and beat; made-up people send corrections, a moderator
approves them all at once, and that is repeated: the first run also builds what is replayed.
"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import machine, report
from benchmarks.fleet import Fleet, fleet
from benchmarks.handwriting import ROOT
from benchmarks.report import Figure, quantile
from benchmarks.server import PRODUCT, ServerError, stop

GOAL: Final = 60.0  # s, at 95 %
PATIENCE: Final = 900.0  # s for one round
LOOK_EVERY: Final = 1.0  # s
ENDED_BADLY: Final = ("rejected", "failed", "quarantined")


@contextlib.contextmanager
def workers_and_beat(site: Fleet, workers: int) -> Iterator[None]:
    """Run workers and beat beside the web processes until the block ends."""
    with contextlib.ExitStack() as stack:
        for number, name in enumerate(["beat", *["worker"] * workers]):
            output = stack.enter_context((site.state / f"{name}-{number}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, *PRODUCT, name],
                cwd=ROOT,
                env=site.environment,
                stdout=output,
                stderr=output,
            )
            stack.callback(stop, process)
        yield


def rounds(
    site: Fleet, count: int, corrections: int, seed: int, workers: int = 1
) -> list[list[float]]:
    """Return the delays of each round in seconds.

    Raises:
        ServerError: a run was refused, or failed, or took too long.
    """
    found = []
    with workers_and_beat(site, workers):
        for number in range(count):
            report.progress(f"round {number + 1} of {count} …")
            site.order("send", corrections, seed + number)
            begin = site.order("state")["now"]
            site.order("approve")
            _wait(site)
            found.append(site.order("delays", begin))
    return found


def _wait(site: Fleet) -> None:
    end = time.monotonic() + PATIENCE
    while (state := site.order("state"))["waiting"]:
        if state["run"] and state["run"][1] in ENDED_BADLY:
            raise ServerError(f"run {state['run'][0]} {state['run'][1]}: {state['run'][2]}")
        if time.monotonic() > end:
            raise ServerError(f"not live after {PATIENCE:.0f} s: {state}")
        time.sleep(LOOK_EVERY)


def figures(found: Sequence[Sequence[float]]) -> list[Figure]:
    """Return what the first round and the others took."""
    shown = []
    for title, some in (("first run", found[:1]), ("later runs", found[1:])):
        delays = [delay for each in some for delay in each]
        if not delays:
            continue
        note = f"{len(delays)} corrections"
        shown += [
            Figure(f"{title}, p50", quantile(delays, 0.5), "s", note=note),
            Figure(f"{title}, p95", quantile(delays, 0.95), "s", at_most=GOAL),
        ]
    return shown


def main() -> None:
    """Measure and print."""
    options = _parser().parse_args()
    result = report.Report("Approval to live in every process")
    data = options.data_dir or "nothing but parametric handwriting"
    result.about(
        corrections=f"{options.rounds} rounds of {options.corrections} by made-up people, each "
        f"approved at once; seed {options.seed}",
        base=f"replayed and judged by {data}",
        processes=f"{options.processes} web, 1 beat",
        workers=f"{options.workers}, a challenger each, whose mean the gate looks at"
        if options.workers > 1
        else "1",
        **machine.describe(),
    )
    settings = {
        "DATA_DIR": str(options.data_dir or ROOT / "no data"),
        "TRAIN_CHALLENGERS": str(options.workers),
    }
    try:
        with fleet(options.processes, "benchmarks.moderator", settings) as site:
            found = rounds(site, options.rounds, options.corrections, options.seed, options.workers)
    except ServerError as error:
        sys.exit(f"benchmarks.approval: {error}")
    result.add(*figures(found))
    result.show(as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.approval", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="real handwriting for the base, if any")
    parser.add_argument("--rounds", type=int, default=4, help="(%(default)s)")
    parser.add_argument("--corrections", type=int, default=100, help="a round (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="web processes (%(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="each builds a challenger (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    report.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
