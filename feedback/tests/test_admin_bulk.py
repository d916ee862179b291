"""Deciding many items at once: shown first, limited, counted afterwards."""

import json
from unittest.mock import patch

import pytest
from pytest_django import DjangoAssertNumQueries

from feedback import actions
from feedback.models import Correction, ReviewEvent, Status
from feedback.tests.making import correction, moderator, person, user_with
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


@pytest.fixture
def items() -> list[Correction]:
    return [correction(seed) for seed in range(3)]


def _statuses() -> list[str]:
    return sorted(Correction.objects.items().values_list("status", flat=True))


def test_nothing_happens_before_it_is_confirmed(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    page = reviewer.ask_for("approve", *items).content.decode()
    assert _statuses() == ["pending"] * 3
    for item in items:
        assert f"/admin/feedback/correction/{item.pk}/128.png" in page
    assert "<td>3</td><td>7</td><td>3</td>" in page  # the label pair 3 → 7, three times


def test_what_disagrees_is_counted_first(reviewer: Reviewer, items: list[Correction]) -> None:
    agreed = [correction(seed, label="3") for seed in range(10, 15)]
    page = reviewer.ask_for("approve", *items, *agreed).content.decode()
    assert page.index("<td>3</td><td>7</td>") < page.index("<td>3</td><td>3</td>")


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("approve", Status.APPROVED, "3 corrections approved."),
        ("reject", Status.REJECTED, "3 corrections rejected."),
        ("unreadable", Status.REJECTED, "3 corrections rejected as unreadable."),
    ],
)
def test_what_was_confirmed_is_done_and_counted(
    reviewer: Reviewer, items: list[Correction], action: str, status: Status, said: str
) -> None:
    assert reviewer.confirm(action, *items) == [said]
    assert _statuses() == [status] * 3
    assert ReviewEvent.objects.filter(actor=reviewer.user).count() == 3


def test_the_reason_is_kept(reviewer: Reviewer, items: list[Correction]) -> None:
    reviewer.confirm("unreadable", items[0])
    assert ReviewEvent.objects.get(action="reject").reason == "unreadable"


def test_approvals_are_revoked(reviewer: Reviewer, items: list[Correction]) -> None:
    reviewer.confirm("approve", *items)
    assert reviewer.confirm("revoke", *items[:2]) == ["2 corrections revoked."]
    assert _statuses() == ["approved", "revoked", "revoked"]


def test_one_item_is_relabelled_from_its_page(reviewer: Reviewer) -> None:
    item = correction()
    said = reviewer.confirm("relabel", item, label="1", item=str(item.pk))
    assert said == ["1 correction relabelled and approved."]
    assert Correction.objects.get().label == "1"


def test_duplicates_are_counted(reviewer: Reviewer) -> None:
    item = correction()
    correction(person=person())
    assert "with 1 duplicate" in reviewer.ask_for("approve", item).content.decode()
    assert reviewer.confirm("approve", item) == ["1 correction approved, with 1 duplicate."]


def test_what_is_decided_already_is_left_out_and_said(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    reviewer.decide("reject", items[0])
    page = reviewer.ask_for("approve", *items).content.decode()
    assert "Left out: 1 rejected" in page
    assert str(items[0].pk) not in page


def test_with_nothing_left_there_is_nothing_to_confirm(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    page = reviewer.ask_for("revoke", *items).content.decode()
    assert "there is nothing to do" in page
    assert "/bulk/" not in page


def test_what_others_decide_in_the_meantime_is_reported(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    Reviewer(moderator("ana")).decide("reject", *items[:2])
    assert reviewer.confirm("approve", *items) == [
        "1 correction approved.",
        "2 corrections left alone: already rejected by ana.",
    ]


def test_bulk_says_how_many_drawings_are_claimed_as_another_symbol(reviewer: Reviewer) -> None:
    Reviewer(moderator("ana")).decide("approve", correction())
    assert reviewer.confirm("approve", correction(label="1"), correction(5)) == [
        "1 correction approved.",
        "1 correction left alone: the same drawing is claimed as another symbol.",
    ]


def test_of_two_that_wait_and_contradict_each_other_neither_is_called_approved(
    reviewer: Reviewer,
) -> None:
    assert reviewer.confirm("approve", correction(), correction(label="1")) == [
        "2 corrections left alone: the same drawing is claimed as another symbol."
    ]
    assert _statuses() == ["pending"] * 2


def test_more_than_the_limit_is_refused(reviewer: Reviewer, items: list[Correction]) -> None:
    with patch.object(actions, "LIMIT", 2):
        response = reviewer.ask_for("approve", *items)
        said = [
            str(m) for m in reviewer.client.get(response.headers["Location"]).context["messages"]
        ]
    assert said == [
        "Approve: 3 are selected and at most 2 can be decided at once. Narrow the list first."
    ]


def test_everything_that_the_filter_finds_can_be_selected(
    reviewer: Reviewer, items: list[Correction]
) -> None:
    page = reviewer.ask_for("approve", items[0], select_across="1").content.decode()
    assert "3 corrections will be approved" in page


def test_five_hundred_fit_into_one_request(reviewer: Reviewer) -> None:
    items = [correction(seed) for seed in range(120)]  # more than Django's limit on fields
    assert reviewer.confirm("approve", *items) == ["120 corrections approved."]


@pytest.mark.parametrize(
    ("action", "ids"),
    [("delete", "{pk}"), ("approve", ""), ("approve", "x"), ("relabel", "{pk}"), ("", "{pk}")],
)
def test_nonsense_changes_nothing(reviewer: Reviewer, action: str, ids: str) -> None:
    item = correction()
    response = reviewer.client.post(
        "/admin/feedback/correction/bulk/",
        {"action": action, "ids": ids.format(pk=item.pk)},
        follow=True,
    )
    (said,) = [str(message) for message in response.context["messages"]]
    assert said.startswith("Nothing was done")
    assert _statuses() == ["pending"]


def test_the_way_back_keeps_the_filters(reviewer: Reviewer) -> None:
    item = correction()
    page = reviewer.client.post(
        "/admin/feedback/correction/?status=pending&label=7",
        {"action": "approve", "_selected_action": [str(item.pk)]},
    ).content.decode()
    assert 'name="back" value="status=pending&amp;label=7"' in page
    response = reviewer.post(
        "bulk/", action="approve", ids=str(item.pk), back="status=pending&label=7"
    )
    assert response.headers["Location"] == "/admin/feedback/correction/?status=pending&label=7"


def test_the_way_back_leads_nowhere_else(reviewer: Reviewer) -> None:
    item = correction()
    response = reviewer.post("bulk/", action="approve", ids=str(item.pk), back="//evil.example/")
    assert response.headers["Location"].startswith("/admin/feedback/correction/?")


def test_the_number_of_queries_does_not_grow(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    few, many = [correction(1)], [correction(seed) for seed in range(2, 22)]
    with django_assert_max_num_queries(30) as one:
        reviewer.ask_for("approve", *few)
    with django_assert_max_num_queries(30) as twenty:
        reviewer.ask_for("approve", *many)
    assert len(twenty) == len(one)


@pytest.mark.parametrize(
    ("form", "start"), [("csv", b"label,pixel0"), ("jsonl", b"{"), ("npz", b"PK")]
)
def test_who_may_export_takes_the_selection_along(
    items: list[Correction], form: str, start: bytes
) -> None:
    exporter = Reviewer(user_with("ex", "view_correction", "export_correction", is_staff=True))
    response = exporter.ask_for(f"export_{form}", *items[:2])
    content = b"".join(response.streaming_content)
    assert content.startswith(start)
    assert response["Content-Disposition"].endswith(f'.{form}"')
    if form == "jsonl":
        ids = {json.loads(line)["id"] for line in content.splitlines()}
        assert ids == {str(item.pk) for item in items[:2]}


def test_a_moderator_takes_nothing_along(reviewer: Reviewer, items: list[Correction]) -> None:
    assert "export_" not in reviewer.text()
    assert reviewer.ask_for("export_csv", *items).status_code == 302
