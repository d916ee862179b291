"""Two moderators at one drawing, on a database that lets both try at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from digitsite.tests.locks import waits_for_a_row
from digitsite.tests.processes import wait_for
from feedback.decisions import decide
from feedback.models import Correction, Status
from feedback.moves import Outcome
from feedback.submissions import submit
from feedback.tests.making import SEVEN, correction, moderator, person, submission, trembled

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def approve_in_a_thread(pk: UUID, actor: User) -> Outcome:
    try:
        return decide([pk], "approve", actor)
    finally:
        connection.close()


def approved_at_once(first: Correction, second: Correction) -> tuple[Outcome, Outcome]:
    """Let one moderator approve an item while the approval of another is not committed yet."""
    mo, jo = moderator("mo"), moderator("jo")
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            ours = decide([first.pk], "approve", mo)
            theirs = thread.submit(approve_in_a_thread, second.pk, jo)
            wait_for(waits_for_a_row, "the second moderator's decision", 25)
        return ours, theirs.result()


def test_who_comes_second_cannot_approve_the_same_drawing_as_another_symbol() -> None:
    seven, four = correction(), correction(label="4")
    ours, theirs = approved_at_once(seven, four)
    assert ours.decided
    assert "is a 7" in theirs.conflicts[0].why
    assert list(Correction.objects.filter(status=Status.APPROVED)) == [seven]


def test_two_whose_copies_are_each_others_drawings_do_not_wait_for_each_other_for_ever() -> None:
    seven = correction()
    submit(submission(trembled(SEVEN), person=person()))  # folded into it, by its look
    four = submit(submission(trembled(SEVEN), label="4"))[0]
    submit(submission(SEVEN, label="4", person=person()))  # folded into that
    assert Correction.objects.filter(duplicate_of=None).count() == 2
    ours, theirs = approved_at_once(four, seven)
    assert ours.decided
    assert theirs.conflicts
