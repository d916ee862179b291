"""Fixtures of the trainer's tests."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from recognizer.tests.conftest import looks_here, no_writes, state  # noqa: F401 - fixtures
from recognizer.tests.making_versions import files_of
from trainer import workshop
from trainer.models import TrainingRun


class Bench:
    """A workshop that trains nothing: what it does is what a test says."""

    def __init__(self) -> None:
        self.passes = True
        self.built: list[tuple[int, int]] = []  # run, challenger
        self.judged: list[int] = []
        self.prepared = 0
        self.during_build: Callable[[], None] = lambda: None
        self.during_judging: Callable[[], None] = lambda: None

    def ground(self) -> None:
        """Stand in for `workshop.ground`, which builds the base where there is none."""
        self.prepared += 1

    def build(self, run: TrainingRun, index: int, report: Callable[..., None]) -> bytes:
        """Stand in for `workshop.build`."""
        report(1, 2, 0.5)
        self.during_build()
        report(2, 2, 0.25)
        self.built.append((run.pk, index))
        return b"weights"

    def judge(self, run: TrainingRun, alive: Callable[[], None]) -> Any:
        """Stand in for `workshop.judge`."""
        alive()
        self.during_judging()
        self.judged.append(run.pk)
        return SimpleNamespace(
            passed=self.passes,
            report={"findings": [], "passed": self.passes},
            metrics={"base": 0.99},
            manifest={"corrections": run.corrections},
            summary="passes the gate" if self.passes else "is refused",
            why_not="" if self.passes else "no class suffers: 7 loses 12 points",
            anchor=1,
            files=lambda number, _: files_of(number),
        )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, state: Path, settings: Settings) -> Bench:  # noqa: F811
    """The pipeline with a stand-in for torch, and runs that are due at once."""
    bench = Bench()
    monkeypatch.setattr(workshop, "ground", bench.ground)
    monkeypatch.setattr(workshop, "build", bench.build)
    monkeypatch.setattr(workshop, "judge", bench.judge)
    settings.TRAIN_AFTER_SECONDS = 0
    settings.TRAIN_AFTER_APPROVALS = 100
    return bench


@pytest.fixture(autouse=True)
def no_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed by a thread, which a test's transaction does not reach."""
    monkeypatch.setattr("trainer.leases.Lease.keep", lambda _: None)
