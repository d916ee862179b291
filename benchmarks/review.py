"""How long the pages of review take with ten thousand corrections in the database.

Makes the corrections (benchmarks/synthetic_corrections.py) in a state directory of its own, then
asks the application for its pages, all middleware included, and prints medians. Processor time
is printed beside the time that passed: on a machine that others use the latter says little.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.report import Figure, Report

LIST = "/admin/feedback/correction/"
GOAL = 300.0  # ms for a page of fifty


@dataclass(frozen=True)
class Timing:
    """Medians over the runs of one page."""

    wall: float  # ms
    cpu: float  # ms
    queries: int
    kilobytes: float


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="corrections (%(default)s)")
    parser.add_argument("--runs", type=int, default=9, help="requests a page (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the corrections (%(default)s)")
    parser.add_argument("--state", type=Path, help="keep the database here, and use what is there")
    report.add_options(parser)
    options = parser.parse_args()
    if options.state:
        measure(options, options.state)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


def measure(options: argparse.Namespace, state: Path) -> None:
    """Measure with the database in `state`."""
    _set_up(state)
    from django.contrib.auth.models import User  # noqa: PLC0415 - Django is set up only now

    from benchmarks.synthetic_corrections import MODERATORS, fill  # noqa: PLC0415
    from feedback.models import Correction  # noqa: PLC0415

    missing = options.count - Correction.objects.count()
    began = time.perf_counter()
    if missing > 0:
        fill(missing, seed=options.seed)
    filled = time.perf_counter() - began
    ask = _client(User.objects.get(username=MODERATORS[0]))

    result = Report("Pages of review")
    result.about(
        corrections=f"{Correction.objects.count()}, {Correction.objects.pending().count()} waiting "
        f"({max(0, missing)} made in {filled:.0f} s)",
        runs=f"{options.runs} a page, medians",
        **machine.describe(),
    )
    item = Correction.objects.pending().in_risk_order().values_list("pk", flat=True)[0]
    pages: dict[str, Callable[[], Any]] = {
        "list, 50 of all": lambda: ask.get(LIST),
        "list, 50 pending with counts": lambda: ask.get(f"{LIST}?status=pending&_facets=True"),
        "list, last page": lambda: ask.get(f"{LIST}?p={-(-options.count // 50)}"),
        "list, searched by id": lambda: ask.get(f"{LIST}?q={str(item)[:8]}"),
        "queue page": lambda: ask.get(f"{LIST}review/"),
        "queue, next 60": lambda: ask.get(f"{LIST}review/queue/?limit=60"),
        "card": lambda: ask.post(f"{LIST}review/{item}/"),
        "thumbnail": lambda: ask.get(f"{LIST}{item}/128.png"),
        "charts": lambda: ask.get(f"{LIST}charts/"),
        "audit, 50 of all": lambda: ask.get("/admin/feedback/reviewevent/"),
    }
    for name, page in pages.items():
        timing = _time(page, options.runs)
        result.add(*_figures(name, timing), section="")
    decisions = iter(list(Correction.objects.pending().values_list("pk", flat=True)[:500]))
    timing = _time(lambda: _decide(ask, next(decisions)), min(options.runs, 400))
    result.add(*_figures("one decision", timing), section="")
    result.show(as_json=options.json)


def _figures(name: str, timing: Timing) -> list[Figure]:
    goal = GOAL if name.startswith("list") else None
    note = f"{timing.queries} queries, {timing.kilobytes:.0f} kB"
    return [
        Figure(name, timing.wall, "ms", at_most=goal, note=note),
        Figure(f"{name}, processor", timing.cpu, "ms"),
    ]


def _time(page: Callable[[], Any], runs: int) -> Timing:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        response = page()
    queries = len(captured)  # the next request empties the log
    assert response.status_code == 200, (response.status_code, response.content[:300])
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        page()
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    size = len(response.content) / 1024
    return Timing(statistics.median(walls), statistics.median(cpus), queries, size)


def _decide(ask: Any, pk: object) -> Any:
    form = {"action": "approve", "ids": str(pk), "expected": "pending"}
    return ask.post(f"{LIST}review/decide/", form)


def _client(user: Any) -> Any:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0])
    client.force_login(user)
    return client


def _set_up(state: Path) -> None:
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    os.environ["DIGITSITE_STATE"] = str(state)
    os.environ["DIGITSITE_LOG_LEVEL"] = "WARNING"
    os.environ["DJANGO_SETTINGS_MODULE"] = "digitsite.settings"
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command(
        "collectstatic", verbosity=0, interactive=False, ignore_patterns=["redoc.standalone.*"]
    )


if __name__ == "__main__":
    main()
