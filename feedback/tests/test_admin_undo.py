"""Decisions taken back from the admin's pages, when the screen that made them is long closed."""

import html
import re

import pytest
from django.test import Client

from feedback import events
from feedback.models import Correction, ReviewEvent
from feedback.tests.making import correction, moderator, person, user_with
from feedback.tests.reviewing import ROOT, Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


@pytest.fixture
def items() -> list[Correction]:
    return [correction(seed) for seed in range(3)]


def _statuses() -> list[str]:
    return sorted(Correction.objects.items().values_list("status", flat=True))


def _undo_form(page: str) -> dict[str, str]:
    """Return the fields of the form that takes decisions back, as a browser would send them."""
    found = re.search(r'action="[^"]*/bulk/undo/".*?</form>', page, re.DOTALL)
    assert found, "no form to undo with"
    fields = re.findall(r'name="([^"]+)"(?: value="([^"]*)")?', found.group())
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def _page(reviewer: Reviewer, item: Correction) -> str:
    return reviewer.text(f"{item.pk}/change/")


@pytest.mark.parametrize("action", ["approve", "reject", "unreadable", "revoke"])
def test_what_was_decided_is_taken_back_on_the_item_s_page(reviewer: Reviewer, action: str) -> None:
    item = correction()
    if action == "revoke":
        reviewer.confirm("approve", item)
    reviewer.confirm(action, item)
    before = "approved" if action == "revoke" else "pending"
    form = _undo_form(_page(reviewer, item)) | {"reason": " a slip of the finger "}
    assert reviewer.told("bulk/undo/", **form) == [f"1 correction is {before} again."]
    assert _statuses() == [before]
    event = ReviewEvent.objects.latest("pk")
    assert (event.action, event.actor, event.reason) == (
        "undo",
        reviewer.user,
        "a slip of the finger",
    )


def test_the_way_back_from_the_item_s_page_leads_there_again(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("reject", item)
    response = reviewer.post("bulk/undo/", **_undo_form(_page(reviewer, item)))
    assert response.headers["Location"] == f"{ROOT}{item.pk}/change/"


def test_a_relabelled_item_has_its_label_again(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("relabel", item, label="1")
    reviewer.post("bulk/undo/", **_undo_form(_page(reviewer, item)))
    item.refresh_from_db()
    assert (item.status, item.label) == ("pending", "7")


def test_what_is_not_decided_or_undone_already_offers_no_undo(reviewer: Reviewer) -> None:
    item = correction()
    assert "bulk/undo/" not in _page(reviewer, item)
    reviewer.decide("reject", item)
    reviewer.post("bulk/undo/", **_undo_form(_page(reviewer, item)))
    assert "bulk/undo/" not in _page(reviewer, item)


def test_who_may_not_decide_is_offered_no_undo(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("reject", item)
    looker = Reviewer(user_with("looker", "view_correction", is_staff=True))
    assert "bulk/undo/" not in _page(looker, item)


def test_a_decision_that_was_not_on_the_page_is_left_alone(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.confirm("approve", item)
    form = _undo_form(_page(reviewer, item))
    Reviewer(moderator("ana")).confirm("revoke", item)
    assert reviewer.told("bulk/undo/", **form) == [
        "1 correction left alone: already revoked by ana."
    ]
    assert _statuses() == ["revoked"]


def test_an_approval_that_would_contradict_another_is_not_brought_back(
    reviewer: Reviewer,
) -> None:
    item, rival = correction(), correction(label="1", person=person())
    reviewer.confirm("approve", item)
    reviewer.confirm("revoke", item)
    reviewer.confirm("approve", rival)
    assert reviewer.told("bulk/undo/", **_undo_form(_page(reviewer, item))) == [
        "1 correction left alone: the same drawing is claimed as another symbol."
    ]


def test_the_message_after_a_bulk_decision_takes_it_back(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    ids = ",".join(str(item.pk) for item in items)
    form = {"action": "reject", "ids": ids, "back": "label=7"}
    page = reviewer.client.post(f"{ROOT}bulk/", form, follow=True).content.decode()
    assert reviewer.told("bulk/undo/", **_undo_form(page)) == ["3 corrections are pending again."]
    assert _statuses() == ["pending"] * 3
    location = reviewer.post("bulk/undo/", **_undo_form(page)).headers["Location"]
    assert location == f"{ROOT}?label=7"


def test_the_message_s_button_carries_the_token() -> None:
    client = Client(HTTP_HOST="127.0.0.1:8000", enforce_csrf_checks=True)
    client.force_login(moderator())
    token = r'name="csrfmiddlewaretoken" value="([^"]+)"'
    item = correction()
    (first, *_) = re.findall(token, client.get(f"{ROOT}{item.pk}/change/").content.decode())
    form = {"csrfmiddlewaretoken": first, "action": "reject", "ids": str(item.pk)}
    page = client.post(f"{ROOT}bulk/", form, follow=True).content.decode()
    offer = re.search(r'class="undo-offer".*?</form>', page, re.DOTALL)
    assert offer
    (second,) = re.findall(token, offer.group())
    undo = _undo_form(page) | {"csrfmiddlewaretoken": second}
    assert client.post(f"{ROOT}bulk/undo/", undo).status_code == 302
    assert _statuses() == ["pending"]


def test_a_hostile_way_back_is_escaped_in_the_message(reviewer: Reviewer) -> None:
    form = {"action": "reject", "ids": str(correction().pk), "back": '"><script>alert(1)</script>'}
    page = reviewer.client.post(f"{ROOT}bulk/", form, follow=True).content.decode()
    assert "<script>alert" not in page


def test_many_decisions_are_taken_back_from_the_list(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    reviewer.decide("reject", items[0])
    reviewer.decide("approve", items[1])
    page = reviewer.ask_for("undo", *items).content.decode()
    assert "Left out: 1 pending. Only the latest decision" in page
    assert page.count("/128.png") == 2
    assert _statuses() == ["approved", "pending", "rejected"]
    assert reviewer.told("bulk/undo/", **_undo_form(page)) == ["2 corrections are pending again."]


def test_with_no_decision_there_is_nothing_to_take_back(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    page = reviewer.ask_for("undo", *items).content.decode()
    assert "there is nothing to do" in page
    assert "/bulk/" not in page


def test_a_copy_follows_its_item_back(reviewer: Reviewer) -> None:
    item = correction()
    copy = correction(person=person())
    reviewer.confirm("reject", item)
    reviewer.told("bulk/undo/", **_undo_form(_page(reviewer, item)))
    copy.refresh_from_db()
    assert copy.status == "pending"


@pytest.mark.parametrize("events", ["", "x", "1,x", "-1", "9" * 40, ",".join(["1"] * 501)])
def test_nonsense_takes_nothing_back(reviewer: Reviewer, events: str) -> None:
    item = correction()
    reviewer.decide("reject", item)
    (said,) = reviewer.told("bulk/undo/", events=events, item="nonsense")
    assert said == "Nothing was done: name the decisions in events."
    assert _statuses() == ["rejected"]


def test_what_training_made_of_an_item_is_in_nobody_s_way(reviewer: Reviewer) -> None:
    from feedback import lessons

    item = correction()
    reviewer.decide("approve", item)
    lessons.begin(5, [item.pk])
    approval = ReviewEvent.objects.get(action="approve")
    assert events.undoable([item.pk]) == {item.pk: approval.pk}
