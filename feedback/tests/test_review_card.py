"""What a moderator sees of one item."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback import bulk, evidence, guesses, review, scoring
from feedback.models import Correction, Verdict
from feedback.people import Person
from feedback.submissions import Shown
from feedback.tests.making import SEVEN, correction, moderator, person, submission
from feedback.tests.reviewing import Reviewer
from feedback.tests.standin import predictor
from recognizer import serving

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_says_what_the_person_and_the_model_said(reviewer: Reviewer) -> None:
    said = _text(reviewer.card(correction().pk))
    assert "User says 7" in said
    assert "Model said 3 90 % version 7" in said


def test_it_says_when_the_model_was_not_sure(reviewer: Reviewer) -> None:
    item = correction(shown=Shown(label=None, confidence=0.2, version=7))
    assert "Model said not sure" in _text(reviewer.card(item.pk))


def test_what_their_own_memory_answered_is_not_called_the_model_s(reviewer: Reviewer) -> None:
    shown = Shown(label="3", confidence=0.63, version=7, personal=True)
    item = correction(shown=shown)
    said = _text(reviewer.card(item.pk))
    assert "Answered from their memory 3 63 % version 7" in said
    assert "Model said" not in said
    (tile,) = review.tiles(Correction.objects.items(), 9)
    assert tile["personal"]
    assert "from their memory" in reviewer.text("")
    assert "their memory said 3" in reviewer.text("")
    assert bulk.sheet(bulk.rows_of(Correction.objects.items()))["pairs"] == [
        ("3 (their memory)", "7", 1)
    ]


def test_it_says_when_the_person_agreed(reviewer: Reviewer) -> None:
    item = correction(label="3", verdict=Verdict.CONFIRMED)
    assert "User confirms 3" in _text(reviewer.card(item.pk))


def test_champion_and_anchor_are_asked_once_while_they_are_the_same(reviewer: Reviewer) -> None:
    said = _text(reviewer.card(correction().pk))
    assert "Champion and anchor, version 7" in said


def test_champion_and_anchor_are_asked_apart_when_they_differ(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = correction()
    monkeypatch.setattr(serving, "_predictor", predictor(9, {"7": 8.0}))
    said = _text(reviewer.card(item.pk))
    assert "Champion, version 9" in said
    assert "Anchor, version 7" in said


def test_five_bars_hold_the_submitted_label_however_unlikely(reviewer: Reviewer) -> None:
    guess = guesses.guesses(correction(label="z"))[0]
    assert guess.bars[0].label == "3"
    assert len(guess.bars) == 5
    assert [bar.label for bar in guess.bars if bar.submitted] == ["z"]


def test_no_probability_is_told_as_nought_or_a_hundred(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_predictor", predictor(9, {"3": 900.0}))
    bars = guesses.guesses(correction(label="q", charset="digits"))[0].bars
    assert bars[0].percent == ">99 %"
    assert {bar.percent for bar in bars[1:]} == {"<1 %"}


def test_it_is_shown_while_no_version_can_be_served(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = correction()
    monkeypatch.setattr(serving, "_predictor", None)
    assert "No version can be served" in _text(reviewer.card(item.pk))
    monkeypatch.setattr(scoring, "anchor", lambda: None)
    assert "No version can be served" in _text(reviewer.card(item.pk))


def test_its_nearest_approved_neighbours_are_shown_by_label(reviewer: Reviewer) -> None:
    for seed in range(4):
        reviewer.decide("approve", correction(seed, label="7", person=person()))
    threes = correction(20, label="3", verdict=Verdict.CONFIRMED, person=person())
    reviewer.decide("approve", threes)
    reviewer.decide("reject", correction(21, label="7", person=person()))
    groups = evidence.neighbours(correction(label="7"), [])
    assert [(group.label, len(group.items)) for group in groups] == [("7", 3), ("3", 1)]
    assert str(threes.pk) in groups[1].items[0].url


def test_without_neighbours_it_says_so(reviewer: Reviewer) -> None:
    assert "none approved yet" in _text(reviewer.card(correction().pk))


def test_the_submitter_s_record_is_shown(reviewer: Reviewer) -> None:
    reviewer.decide("approve", correction(1), correction(2))
    reviewer.decide("reject", correction(3))
    assert "67 % of 3 approved, 4 sent" in _text(reviewer.card(correction(4).pk))


def test_a_new_submitter_has_no_record(reviewer: Reviewer) -> None:
    assert "nothing decided yet, 1 sent" in _text(reviewer.card(correction().pk))


def test_copies_were_sent_too_but_are_decided_with_their_item(reviewer: Reviewer) -> None:
    somebody = person()
    item = correction(person=somebody)
    for _ in range(3):
        correction(person=somebody)
    assert "nothing decided yet, 4 sent" in _text(reviewer.card(item.pk))
    reviewer.decide("approve", item)
    assert "100 % of 1 approved, 4 sent" in _text(reviewer.card(item.pk))


def test_the_submitter_leads_to_what_they_sent(reviewer: Reviewer) -> None:
    somebody = person()
    item = correction(person=somebody)
    link = f'href="/admin/feedback/correction/?submitter={quote(somebody.key, safe="")}"'
    assert link in reviewer.card(item.pk)
    assert link in reviewer.text(f"{item.pk}/change/")


def test_neither_address_nor_the_whole_key_is_shown(reviewer: Reviewer) -> None:
    somebody = person()
    html = reviewer.card(correction(person=somebody, address="203.0.113.77").pk)
    assert "203.0.113.77" not in html
    assert somebody.key not in html


def test_copies_are_counted(reviewer: Reviewer) -> None:
    item = correction()
    correction(person=person())
    assert "1 folded into this one" in _text(reviewer.card(item.pk))


def test_the_same_ink_under_another_label_is_pointed_out(reviewer: Reviewer) -> None:
    other = correction(label="1", person=person())
    html = reviewer.card(correction(label="7").pk)
    assert "also as 1 (pending)" in _text(html)
    assert f"/admin/feedback/correction/{other.pk}/change/" in html


def test_a_contradiction_that_stands_is_a_warning(reviewer: Reviewer) -> None:
    other = correction(label="1", person=person())
    item = correction(label="7")
    warning = re.search(r'<p class="contradicted">.*?</p>', reviewer.card(item.pk), re.DOTALL)
    assert warning
    assert "also claimed as 1 (pending)" in _text(warning.group())
    assert f"/admin/feedback/correction/{other.pk}/change/" in warning.group()
    reviewer.decide("approve", other)
    assert "also claimed as 1 (approved)" in _text(reviewer.card(item.pk))
    assert "also claimed as 7 (pending)" in _text(reviewer.card(other.pk))
    reviewer.confirm("revoke", other)
    for pk in (item.pk, other.pk):
        assert "contradicted" not in reviewer.card(pk)


def test_what_looks_the_same_to_everybody_is_no_contradiction(reviewer: Reviewer) -> None:
    correction(label="1", person=person())
    html = reviewer.card(correction(label="l").pk)
    assert "also as 1 (pending)" in _text(html)
    assert "contradicted" not in html


def test_its_history_tells_who_did_what(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("relabel", item, label="1", reason="a seven has a bar")
    said = _text(reviewer.card(item.pk))
    assert "submitted as 7" in said
    assert "relabelled and approved as 1 by mo: a seven has a bar" in said
    assert "Approved by mo, just now" in said


def test_it_is_kept_for_who_opens_it(reviewer: Reviewer) -> None:
    item = correction()
    assert "Kept for you until" in _text(reviewer.card(item.pk))
    second = Reviewer(moderator("zoe"))
    assert "Kept for mo until" in _text(second.card(item.pk))


def test_a_lease_that_ran_out_is_free(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.card(item.pk)
    Correction.objects.filter(pk=item.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert "Kept for you" in _text(Reviewer(moderator("zoe")).card(item.pk))


def test_leases_are_renewed_and_released(reviewer: Reviewer) -> None:
    first, second = correction(1), correction(2)
    reviewer.card(first.pk)
    answer = reviewer.post("review/leases/", keep=str(second.pk), release=str(first.pk)).json()
    assert answer["leases"][str(second.pk)]["mine"] is True
    assert Correction.objects.get(pk=first.pk).leased_by is None
    zoe = Reviewer(moderator("zoe"))
    zoe.post("review/leases/", release=str(second.pk))
    assert Correction.objects.get(pk=second.pk).leased_by == reviewer.user


def test_its_strokes_can_be_replayed(reviewer: Reviewer) -> None:
    html = reviewer.card(correction().pk)
    assert html.count("<polyline") == len(SEVEN)
    assert "data-times" in html


def test_an_upload_shows_its_picture(reviewer: Reviewer) -> None:
    from feedback.submissions import submit

    item = submit(submission())[0]
    Correction.objects.filter(pk=item.pk).update(strokes=None)
    html = reviewer.card(item.pk)
    assert "<polyline" not in html
    assert "The uploaded picture" in html


def test_hostile_names_are_escaped(reviewer: Reviewer) -> None:
    user = User.objects.create(username=HOSTILE)
    item = correction(person=Person(f"user:{user.pk}", (f"user:{user.pk}",), user.pk))
    evil = Reviewer(moderator("<img src=x onerror=alert(2)>"))
    evil.decide("approve", item, reason=HOSTILE)
    pages = [
        evil.card(item.pk),
        evil.text(f"{item.pk}/change/"),
        evil.text(),
        evil.text("charts/"),
        evil.text("review/", submitter=HOSTILE, label=HOSTILE, order=HOSTILE),
        evil.client.get("/admin/feedback/reviewevent/").content.decode(),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_number_of_queries_does_not_grow(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for seed in range(8):
        reviewer.decide("approve", correction(seed))
    item = correction(30)
    with django_assert_max_num_queries(12):
        reviewer.card(item.pk)
