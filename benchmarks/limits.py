"""What raster and model alone reach: one loop on one thread, no socket, no JSON, no event loop.

The drawings are what the live path sees: every character as it grows, batch by batch. Run it alone
with `python -m benchmarks.limits`; `benchmarks.live` runs it beside the socket and divides.
"""

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import handwriting, machine, report
from benchmarks.pen import Growth, growth, replay
from recognizer.checkpoints import CheckpointError
from recognizer.predictor import Predictor
from recognizer.strokes import Ink

DRAWINGS = 120  # characters; each is some ten drawings as it grows


@dataclass(frozen=True)
class Limit:
    """One pass over the drawings. Times in s."""

    drawings: int
    wall: float
    cpu: float
    raster: float
    model: float

    @property
    def per_cpu_second(self) -> float:
        """Drawings for each second of CPU time."""
        return self.drawings / self.cpu


def stages(characters: Iterable[handwriting.Character]) -> list[Growth]:
    """Return the characters as they grow, without those that are only a dot."""
    return [found for character in characters if (found := growth(replay(character)))]


def measure(predictor: Predictor, inks: Sequence[Ink]) -> Limit:
    """Rasterise and recognise each drawing once."""
    raster = model = 0.0
    clock = time.perf_counter
    cpu = time.process_time()
    begin = clock()
    for ink in inks:
        start = clock()
        image = predictor.draw(ink)
        drawn = clock()
        predictor.logits(image)
        model += clock() - drawn
        raster += drawn - start
    wall = clock() - begin
    return Limit(len(inks), wall, time.process_time() - cpu, raster, model)


def load_predictor() -> Predictor:
    """Open the version that the server serves.

    Without one it says so in one sentence and ends the program with status 2.
    """
    packaged = handwriting.ROOT / "recognizer" / "weights" / "anchor"
    folder = Path(os.environ.get("DIGITSITE_MODEL") or packaged)
    try:
        return Predictor.load(folder)
    except CheckpointError as error:
        handwriting.stop(f"There is no model to measure: {error}.")


def main() -> None:
    """Measure for some seconds and print the best and the median pass."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--seconds", type=float, default=10.0, help="(%(default)s)")
    report.add_options(parser)
    parser.set_defaults(limit=DRAWINGS)
    options = parser.parse_args()
    characters = handwriting.chosen(options)
    predictor = load_predictor()
    inks = [ink for grown in stages(characters) for ink in grown.inks]

    measure(predictor, inks[:200])  # warm up
    passes: list[Limit] = []
    end = time.perf_counter() + options.seconds
    while not passes or time.perf_counter() < end:
        passes.append(measure(predictor, inks))

    result = report.Report("Raster and model alone")
    result.about(
        data=handwriting.describe(characters, options.seed),
        drawings=f"{len(inks)} stages of them, {len(passes)} passes",
        **machine.describe(),
    )
    result.add(*figures(passes))
    result.show(as_json=options.json)


def figures(passes: Sequence[Limit]) -> list[report.Figure]:
    """Return what the passes say: medians, in drawings a second and microseconds each."""
    middle = report.median
    return [
        report.Figure("drawings a CPU second", middle(p.per_cpu_second for p in passes), "/s"),
        report.Figure("drawings a second", middle(p.drawings / p.wall for p in passes), "/s"),
        report.Figure("raster", middle(p.raster / p.drawings for p in passes) * 1e6, "µs"),
        report.Figure("model", middle(p.model / p.drawings for p in passes) * 1e6, "µs"),
    ]


if __name__ == "__main__":
    main()
