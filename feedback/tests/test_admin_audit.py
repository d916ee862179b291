"""The audit in the admin: read by those who may, changed by nobody."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback import erasure, lessons
from feedback.models import ReviewEvent
from feedback.tests.making import correction, moderator, person
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db
AUDIT = "/admin/feedback/reviewevent/"


def test_every_move_is_a_line(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    reviewer = Reviewer(moderator())
    item = correction()
    reviewer.decide("relabel", item, label="1", reason="no bar")
    page = reviewer.client.get(AUDIT).content.decode()
    for words in ("pending → approved", "7 → 1", "no bar", "version 7", ">mo<", "its submitter"):
        assert words in page
    for seed in range(20):
        correction(seed, person=person())
    with django_assert_max_num_queries(12):
        reviewer.client.get(AUDIT)


def test_the_audit_has_one_name_wherever_it_is_met() -> None:
    client = Reviewer(moderator()).client
    for address in (AUDIT, "/admin/", "/admin/feedback/"):
        page = client.get(address).content.decode()
        assert "Audit" in page, address
        assert "review event" not in page.lower(), address


def _moves(reviewer: Reviewer, **query: str) -> list[tuple[str, str]]:
    """Return (correction, action) of the lines."""
    page = reviewer.client.get(AUDIT, query)
    assert page.status_code == 200
    return [(str(e.correction_id), e.action) for e in page.context["cl"].result_list]


def test_copies_and_what_training_did_are_shown_when_asked_for() -> None:
    reviewer = Reviewer(moderator())
    item = correction()
    copy = correction(person=person())
    reviewer.decide("approve", item)
    lessons.begin(5, [item.pk])
    mine, other = str(item.pk), str(copy.pk)
    assert _moves(reviewer) == [(mine, "approve"), (mine, "submit")]
    everything = _moves(reviewer, shown="everything")
    assert {(mine, "train"), (other, "submit"), (other, "approve")} < set(everything)
    assert _moves(reviewer, action__exact="train") == [(mine, "train")]  # which is to ask for it


def test_what_was_deleted_stays_in_the_audit() -> None:
    reviewer = Reviewer(moderator())
    gone = correction()
    erasure.withdraw([gone.pk], (gone.submitter,))
    assert _moves(reviewer) == [(str(gone.pk), "withdraw"), (str(gone.pk), "submit")]


def test_the_audit_is_narrowed_by_who_decided() -> None:
    reviewer, ana = Reviewer(moderator()), Reviewer(moderator("ana"))
    first, second = correction(1), correction(2)
    reviewer.decide("approve", first)
    ana.decide("reject", second)
    query = {"actor__id__exact": str(ana.user.pk)}
    assert _moves(reviewer, **query) == [(str(second.pk), "reject")]
    assert f"?actor__id__exact={ana.user.pk}" in reviewer.client.get(AUDIT).content.decode()


def test_the_audit_tells_times_to_the_second() -> None:
    reviewer = Reviewer(moderator())
    correction()
    moment = ReviewEvent.objects.get().created
    page = reviewer.client.get(AUDIT).content.decode()
    assert f"<span>{moment:%Y-%m-%d}</span> <span>{moment:%H:%M:%S}</span></time>" in page
    assert f'<time datetime="{moment.isoformat()}">' in page
    assert "<h1>Audit</h1>" in page


def test_what_was_deleted_since_is_named_and_not_linked() -> None:
    reviewer = Reviewer(moderator())
    kept, gone = correction(1), correction(2)
    erasure.withdraw([gone.pk], (gone.submitter,))
    page = reviewer.client.get(AUDIT).content.decode()
    assert f"/correction/{kept.pk}/change/" in page
    assert f"/correction/{gone.pk}/change/" not in page
    assert f'<span title="deleted since">{str(gone.pk)[:8]}</span>' in page


def test_it_is_searched_by_correction_and_by_name() -> None:
    reviewer = Reviewer(moderator())
    item = correction(1)
    correction(2)
    reviewer.decide("approve", item)
    for term, count in ((str(item.pk)[:8], 2), (str(item.pk), 2), ("mo", 1), ("nobody", 0)):
        page = reviewer.client.get(AUDIT, {"q": term})
        assert page.context["cl"].result_count == count, term


@pytest.mark.parametrize("role", ["moderator", "superuser"])
def test_nobody_adds_changes_or_deletes(role: str) -> None:
    user = moderator() if role == "moderator" else User.objects.create_superuser("root")
    client = Client(HTTP_HOST="127.0.0.1:8000")
    client.force_login(user)
    correction()
    event = ReviewEvent.objects.get()
    assert client.get(f"{AUDIT}add/").status_code == 403
    assert client.post(f"{AUDIT}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{AUDIT}{event.pk}/change/", {"reason": "x"}).status_code == 403
    client.post(AUDIT, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert ReviewEvent.objects.get().reason == ""


def test_who_may_not_look_does_not() -> None:
    client = Client(HTTP_HOST="127.0.0.1:8000")
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(AUDIT).status_code == 403


def test_the_event_of_what_was_erased_can_be_read() -> None:
    client = Client(HTTP_HOST="127.0.0.1:8000")
    client.force_login(User.objects.create_superuser("root"))
    correction()
    from feedback.models import Correction

    Correction.objects.all().erase()
    event = ReviewEvent.objects.get()
    assert client.get(AUDIT).status_code == 200
    assert client.get(f"{AUDIT}{event.pk}/change/").status_code == 200
