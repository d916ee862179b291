"""The trail in the log: from a correction to the run that learned it and to the version."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from digitsite import logs
from feedback import decisions, erasure, trail
from feedback.models import Action
from feedback.tests.making import correction, moderator
from recognizer import registry
from recognizer.tests.making_versions import promoter
from trainer import opening, pipeline
from trainer.models import TrainingRun
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved

pytestmark = pytest.mark.django_db

Line = dict[str, Any]
Log = Callable[[Callable[[], object]], list[Line]]


@pytest.fixture
def log(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Iterator[Log]:
    """Return what does something and then returns the lines of JSON that were logged of it."""
    form = logs.configuration("json", "INFO")["formatters"]["lines"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=form["foreign_pre_chain"], processors=form["processors"]
        )
    )

    def read(story: Callable[[], object]) -> list[Line]:
        with django_capture_on_commit_callbacks(execute=True):
            story()
        return [json.loads(line) for line in written.getvalue().splitlines()]

    logging.getLogger().addHandler(handler)
    yield read
    logging.getLogger().removeHandler(handler)


def learn() -> None:
    pipeline.kick()
    while pipeline.work():
        pass


def about_runs(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["event"] == "training run"]


def test_a_correction_is_followed_to_its_run_and_its_version(bench: Bench, log: Log) -> None:
    row = correction()
    mo = moderator()

    def story() -> None:
        decisions.decide([row.pk], Action.APPROVE, mo)
        learn()

    lines = log(story)
    mine = [line for line in lines if str(row.pk) in line.get("corrections", ())]
    assert [line["action"] for line in mine] == ["approve", "train", "live"]
    run = TrainingRun.objects.get()
    assert (mine[1]["run"], mine[2]["version"]) == (run.pk, 2)
    runs = about_runs(lines)
    assert {line["run"] for line in runs} == {run.pk}
    assert [line["status"] for line in runs] == ["queued", "running", "gating", "promoted"]
    assert (runs[0]["learns_from"], runs[0]["added"], runs[-1]["version"]) == (1, 1, 2)
    (champion,) = [line for line in lines if line["event"] == "champion"]
    assert (champion["version"], champion["before"], champion["run"]) == (2, 1, run.pk)
    (registered,) = [line for line in lines if line["event"] == "version registered"]
    assert (registered["version"], registered["run"]) == (2, run.pk)


def test_storing_a_correction_is_logged_with_its_id_alone(bench: Bench, log: Log) -> None:
    kept = []
    lines = log(lambda: kept.append(correction()))
    (line,) = [line for line in lines if line["event"] == "corrections"]
    assert line["corrections"] == [str(kept[0].pk)]
    assert set(line) == {
        "event",
        "action",
        "corrections",
        "verdict",
        "answered_by",
        "level",
        "logger",
        "timestamp",
    }


def test_the_trail_has_no_address_no_key_and_no_label(bench: Bench, log: Log) -> None:
    row = correction(label="q")

    def story() -> None:
        erasure.withdraw([row.pk], ["anonymous:a"])
        correction(label="q")

    said = json.dumps(log(story))
    assert "withdraw" in said
    for secret in ("192.0.2.1", "anonymous:a", "strokes", '"q"'):
        assert secret not in said


def test_a_run_that_the_gate_refuses_says_why(bench: Bench, log: Log) -> None:
    bench.passes = False
    approved()
    last = about_runs(log(learn))[-1]
    assert (last["status"], "7 loses 12 points" in last["problem"]) == ("rejected", True)


def test_a_run_that_fails_says_why_and_every_line_of_its_work_names_it(
    bench: Bench, log: Log
) -> None:
    def break_down() -> None:
        raise RuntimeError("no such layer")

    bench.during_build = break_down
    approved()
    lines = log(learn)
    run = TrainingRun.objects.get().pk
    (failure,) = [line for line in lines if line["level"] == "error"]
    assert failure["run"] == run
    assert about_runs(lines)[-1]["problem"] == "RuntimeError: no such layer"


def test_a_promotion_by_hand_is_logged_without_the_name(bench: Bench, log: Log) -> None:
    approved()
    learn()
    user: User = promoter()
    (line,) = [
        line
        for line in log(lambda: registry.rollback(user, "looks odd"))
        if line["event"] == "champion"
    ]
    assert (line["version"], line["kind"], line["by_hand"]) == (1, "rollback", True)
    assert user.username not in line.values()


def test_what_is_rolled_back_is_not_logged(
    bench: Bench, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise OperationalError("disk I/O error")

    approved()
    monkeypatch.setattr("feedback.lessons.begin", break_down)

    def story() -> None:
        with pytest.raises(OperationalError):
            opening.open_now()

    assert not about_runs(log(story))


def test_many_corrections_are_many_lines_none_of_them_long(bench: Bench, log: Log) -> None:
    mo = moderator()
    rows = [correction(seed) for seed in range(trail.NAMED + 5)]
    lines = log(lambda: decisions.decide([row.pk for row in rows], Action.REJECT, mo))
    said = [line["corrections"] for line in lines if line.get("action") == "reject"]
    assert [len(ids) for ids in said] == [trail.NAMED, 5]
    assert {pk for ids in said for pk in ids} == {str(row.pk) for row in rows}
