"""Runs in the admin, on the command line and in the API: who may look, start and override."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from feedback.tests.making import moderator
from recognizer import registry
from recognizer.tests.making_versions import promoter
from trainer import opening, outlook, pipeline, progress
from trainer.models import RunStatus, TrainingRun
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved, starter

pytestmark = pytest.mark.django_db

RUNS = "/admin/trainer/trainingrun/"


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def everybody() -> dict[str, User | None]:
    viewer = User.objects.create_user("vera", password="vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    return {
        "anonymous": None,
        "plain": User.objects.create_user("plain", password="plain"),
        "staff": User.objects.create_user("staff", password="staff", is_staff=True),
        "moderator": User.objects.filter(username="mo").first() or moderator(),
        "viewer": viewer,
        "starter": starter(),
        "promoter": promoter(),
        "superuser": User.objects.create_superuser("root", password="root"),
    }


def refused(bench: Bench) -> TrainingRun:
    bench.passes = False
    approved()
    pipeline.kick()
    while pipeline.work():
        pass
    bench.passes = True
    return TrainingRun.objects.get()


def test_who_may_look_start_and_override(bench: Bench) -> None:
    run = refused(bench)
    may_look = {"moderator", "viewer", "starter", "promoter", "superuser"}
    for name, user in everybody().items():
        client = client_of(user)
        outside = 302 if name in {"anonymous", "plain"} else 403
        for page in (RUNS, f"{RUNS}{run.pk}/change/"):
            assert client.get(page).status_code == (200 if name in may_look else outside), name
        started = client.post(f"{RUNS}start/").status_code
        assert started == (302 if name in {"starter", "superuser"} else outside), name
        TrainingRun.objects.exclude(pk=run.pk).delete()
        overridden = client.post(f"{RUNS}{run.pk}/override/", {"reason": "why not"}).status_code
        assert overridden == (302 if name in {"promoter", "superuser"} else outside), name
        TrainingRun.objects.filter(pk=run.pk).update(status=RunStatus.REJECTED)


def test_the_page_of_a_run_shows_the_report_with_pictures(bench: Bench) -> None:
    run = refused(bench)
    TrainingRun.objects.filter(pk=run.pk).update(
        report={
            "passed": False,
            "findings": [{"rule": "no class suffers", "passed": False, "says": "7 loses <b>12"}],
            "flips": [{"pixels": "ff" * 98, "label": "7", "before": "7", "after": "1"}],
        }
    )
    page = client_of(promoter()).get(f"{RUNS}{run.pk}/change/").content.decode()
    assert "No class suffers" in page
    assert "7 loses &lt;b&gt;12" in page
    assert "7: 7 → 1" in page
    assert "data:image/png;base64," in page
    assert "Override the gate" in page


def test_a_finding_leads_to_the_corrections_that_it_is_about(bench: Bench) -> None:
    run = refused(bench)
    pk = run.corrections[0][0]
    found = {"rule": "labels are plausible", "passed": False, "says": "one is not", "about": [0]}
    TrainingRun.objects.filter(pk=run.pk).update(report={"passed": False, "findings": [found]})
    page = f"{RUNS}{run.pk}/change/"
    card = f'<a href="/admin/feedback/correction/{pk}/change/">{pk[:8]}</a>'
    assert card in client_of(moderator("ann")).get(page).content.decode()
    assert card not in client_of(starter()).get(page).content.decode()  # who may not see them


def test_a_run_that_can_not_be_overridden_any_more_says_why(bench: Bench) -> None:
    run, client = refused(bench), client_of(promoter())
    page = f"{RUNS}{run.pk}/change/"
    other = TrainingRun.objects.create(trigger="manual", base_version=1)
    said = client.get(page).content.decode()
    assert f"Not possible: run {other.pk} is open: cancel it first" in said
    assert "Override the gate" not in said
    other.delete()
    assert "Override the gate" in client.get(page).content.decode()
    run.challengers.update(weights=None)
    said = client.get(page).content.decode()
    assert f"Not possible: run {run.pk} has no weights any more" in said
    assert "Override the gate" not in said


def test_what_somebody_typed_is_not_lost_where_the_gate_can_not_be_overridden(bench: Bench) -> None:
    run, client = refused(bench), client_of(promoter())
    run.challengers.update(weights=None)
    answer = client.post(f"{RUNS}{run.pk}/override/", {"reason": "all 40 <are> right"})
    said = answer.content.decode()
    assert answer.status_code == 409
    assert f"Nothing was done: run {run.pk} has no weights any more" in said
    assert "The reason that you gave: all 40 &lt;are&gt; right" in said


def test_who_comes_second_with_an_override_keeps_the_reason_and_can_look_on(bench: Bench) -> None:
    run, client = refused(bench), client_of(promoter())
    TrainingRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)
    answer = client.post(f"{RUNS}{run.pk}/override/", {"reason": "I looked, too"})
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "The reason that you gave: I looked, too" in said
    (again,) = re.findall(r'http-equiv="refresh" content="5; url=([^"]+)"', said)
    assert client.get(again).status_code == 200


def test_an_override_without_a_reason_asks_for_one_on_the_same_page(bench: Bench) -> None:
    run = refused(bench)
    answer = client_of(promoter()).post(f"{RUNS}{run.pk}/override/", {"reason": "  "})
    assert answer.status_code == 409
    assert "Nothing was done: a reason is needed" in answer.content.decode()
    assert "Override the gate" in answer.content.decode()


def test_an_override_is_seen_in_the_list_and_on_the_page(bench: Bench) -> None:
    run, judge = refused(bench), promoter()
    TrainingRun.objects.filter(pk=run.pk).update(
        status=RunStatus.PROMOTED, version=2, override_by=judge, override_reason="looked"
    )
    client = client_of(judge)
    assert shown(client.get(RUNS).content.decode(), "stands") == ["Promoted, gate overridden"]
    assert "although the gate refused it" in client.get(f"{RUNS}{run.pk}/change/").content.decode()
    for arguments, words in (
        ((), "version 2, gate overridden"),
        (("--show", str(run.pk)), f"gate overridden by {judge.get_username()}: looked"),
    ):
        said = io.StringIO()
        call_command("runs", *arguments, stdout=said)
        assert words in said.getvalue()


def test_what_a_run_took_is_without_the_wait_for_somebody_who_overrides_the_gate(
    bench: Bench,
) -> None:
    run, judge = refused(bench), promoter()
    ended = timezone.now() - timedelta(days=2)
    TrainingRun.objects.update(
        created=ended - timedelta(hours=1), started=ended - timedelta(seconds=90), finished=ended
    )
    opening.override(run, judge, "looked at")
    page = client_of(judge).get(RUNS).content.decode()
    assert shown(page, "took") == ["90 s"]  # it is known already, while it is judged once more
    while pipeline.work():
        pass
    assert TrainingRun.objects.get().status == RunStatus.PROMOTED
    assert shown(client_of(judge).get(RUNS).content.decode(), "took") == ["90 s"]
    (seconds,) = (metric for metric in outlook.read().metrics if metric.name == "train_seconds")
    assert [(one.name, one.value) for one in seconds.samples] == [
        ("train_seconds_count", 1),
        ("train_seconds_sum", 90),
    ]


def test_who_starts_runs_cancels_an_open_one_on_its_page(bench: Bench) -> None:
    approved()
    client = client_of(starter())
    client.post(f"{RUNS}start/")
    run = TrainingRun.objects.get()
    page, cancel = f"{RUNS}{run.pk}/change/", f"{RUNS}{run.pk}/cancel/"
    assert cancel in client.get(page).content.decode()
    onlooker = client_of(moderator("ann"))
    assert cancel not in onlooker.get(page).content.decode()
    assert onlooker.post(cancel).status_code == 403
    client.post(cancel)
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert cancel not in client.get(page).content.decode()
    assert "has ended already" in client.post(cancel, follow=True).content.decode()


def shown(page: str, column: str) -> list[str]:
    cells = re.findall(rf'class="field-{column}[^"]*">(.*?)</t[dh]>', page)
    return [re.sub("<[^>]+>", "", cell) for cell in cells]


def test_the_list_says_how_each_run_stands_in_a_few_words(bench: Bench) -> None:
    run = refused(bench)
    long = "no class suffers: 7 loses 12 points; negative flips: 2 % are read otherwise"
    TrainingRun.objects.filter(pk=run.pk).update(problem=long, added=12, removed=4)
    client = client_of(promoter())
    page = client.get(RUNS).content.decode()
    assert shown(page, "stands") == ["Rejected: no class suffers"]
    assert shown(page, "lesson_size") == ["12, 4 taken out"]
    assert "negative flips" not in page
    run.challengers.update(step=63, steps=140)
    for status, words in {
        RunStatus.QUEUED: "Queued",
        RunStatus.RUNNING: "Running, 63 of 140 steps",
        RunStatus.GATING: "Being judged",
        RunStatus.QUARANTINED: "Quarantined",
    }.items():
        TrainingRun.objects.filter(pk=run.pk).update(status=status)
        assert shown(client.get(RUNS).content.decode(), "stands") == [words]
    run.challengers.update(step=0, steps=0)
    TrainingRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, version=9)
    page = client.get(RUNS).content.decode()
    assert ">Being judged</a>" in page  # as the filter calls it, too
    assert shown(page, "stands") == ["Preparing"]
    assert shown(page, "versions") == ["1 → 9"]


def test_operators_do_all_that_ops_need_and_no_more() -> None:
    operator = User.objects.create_user("op", is_staff=True)
    operator.groups.add(Group.objects.get(name="Operators"))
    client = client_of(operator)
    for page in ("recognizer/modelversion/", "recognizer/promotion/", "recognizer/servingprocess/"):
        assert client.get(f"/admin/{page}").status_code == 200, page
    assert client.get(RUNS).status_code == 200
    assert operator.has_perms(["trainer.start_trainingrun", "recognizer.promote_modelversion"])
    assert client.get("/admin/feedback/correction/").status_code == 403


def test_a_second_run_is_refused_in_words(bench: Bench) -> None:
    approved()
    client = client_of(starter())
    client.post(f"{RUNS}start/")
    page = client.post(f"{RUNS}start/", follow=True).content.decode()
    assert "a run is open already" in page
    assert TrainingRun.objects.count() == 1


def test_starting_needs_a_post(bench: Bench) -> None:
    assert client_of(starter()).get(f"{RUNS}start/").status_code == 405


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("runs", *arguments, stdout=out)
    return out.getvalue()


def test_the_list_of_the_command_ends_a_long_reason_at_a_word(bench: Bench) -> None:
    run = refused(bench)
    problem = "not the work of a few: of 45 corrections one submitter has 87 % of all that is new"
    TrainingRun.objects.filter(pk=run.pk).update(problem=problem)
    assert command().endswith("not the work of a few: of 45 corrections one submitter has …\n")


def test_the_command_lists_shows_starts_and_overrides(bench: Bench) -> None:
    assert "no training run yet" in command()
    run = refused(bench)
    assert json.loads(command("--json"))["runs"][0]["status"] == "rejected"
    assert "7 loses 12 points" in command("--show", str(run.pk))
    promoter()
    told = command("--override", str(run.pk), "--by", "pro", "--reason", "looked at")
    assert f"Run {run.pk} is open" in told
    while pipeline.work():
        pass
    starter()
    approved(1, first=7)
    assert "is open" in command("--start", "--by", "lena")
    last = str(TrainingRun.objects.latest("pk").pk)
    assert "is cancelled" in command("--cancel", last, "--by", "lena", "--reason", "not today")
    with pytest.raises(CommandError, match="has ended already"):
        command("--cancel", last, "--by", "lena")


def test_a_run_that_would_learn_nothing_is_refused_with_what_to_do(bench: Bench) -> None:
    approved()
    pipeline.kick()
    while pipeline.work():
        pass
    with pytest.raises(CommandError) as refusal:
        command("--start", "--by", starter().username)
    assert str(refusal.value) == (
        "Nothing was changed: version 2 has learned all that is approved: approve or revoke a "
        "correction first, or add --again to learn the same anew."
    )
    lena = User.objects.get(username="lena")
    page = client_of(lena).post(f"{RUNS}start/", follow=True).content.decode()
    assert "Nothing was done: version 2 has learned all that is approved: approve or" in page
    assert TrainingRun.objects.count() == 1
    assert " is open with 1 correction:" in command("--start", "--again", "--by", "lena")


def test_who_starts_a_run_is_told_what_it_got_from_the_settings_here(
    bench: Bench, settings: Settings
) -> None:
    settings.TRAIN_CHALLENGERS, settings.TRAIN_CONFIG = 2, {"steps": 10, "most_steps": 10}
    approved()
    said = command("--start", "--by", starter().username)
    assert (
        "It has 2 challengers of 10 steps, by TRAIN_CHALLENGERS and TRAIN_SMALL as they are here; "
        "data and the gate's limits are the worker's."
    ) in said
    run = TrainingRun.objects.get()
    assert [config["steps"] for config in run.config] == [10, 10]
    command("--cancel", str(run.pk), "--by", "lena")
    said = command("--start", "--by", "lena", "--challengers", "1")
    assert "It has 1 challenger of 10 steps, by TRAIN_SMALL as it is here; data" in said
    command("--cancel", str(TrainingRun.objects.latest("pk").pk), "--by", "lena")
    told = json.loads(command("--start", "--by", "lena", "--challengers", "1", "--json"))
    assert (told["challengers"], told["steps"]) == (1, 10)


def test_the_page_of_a_run_says_in_words_why_it_was_opened(bench: Bench) -> None:
    page = client_of(starter()).get(f"{RUNS}{refused(bench).pk}/change/").content.decode()
    assert "(an approval had waited long enough)" in page


def test_that_learning_is_paused_is_shown(bench: Bench) -> None:
    approved()
    pipeline.kick()
    while pipeline.work():
        pass
    user = promoter()
    assert "paused" not in command()
    assert "Learning is paused" not in client_of(user).get(RUNS).content.decode()
    registry.rollback(user, "reads <b>sevens")
    assert command().startswith("Learning is paused: pro rolled back to version 1 (reads <b>")
    assert json.loads(command("--json"))["paused"].startswith("pro rolled back")
    page = client_of(user).get(RUNS).content.decode()
    assert (
        "Learning is paused</strong>: pro rolled back to version 1 (reads &lt;b&gt;sevens" in page
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--start",), "--by is needed"),
        (("--start", "--by", "nobody"), "no active user"),
        (("--show", "99"), "no run 99"),
        (("--show", "0"), "no run 0"),
        (("--cancel", "99", "--by", "x"), "no run 99"),
        (("--cancel", "0", "--by", "x"), "no run 0"),
        (("--override", "0", "--by", "x", "--reason", "y"), "no run 0"),
        (("--override", "99", "--by", "x", "--reason", "y"), "no run 99"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        command(*arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--again",), "--again does nothing without --start"),
        (("--show", "1", "--again"), "--again does nothing without --start"),
        (("--challengers", "2"), "--challengers does nothing without --start"),
        (("--reason", "x"), "--reason does nothing without --cancel or --override"),
        (("--start", "--by", "x", "--reason", "x"), "--reason does nothing without --cancel or"),
        (("--by", "x"), "--by does nothing without --start, --cancel or --override"),
        (("--show", "1", "--by", "x"), "--by does nothing without --start, --cancel or"),
    ],
)
def test_an_option_of_another_action_is_refused(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says) as error:
        command(*arguments)
    assert error.value.returncode == 2


def test_the_api_lists_runs_without_naming_drawings(bench: Bench) -> None:
    refused(bench)
    answer = Client().get("/api/v1/runs").json()
    run = answer["runs"][0]
    assert (run["status"], run["done"], run["total"], run["added"]) == ("rejected", 2, 2, 1)
    assert "corrections" not in run


@pytest.mark.parametrize(
    ("why", "said"),
    [("connection refused", "does not answer"), ("no such column: x", "is not up to date")],
)
def test_the_api_says_what_the_database_does_and_not_why(
    why: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError(why)

    monkeypatch.setattr(progress, "latest", fail)
    answer = Client().get("/api/v1/runs")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == f"the database {said}: try again"
