"""How often the drift alarm errs, and how soon it is right: `python -m benchmarks.alarm`.

Made-up sites: people come one after the other, each names some drawings and corrects a share of
their own, which differs from person to person. Nothing changes in half of them; in the others,
people begin to correct more. The alarm is asked after every 20 drawings.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final
from unittest import mock

import numpy as np

from benchmarks.report import Figure, Report
from feedback import drift
from feedback.drift import Named

DRAWINGS: Final = 5000
CHANGE: Final = 3000  # the drawing from which people correct more
RISE: Final = 0.25
EVERY: Final = 20
SETTLED: Final = 600  # drawings before the alarm is asked at all


@dataclass(frozen=True)
class Site:
    """What people on it are like."""

    corrected: float  # mean share that a person corrects
    likeness: float  # of people: a and b of the beta distribution sum up to it
    session: float  # mean number of drawings of one person

    def __str__(self) -> str:
        return f"{self.corrected:.0%} corrected, {self.session:.0f} drawings a person"


SITES: Final = (Site(0.3, 8, 10), Site(0.3, 8, 40), Site(0.6, 4, 20))


def stream(site: Site, rng: np.random.Generator, change: int | None) -> Iterator[Named]:
    """Yield verdicts, oldest first; from the drawing `change` on, people correct more."""
    done = person = 0
    while True:
        person += 1
        mean = site.corrected + (RISE if change is not None and done >= change else 0)
        own = rng.beta(mean * site.likeness, (1 - mean) * site.likeness)
        for mark in rng.random(rng.geometric(1 / site.session)) < own:
            done += 1
            yield f"person {person}", bool(mark)


def alarms(verdicts: list[Named], first: int = SETTLED) -> list[int]:
    """Return after how many drawings the alarm went on, each time."""
    found, was_on = [], False
    for count in range(first, len(verdicts) + 1, EVERY):
        latest = verdicts[max(0, count - drift.LATEST - drift.BEFORE) : count]
        is_on = drift.judge(reversed(latest)).alarm
        if is_on and not was_on:
            found.append(count)
        was_on = is_on
    return found


def measure(report: Report, site: Site, streams: int, seed: int) -> None:
    """Add how the alarm does on one kind of site."""
    rng = np.random.default_rng(seed)
    quiet = [list(islice(stream(site, rng, None), DRAWINGS)) for _ in range(streams)]
    false = sum(len(alarms(verdicts)) for verdicts in quiet)
    changed = [list(islice(stream(site, rng, CHANGE), DRAWINGS)) for _ in range(streams)]
    delays = [
        min(at) - CHANGE for verdicts in changed if (at := alarms(verdicts, first=CHANGE + EVERY))
    ]
    report.add(
        Figure("false alarms in 10,000 drawings", false / streams / DRAWINGS * 10_000),
        Figure("changes that were noticed", len(delays) / streams * 100, "%"),
        Figure("after so many drawings, median", float(np.median(delays) if delays else np.nan)),
        section=str(site),
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alarm", description=__doc__)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--of-one-person", type=int, default=drift.OF_ONE_PERSON)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = Report("The drift alarm on made-up sites")
    report.about(
        sites=f"{options.streams} that stay the same and as many that change, of each kind",
        counted_of_one_person=str(options.of_one_person),
        seed=str(options.seed),
    )
    with mock.patch.object(drift, "OF_ONE_PERSON", options.of_one_person):
        for site in SITES:
            measure(report, site, options.streams, options.seed)
    report.show(as_json=options.json)


if __name__ == "__main__":
    main()
