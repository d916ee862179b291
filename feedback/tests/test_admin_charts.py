"""Corrections at a glance: charts made on the server."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback import charts, lessons
from feedback.models import Correction
from feedback.overview import BLIND, overview
from feedback.submissions import Shown
from feedback.tests.making import correction, moderator, person
from feedback.tests.reviewing import Reviewer


def test_columns_stack_to_their_sum() -> None:
    chart = charts.columns(["a", "b"], [("good", {"a": 3}), ("bad", {"a": 1, "b": 2})], height=100)
    first, second, third = chart.marks
    assert (first.kind, second.kind, third.kind) == ("good", "bad", "bad")
    assert first.y + first.height == 100
    assert second.y + second.height == pytest.approx(first.y)
    assert third.x > first.x + first.width
    assert first.title == "a: 3 good"


def test_no_column_reaches_above_the_chart() -> None:
    for most in (0, 1, 4, 5, 6, 49, 51, 999, 12_345):
        chart = charts.columns(["a"], [("n", {"a": most})])
        assert all(mark.y >= 0 for mark in chart.marks)
        assert len(chart.up) <= 6


@pytest.mark.parametrize(
    ("most", "top", "step"),
    [
        (0, 1, 1),
        (1, 1, 1),
        (5, 5, 1),
        (6, 6, 2),
        (23, 25, 5),
        (60, 60, 20),
        (238, 250, 50),
        (1001, 1500, 500),
    ],
)
def test_an_axis_has_round_numbers(most: int, top: int, step: int) -> None:
    assert charts.scale(most) == (top, step)


def test_the_last_column_always_has_its_text() -> None:
    chart = charts.columns([f"2026-01-{day:02}" for day in range(1, 31)], [], every=7, cut=5)
    assert [tick.text for tick in chart.across] == ["01-02", "01-09", "01-16", "01-23", "01-30"]


def test_a_matrix_holds_the_labels_that_occur_in_their_order() -> None:
    chart = charts.matrix({("b", "3"): 1, ("3", "3"): 9, ("0", "b"): 4})
    assert [tick.text for tick in chart.across] == ["0", "3", "b"]
    assert [tick.text for tick in chart.down] == ["3", "b"]
    strongest = max(
        (cell for cell in chart.cells if not cell.agrees), key=lambda cell: cell.strength
    )
    assert (strongest.across, strongest.down, strongest.strength) == ("0", "b", 1.0)


def test_a_matrix_of_nothing_is_empty() -> None:
    assert charts.matrix({}).cells == []


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def reviewer(self) -> Reviewer:
        return Reviewer(moderator())

    def test_it_is_shown_while_there_is_nothing(self, reviewer: Reviewer) -> None:
        assert "Nobody has submitted anything yet" in reviewer.text("charts/")

    def test_it_shows_days_labels_confusion_and_submitters(self, reviewer: Reviewer) -> None:
        items = [correction(seed, person=person(f"anonymous:{seed % 2}")) for seed in range(4)]
        reviewer.decide("approve", items[0], items[1])
        reviewer.decide("reject", items[2])
        Correction.objects.filter(pk=items[3].pk).update(created=timezone.now() - timedelta(days=3))
        page = reviewer.text("charts/")
        assert page.count('class="mark approved"') >= 3  # key, day, label
        assert "model 3, person 7: 4" in page
        assert "Show 3 → 7" in page
        assert "?predicted=3&amp;submitted=7" in page
        assert "?submitter=anonymous%3A1" in page
        assert re.search(r">50 %</td>", page)

    def test_copies_count_once(self, reviewer: Reviewer) -> None:
        correction()
        correction(person=person())
        figures = dict(overview()["figures"])
        assert figures["waiting"] == 1

    def test_predictions_without_a_label_are_no_confusion(self) -> None:
        correction(shown=Shown(label=None, confidence=0.1, version=1))
        assert overview()["confusion"]["chart"].cells == []

    def test_what_somebody_s_own_memory_answered_is_no_confusion_of_the_model(
        self, reviewer: Reviewer
    ) -> None:
        shown = Shown(label="3", confidence=0.6, version=1, personal=True)
        correction(1, shown=shown)
        item = correction(2)
        (worst,) = overview()["confusion"]["worst"]
        assert (worst["predicted"], worst["count"]) == ("3", 1)
        for query in ("predicted=3", "disagreement=model"):
            page = reviewer.text(f"?{query}")
            assert page.count('name="_selected_action"') == 1
            assert str(item.pk) in page

    def test_blind_readings_measure_agreement(self, reviewer: Reviewer) -> None:
        same, other, seen = (correction(seed) for seed in range(3))
        reviewer.decide("approve", same, reason=BLIND)
        reviewer.decide("relabel", other, label="1", reason=BLIND)
        reviewer.decide("approve", seen)
        assert dict(overview()["figures"])["agreement when read blind"] == "50 % of 2"

    def test_copies_of_a_blind_reading_do_not_count(self, reviewer: Reviewer) -> None:
        item = correction()
        correction(person=person())
        reviewer.decide("approve", item, reason=BLIND)
        assert dict(overview()["figures"])["agreement when read blind"] == "100 % of 1"

    def test_a_blind_reading_counts_while_it_stands(self, reviewer: Reviewer) -> None:
        stands, undone, revoked = (correction(seed) for seed in range(3))
        reviewer.decide("approve", stands, revoked, reason=BLIND)
        event = reviewer.decide("relabel", undone, label="1", reason=BLIND).json()["decided"][0]
        reviewer.post("review/undo/", events=event["event"])
        reviewer.confirm("revoke", revoked)
        lessons.begin(5, [stands.pk])  # what training makes of it changes no reading
        assert dict(overview()["figures"])["agreement when read blind"] == "100 % of 1"

    def test_a_disagreement_leads_to_what_it_counts(self, reviewer: Reviewer) -> None:
        item = correction(1)
        correction(2)
        reviewer.decide("relabel", item, label="1")
        (worst,) = overview()["confusion"]["worst"]
        assert worst["count"] == 2
        page = reviewer.client.get(worst["url"]).content.decode()
        assert page.count('name="_selected_action"') == 2

    def test_the_number_of_queries_does_not_grow(
        self, reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        correction(0)
        with django_assert_max_num_queries(14) as one:
            reviewer.text("charts/")
        for seed in range(1, 20):
            correction(seed, person=person())
        with django_assert_max_num_queries(14) as twenty:
            reviewer.text("charts/")
        assert len(twenty) == len(one)
