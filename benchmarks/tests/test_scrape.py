"""Quantiles come from what was observed between two scrapes."""

import math

import pytest

from benchmarks.scrape import Histogram, Scrape

EDGES = (0.001, 0.01, 0.1, math.inf)


def exposition(*counts: int) -> str:
    edges = [str(edge).replace("inf", "+Inf") for edge in EDGES]
    lines = [
        f'predict_seconds_bucket{{stage="total",le="{edge}"}} {count}.0'
        for edge, count in zip(edges, counts, strict=True)
    ]
    return "\n".join(["# HELP predict_seconds Time", *lines, 'ws_frames_total{type="points"} 7.0'])


def test_it_reads_a_histogram_by_its_labels() -> None:
    histogram = Scrape(exposition(1, 2, 3, 4)).histogram("predict_seconds", stage="total")
    assert histogram == Histogram(EDGES, (1, 2, 3, 4))


def test_what_was_there_before_does_not_count() -> None:
    before = Scrape(exposition(100, 100, 100, 100)).histogram("predict_seconds", stage="total")
    after = Scrape(exposition(100, 110, 110, 110)).histogram("predict_seconds", stage="total")
    assert (after - before).count == 10
    assert (after - before).quantile(0.5) == pytest.approx(0.0055)


def test_a_histogram_that_did_not_exist_before_counts_whole() -> None:
    after = Histogram(EDGES, (0, 4, 4, 4))
    nothing = Scrape("").histogram("predict_seconds", stage="total")
    assert (after - nothing).count == 4


def test_it_interpolates_within_the_bucket() -> None:
    assert Histogram(EDGES, (50, 100, 100, 100)).quantile(0.5) == pytest.approx(0.001)
    assert Histogram(EDGES, (50, 100, 100, 100)).quantile(0.75) == pytest.approx(0.0055)


def test_beyond_the_last_edge_it_answers_the_last_edge() -> None:
    assert Histogram(EDGES, (0, 0, 0, 5)).quantile(0.99) == 0.1


def test_of_nothing_there_is_no_quantile() -> None:
    assert math.isnan(Histogram((), ()).quantile(0.5))
    assert math.isnan(Histogram(EDGES, (0, 0, 0, 0)).quantile(0.5))


def test_it_sums_a_counter_over_its_labels() -> None:
    scrape = Scrape('p_total{source="socket"} 3.0\np_total{source="http"} 2.0\nq 1e3')
    assert scrape.total("p_total") == 5
    assert scrape.total("p_total", source="socket") == 3
    assert scrape.total("q") == 1000
    assert scrape.total("missing") == 0
    assert scrape.by_label("p_total", "source") == {"socket": 3, "http": 2}
