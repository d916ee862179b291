"""Reviewing from the command line goes through the same decisions, and can be read by programs."""

import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from feedback.decisions import decide
from feedback.models import Correction, ReviewEvent, Status
from feedback.submissions import submit
from feedback.tests.making import SEVEN, correction, moderator, submission, trembled, user_with

pytestmark = pytest.mark.django_db


def review(*arguments: str) -> Any:
    out = StringIO()
    call_command("review", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture(autouse=True)
def _mo() -> None:
    moderator("mo")


def test_the_queue_is_listed_in_each_order() -> None:
    rows = [correction(seed, label=label) for seed, label in enumerate("37")]
    risky = review("list", "--order", "risk")
    assert [row["id"] for row in risky] == [str(rows[1].pk), str(rows[0].pk)]
    assert (risky[0]["label"], risky[0]["predicted"], risky[0]["copies"]) == ("7", "3", 0)
    newest = review("list", "--order", "newest", "--limit", "1")
    assert [row["id"] for row in newest] == [str(rows[1].pk)]
    oldest = review("list", "--order", "oldest", "--limit", "1")
    assert [row["id"] for row in oldest] == [str(rows[0].pk)]
    assert review("list", "--status", "approved") == []


def test_people_read_a_line_an_item() -> None:
    out = StringIO()
    call_command("review", "list", stdout=out)
    assert out.getvalue().strip() == "No pending corrections."
    row = correction()
    call_command("review", "list", stdout=out)
    assert f"{row.pk}  pending   3 → 7" in out.getvalue()


@pytest.mark.parametrize(
    ("action", "status"), [("approve", Status.APPROVED), ("reject", Status.REJECTED)]
)
def test_the_whole_queue_is_decided(action: str, status: Status) -> None:
    for seed in range(3):
        correction(seed)
    correction(0)
    told = review(action, "--all-pending", "--by", "mo", "--reason", "batch")
    assert (len(told["decided"]), told["copies"], told["conflicts"]) == (3, 1, [])
    assert set(Correction.objects.values_list("status", flat=True)) == {status}
    assert ReviewEvent.objects.filter(action=action, actor_name="mo", reason="batch").count() == 4


def test_what_was_done_is_told_as_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    alone, item = correction(1), correction(2)
    correction(2)
    other = correction(3)
    for rows, said in (
        ([alone], "1 item decided."),
        ([item], "1 item decided, and 1 copy with it."),
    ):
        call_command("review", "approve", *(str(row.pk) for row in rows), "--by", "mo")
        assert capsys.readouterr().out.strip() == said
    call_command("review", "undo", str(item.pk), "--by", "mo")
    capsys.readouterr()
    call_command("review", "approve", str(item.pk), str(other.pk), "--by", "mo")
    assert capsys.readouterr().out.strip() == "2 items decided, and 1 copy with them."


def test_named_items_are_relabelled_revoked_and_undone() -> None:
    row = correction()
    review("relabel", str(row.pk), "--label", "1", "--by", "mo")
    review("revoke", str(row.pk), "--by", "mo")
    row.refresh_from_db()
    assert (row.label, row.status) == ("1", Status.REVOKED)
    review("undo", str(row.pk), "--by", "mo")
    row.refresh_from_db()
    assert row.status == Status.APPROVED


def test_conflicts_are_told_and_end_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    row, free = correction(1), correction(2)
    decide([row.pk], "reject", user_with("jo", "review_correction"))
    with pytest.raises(CommandError, match=r"^1 item was not decided\.$"):
        call_command("review", "approve", str(row.pk), str(free.pk), "--by", "mo")
    told = capsys.readouterr().out
    assert f"{row.pk}: it is already rejected, decided by jo." in told
    free.refresh_from_db()
    assert free.status == Status.APPROVED


def test_an_undo_without_a_decision_to_take_back_ends_with_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unknown, waiting, done = str(uuid4()), correction(1), correction(2)
    review("approve", str(done.pk), "--by", "mo")
    with pytest.raises(CommandError, match="2 items were not decided"):
        call_command("review", "undo", unknown, str(waiting.pk), str(done.pk), "--by", "mo")
    told = capsys.readouterr().out
    assert "1 item decided.\n" in told
    assert f"{unknown}: there is no decision on it to take back." in told
    done.refresh_from_db()
    assert done.status == Status.PENDING


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["approve", "--by", "mo"], "at least one"),
        (
            ["approve", "--all-pending", "--by", "nobody"],
            "no active user 'nobody': `manage.py createsuper",
        ),
        (["approve", "--all-pending", "--by", "plain"], "may not"),
        (["relabel", "{id}", "--label", "99", "--by", "mo"], "not a label"),
        (["approve", "7", "--by", "mo"], "is not an id"),
        (["revoke", "--all-pending", "--by", "mo"], "unrecognized"),
        (["approve", "--all-pending"], "--by"),
        (["approve", "--all-pending", "{id}", "--by", "mo"], "not both"),
        (["reject", "{id}", "--all-pending", "--by", "mo"], "not both"),
        (["list", "--limit", "0"], "not a whole number from 1 up"),
        (["list", "--limit", "-1"], "not a whole number from 1 up"),
        ([], "action"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    user_with("plain")
    row = correction()
    with pytest.raises(CommandError, match=message):
        call_command("review", *(text.format(id=row.pk) for text in arguments))
    row.refresh_from_db()
    assert row.status == Status.PENDING


def test_scores_are_computed_anew_after_another_anchor() -> None:
    correction(1)
    kept = correction(2)
    Correction.objects.exclude(pk=kept.pk).update(anchor="another", risk=0.123, features=None)
    assert review("rescore") == {"rescored": 1}
    assert not Correction.objects.filter(risk=0.123).exists()
    assert not Correction.objects.filter(features=None).exists()
    assert review("rescore", "--all") == {"rescored": 2}


def test_expiry_says_how_many() -> None:
    out = StringIO()
    call_command("expire_corrections", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"erased": 0}


def test_a_trembled_copy_is_counted_in_the_list() -> None:
    correction()
    submit(submission(trembled(SEVEN)))
    assert review("list")[0]["copies"] == 1


def test_an_item_is_named_by_the_start_of_its_id_as_the_admin_shows_it() -> None:
    row = correction(seed=1)
    for action, start in (("approve", 8), ("undo", 11), ("reject", 20), ("undo", 36)):
        told = review(action, str(row.pk)[:start], "--by", "mo")
        assert [one["id"] for one in told["decided"]] == [str(row.pk)]
    with pytest.raises(CommandError, match="No correction begins with 00000000"):
        call_command("review", "approve", "00000000", "--by", "mo")
    for wrong in ("1234567", "12345678x", "1" * 33):
        with pytest.raises(CommandError, match="is not an id"):
            call_command("review", "approve", wrong, "--by", "mo")
