"""What a moderator sees of what became of a decision."""

from datetime import UTC, datetime, timedelta

import pytest

from feedback import decisions, effects, lessons, wording
from feedback.models import Correction, ReviewEvent
from feedback.overview import overview
from feedback.tests.making import correction, moderator
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


def effect(item: Correction, now: datetime = NOON) -> str:
    item.refresh_from_db()
    return effects.effect(item, now)


def test_each_step_is_told_in_words(reviewer: Reviewer) -> None:
    item = correction()
    assert effect(item) == ""
    reviewer.decide("approve", item)
    assert effect(item) == "waiting for the next training"
    lessons.begin(5, [item.pk])
    assert effect(item) == "in training"
    lessons.teach(18, [(item.pk, "7")])
    lessons.follow(18)
    assert effect(item) == "in version 18, on its way to every process"
    Correction.objects.filter(pk=item.pk).learn(live_at=NOON - timedelta(hours=2))
    assert effect(item) == "in version 18, live since 10:00"
    assert effect(item, NOON + timedelta(days=1)) == "in version 18, live since 2026-07-01 10:00"
    decisions.decide([item.pk], "revoke", reviewer.user)
    assert effect(item) == "still in version 18, until the next training"
    lessons.follow(19)
    assert effect(item) == ""


def test_the_card_says_why_a_round_came_to_nothing(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("approve", item)
    lessons.begin(5, [item.pk])
    lessons.end(5, [item.pk], "refused by the gate: 7 loses 12 points")
    said = "Waiting for the next training (run 5: refused by the gate: 7 loses 12 points)"
    assert said in reviewer.text(f"{item.pk}/change/")
    lessons.begin(6, [item.pk])
    assert said not in reviewer.text(f"{item.pk}/change/")


def test_list_card_and_history_show_it(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("approve", item)
    lessons.begin(5, [item.pk])
    lessons.teach(18, [(item.pk, "7")])
    lessons.follow(18)
    assert "in version 18, on its way" in reviewer.text()
    card = reviewer.text(f"{item.pk}/change/")
    assert "In version 18, on its way" in card
    assert "in training: run 5" in card
    assert "live in version 18" in card
    lessons.follow(17)
    assert "not in version 17, the champion" in reviewer.text(f"{item.pk}/change/")


def test_every_event_has_words(reviewer: Reviewer) -> None:
    item = correction()
    for action in ReviewEvent._meta.get_field("action").choices or []:
        event = ReviewEvent(correction=item, action=action[0], champion_version=18)
        assert effects._words(event)


def test_the_audit_says_that_training_did_it(reviewer: Reviewer) -> None:
    item = correction()
    reviewer.decide("approve", item)
    lessons.begin(5, [item.pk])
    everything = {"shown": "everything"}
    page = reviewer.client.get("/admin/feedback/reviewevent/", everything).content.decode()
    for words in ("approved → training", ">training<", "run 5"):
        assert words in page


def test_the_charts_tell_how_long_it_takes_to_be_live(reviewer: Reviewer) -> None:
    names = ("approval to live, half within", "approval to live, 95 % within")
    figures = dict(overview()["figures"])
    assert [figures[name] for name in names] == ["\N{EN DASH}"] * 2
    item = correction()
    reviewer.decide("approve", item)
    lessons.teach(18, [(item.pk, "7")])
    lessons.follow(18)
    item.refresh_from_db()
    assert item.decided is not None
    Correction.objects.filter(pk=item.pk).learn(live_at=item.decided + timedelta(seconds=100))
    figures = dict(overview()["figures"])
    assert [figures[name] for name in names] == ["100 s"] * 2


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (119, "119 s"), (300, "5 min"), (7200, "2 h")]
)
def test_a_span_is_as_precise_as_anybody_cares(seconds: float, words: str) -> None:
    assert wording.span(seconds) == words
