"""The list of corrections in the admin."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.models import Correction, Device
from feedback.narrowing import submitter_name
from feedback.people import Person
from feedback.submissions import Shown
from feedback.tests.making import correction, moderator, person
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


def _listed(page: str) -> list[str]:
    return re.findall(r'name="_selected_action" value="([^"]+)"', page)


def test_pictures_are_fetched_by_address(reviewer: Reviewer) -> None:
    item = correction()
    page = reviewer.text()
    assert f'src="/admin/feedback/correction/{item.pk}/128.png"' in page
    assert f'alt="Drawing {str(item.pk)[:8]}, user says 7, model said 3"' in page
    assert "data:image" not in page


def test_the_picture_leads_to_the_item(reviewer: Reviewer) -> None:
    item = correction()
    assert re.search(
        rf'<a href="/admin/feedback/correction/{item.pk}/change/[^"]*"><img', reviewer.text()
    )


def test_confidence_is_rounded(reviewer: Reviewer) -> None:
    correction(shown=Shown(label="3", confidence=0.7000000000000001, version=7))
    page = reviewer.text()
    assert "70 %" in page
    assert "0.7000" not in page


def test_fifty_fit_on_a_page(reviewer: Reviewer) -> None:
    for seed in range(51):
        correction(seed, person=person())
    assert len(_listed(reviewer.text())) == 50
    assert len(_listed(reviewer.text(p="2"))) == 1


def test_copies_are_folded_into_their_item(reviewer: Reviewer) -> None:
    item = correction()
    copy = correction(person=person())
    assert copy.duplicate_of_id == item.pk
    assert _listed(reviewer.text()) == [str(item.pk)]
    assert ">+ 1 alike<" in reviewer.text()
    assert reviewer.get(f"{copy.pk}/change/").headers["Location"].endswith(f"/{item.pk}/change/")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "approved"},
        {"label": "4"},
        {"submitted": "4"},
        {"predicted": "9"},
        {"version": "2"},
        {"device": "pen"},
        {"charset": "digits"},
        {"band": "low"},
        {"disagreement": "model"},
        {"submitter": "anonymous:b"},
    ],
    ids=str,
)
def test_each_filter_finds_what_it_names(reviewer: Reviewer, query: dict[str, str]) -> None:
    correction(1, label="3")
    wanted = correction(
        2,
        person=person("anonymous:b"),
        label="4",
        shown=Shown(label="9", confidence=0.3, version=2),
        charset="digits",
        device=Device.PEN,
    )
    reviewer.decide("approve", wanted)
    assert _listed(reviewer.text("", **query)) == [str(wanted.pk)]
    assert "(1)" in reviewer.text("", **query, _facets="True")


def test_a_submitter_is_counted_once_and_as_the_list_counts(reviewer: Reviewer) -> None:
    correction(person=person("anonymous:a1b2c3d4-0"))
    correction(person=person("anonymous:a1b2c3d4-0"))  # a copy
    page = reviewer.text(_facets="True")
    (counted,) = re.findall(r"submitter=[^>]*>\s*anonymous a1b2c3d4([^<]*)<", page)
    assert counted.split() == ["(1)"]


@pytest.mark.parametrize("query", [{"label": "99"}, {"version": "x"}, {"submitter": "\0"}])
def test_a_filter_that_does_not_exist_is_ignored_aloud(
    reviewer: Reviewer, query: dict[str, str]
) -> None:
    correction()
    response = reviewer.get("", **query)
    assert response.status_code == 302
    assert response.headers["Location"].endswith("?e=1")


def test_search_finds_by_id(reviewer: Reviewer) -> None:
    items = [correction(seed) for seed in range(5)]
    wanted = str(items[2].pk)
    assert _listed(reviewer.text(q=wanted)) == [wanted]
    assert _listed(reviewer.text(q=wanted[:8])) == [wanted]
    assert _listed(reviewer.text(q=wanted[:13])) == [wanted]
    assert _listed(reviewer.text(q="zzz")) == []


def test_search_for_a_copy_finds_its_item(reviewer: Reviewer) -> None:
    item = correction()
    copy = correction(person=person())
    correction(5)
    for term in (str(copy.pk), str(copy.pk)[:8], copy.pk.hex, str(copy.pk)[:13]):
        assert _listed(reviewer.text(q=term)) == [str(item.pk)], term


def test_an_item_with_several_copies_is_found_once(reviewer: Reviewer) -> None:
    item = correction(person=person("anonymous:abcdef01"))
    for _ in range(3):
        correction(person=person())
    assert _listed(reviewer.text(q="abcdef01")) == [str(item.pk)]
    assert _listed(reviewer.text(q=str(item.pk)[:8])) == [str(item.pk)]


def test_search_finds_a_submitter_by_the_name_that_is_shown(reviewer: Reviewer) -> None:
    somebody = person()
    item = correction(1, person=somebody)
    correction(2, person=person())
    shown = submitter_name(somebody.key, None)
    for term in (shown, shown.split()[1], somebody.key):
        assert _listed(reviewer.text(q=term)) == [str(item.pk)], term


def test_search_finds_by_a_user_s_name(reviewer: Reviewer) -> None:
    user = User.objects.create_user("decade")  # which could be the start of an id
    key = f"user:{user.pk}"
    item = correction(1, person=Person(key, (key,), user.pk))
    correction(2)
    assert _listed(reviewer.text(q="decade")) == [str(item.pk)]


def test_search_finds_by_user_name_and_by_key(reviewer: Reviewer) -> None:
    item = correction(1, person=person("anonymous:k"))
    correction(2)
    assert _listed(reviewer.text(q="anonymous:k")) == [str(item.pk)]


def test_dates_can_be_gone_down(reviewer: Reviewer) -> None:
    old, new = correction(1), correction(2)
    then = timezone.now() - timedelta(days=400)
    Correction.objects.filter(pk=old.pk).update(created=then)
    assert _listed(reviewer.text(created__year=str(then.year))) == [str(old.pk)]
    assert str(new.pk) in reviewer.text()


def test_the_queue_is_narrowed_like_the_list(reviewer: Reviewer) -> None:
    correction()
    page = reviewer.text(label="7", status="pending", o="1")
    assert 'href="/admin/feedback/correction/review/?label=7"' in page


def test_the_number_of_queries_does_not_grow(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    correction(0)
    with django_assert_max_num_queries(14) as one:
        reviewer.text()
    for seed in range(1, 50):
        correction(seed, person=person())
    with django_assert_max_num_queries(14) as fifty:
        assert len(_listed(reviewer.text())) == 50
    assert len(fifty) <= len(one) + 1  # with two days there is a date to choose


def test_the_list_reads_no_pictures(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    correction()
    with django_assert_max_num_queries(14) as captured:
        reviewer.text()
    for query in captured.captured_queries:
        assert '"feedback_correction"."strokes"' not in query["sql"]
        assert '"feedback_correction"."pixels"' not in query["sql"]


def test_one_item_shows_how_many_people_sent_its_copies(reviewer: Reviewer) -> None:
    item = correction()
    assert 'class="copies"' not in reviewer.text(f"{item.pk}/change/")
    somebody = person()
    rows = [correction(person=somebody), correction(person=somebody), correction(person=person())]
    page = reviewer.text(f"{item.pk}/change/")
    assert "3 copies, sent by 2 people" in page
    for row in rows:
        assert f"/admin/feedback/correction/{row.pk}/128.png" in page
    for _ in range(5):
        correction(person=person())
    page = reviewer.text(f"{item.pk}/change/")
    assert page[page.index('class="copies"') :].count("/128.png") == 6
    assert "8 copies, sent by 7 people" in page


def test_one_item_shows_what_can_be_decided(reviewer: Reviewer) -> None:
    item = correction()
    page = reviewer.text(f"{item.pk}/change/")
    for title in ("Approve", "Reject", "Reject as unreadable", "Relabel and approve"):
        assert f">{title}</button>" in page
    assert "Revoke approval" not in page
    reviewer.decide("approve", item)
    page = reviewer.text(f"{item.pk}/change/")
    assert ">Revoke approval</button>" in page
    assert ">Approve</button>" not in page
