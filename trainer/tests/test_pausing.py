"""Learning that a person has paused is called so wherever somebody would wait for it."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from feedback import lessons, receipts
from feedback.models import Correction
from feedback.tests.making import correction, moderator
from recognizer import registry
from recognizer.tests.making_versions import made, promoter
from trainer import opening
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved, promoted, starter

pytestmark = pytest.mark.django_db

RUNS = "/admin/trainer/trainingrun/"
VERSIONS = "/admin/recognizer/modelversion/"
CORRECTIONS = "/admin/feedback/correction/"
PAUSED = "Learning is paused</strong>: pro rolled back to version 1"


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    return client.get(path).content.decode()


@pytest.fixture
def learned(bench: Bench) -> list[Correction]:
    """Version 2 has learned and is champion."""
    return promoted()


@pytest.fixture
def rolled_back(learned: list[Correction]) -> list[Correction]:
    registry.rollback(promoter(), "reads sevens as ones")
    return [*learned, *approved(1, first=7)]


def activate(user: User, number: int, expected: int) -> str:
    client = Client()
    client.force_login(user)
    answer = client.post(
        f"{VERSIONS}{number}/activate/", {"expected": expected, "reason": "x"}, follow=True
    )
    return answer.content.decode()


@pytest.mark.usefixtures("learned")
def test_who_rolls_back_is_told_and_led_to_the_runs() -> None:
    said = activate(promoter(), 1, expected=2)
    assert "Version 1 is the champion now. Learning is paused until somebody starts a run" in said
    assert f'<a href="{RUNS}">Training runs</a>' in said
    assert PAUSED in said


def test_a_new_anchor_is_said_to_pause_nothing(bench: Bench) -> None:
    anchor = made()
    type(anchor).objects.filter(pk=anchor.pk).update(parent=None)
    said = activate(promoter(), anchor.number, expected=1)
    assert f"Version {anchor.number} is the champion now." in said
    assert "paused" not in said


def test_the_command_says_it_too(
    learned: list[Correction], capsys: pytest.CaptureFixture[str]
) -> None:
    promoter()
    call_command("rollback", by="pro", reason="worse 1s")
    assert "Learning is paused: pro rolled back to version 1 (worse 1s)" in capsys.readouterr().out


def test_every_page_with_what_waits_says_it_until_a_run_is_started(
    rolled_back: list[Correction],
) -> None:
    reader, waiting = moderator("mia"), rolled_back[-1]
    pages = [CORRECTIONS, f"{CORRECTIONS}review/", f"{CORRECTIONS}charts/"]
    for path in pages:
        assert PAUSED in page(reader, path), path
    effect = "Waiting for the next training; learning is paused until somebody starts a run"
    of_item = f"{CORRECTIONS}{waiting.pk}/change/"
    assert effect in page(reader, of_item)
    opening.open_now(starter())
    for path in (*pages, of_item):
        assert "paused" not in page(reader, path), path


def test_its_submitter_is_told_until_a_run_is_started(rolled_back: list[Correction]) -> None:
    learned, waiting = rolled_back[0], rolled_back[-1]
    unreviewed = correction(8)

    def is_paused(item: Correction) -> bool:
        item.refresh_from_db()
        return receipts.receipts_of([item])[0].paused

    # What was live is taken out by the next look, and waits as well then.
    assert [is_paused(item) for item in (learned, waiting, unreviewed)] == [False, True, False]
    lessons.follow(1)
    assert is_paused(learned)
    opening.open_now(starter())
    assert not is_paused(learned)
    assert not is_paused(waiting)


def test_an_item_that_waits_for_nothing_says_nothing_of_it(
    rolled_back: list[Correction],
) -> None:
    Correction.objects.filter(pk=rolled_back[-1].pk).learn(learning="training")
    assert "paused" not in page(moderator("mia"), f"{CORRECTIONS}{rolled_back[-1].pk}/change/")


@pytest.mark.usefixtures("rolled_back")
def test_who_may_not_look_at_runs_is_not_led_to_them() -> None:
    reader = User.objects.create_user("vera", is_staff=True)
    reader.user_permissions.set(
        moderator("mia").groups.get().permissions.exclude(codename="view_trainingrun")
    )
    said = page(reader, f"{CORRECTIONS}review/")
    assert PAUSED in said
    assert RUNS not in said
