"""The ink that speaks for a label, for moderators: of champion and anchor, chosen and corrected."""

import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from feedback import scoring
from feedback.models import Correction
from feedback.tests.making import correction, moderator
from feedback.tests.reviewing import ROOT, Reviewer
from feedback.tests.standin import predictor
from recognizer import heat, serving
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer(moderator())


@pytest.fixture
def anchor(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """The released version is champion and anchor."""
    loaded = Predictor.load(PACKAGED_ANCHOR)
    monkeypatch.setattr(serving, "_predictor", loaded)
    monkeypatch.setattr(scoring, "anchor", lambda: loaded)
    return loaded


def pictures(reviewer: Reviewer, item: Correction) -> list[str]:
    """Return the addresses of the pictures on a card, below those of corrections."""
    return re.findall(rf'src="{ROOT}([^"]*/heat/[^"]*)"', reviewer.card(item.pk))


def pixels(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.uint8)


def test_one_version_is_asked_about_what_it_chose_and_what_it_should_be(
    reviewer: Reviewer,
) -> None:
    item = correction(label="7")
    tag = "7-0000000000000000"
    assert pictures(reviewer, item) == [f"{item.pk}/heat/{tag}/{label}.png" for label in "37"]


def test_champion_and_anchor_are_asked_apart(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = correction(label="7")
    monkeypatch.setattr(serving, "_predictor", predictor(9, {"7": 8.0}))
    found = [path.split("/heat/")[1] for path in pictures(reviewer, item)]
    assert found == [
        "9-0000000000000000/7.png",
        "7-0000000000000000/3.png",
        "7-0000000000000000/7.png",
    ]
    for path in pictures(reviewer, item):
        assert reviewer.get(path).status_code == 200


def test_a_relabelled_one_is_asked_about_its_new_label(reviewer: Reviewer) -> None:
    item = correction(label="7")
    reviewer.decide("relabel", item, label="1")
    assert [path.rsplit("/", 1)[1] for path in pictures(reviewer, item)] == ["3.png", "1.png"]


def test_the_picture_is_drawn_from_what_the_version_answers(
    reviewer: Reviewer, anchor: Predictor
) -> None:
    item = correction()
    shown = {}
    for path in pictures(reviewer, item):
        label = path.rsplit("/", 1)[1][0]
        shown[label] = pixels(reviewer.get(path).content)
        expected = anchor.explain(item.seen(anchor), "all", label)
        drawn = heat.picture(item.raster, expected.saliency)[..., ::-1]
        assert (shown[label] == drawn).all()
    assert shown["7"].any()


def test_the_browser_keeps_it_and_nobody_in_between_does(reviewer: Reviewer) -> None:
    response = reviewer.get(pictures(reviewer, correction())[0])
    assert response["Content-Type"] == "image/png"
    kept = {part.strip() for part in response["Cache-Control"].split(",")}
    assert {"private", "immutable"} <= kept


def test_a_version_that_is_asked_no_more_has_no_pictures(
    reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = correction()
    monkeypatch.setattr(serving, "_predictor", predictor(9, {"7": 8.0}))
    path = pictures(reviewer, item)[0]
    monkeypatch.setattr(serving, "_predictor", predictor(10, {"7": 8.0}))
    assert reviewer.get(path).status_code == 404
    monkeypatch.setattr(serving, "_predictor", None)
    assert reviewer.get(path).status_code == 404


@pytest.mark.parametrize("label", ["A", "ab", "-", "_"])
def test_what_is_no_label_has_no_picture(reviewer: Reviewer, label: str) -> None:
    path = pictures(reviewer, correction())[0]
    assert reviewer.get(path.replace("/3.png", f"/{label}.png")).status_code == 404


@pytest.mark.usefixtures("anchor")
def test_a_label_outside_the_hint_has_one_all_the_same(reviewer: Reviewer) -> None:
    item = correction(label="q", charset="digits")
    path = next(path for path in pictures(reviewer, item) if path.endswith("q.png"))
    assert pixels(reviewer.get(path).content).any()


def test_a_picture_reads_the_correction_once(
    reviewer: Reviewer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    path = pictures(reviewer, correction())[0]
    with django_assert_max_num_queries(5) as asked:  # session, user and permissions besides
        reviewer.get(path)
    ours = [query["sql"] for query in asked if "feedback_correction" in query["sql"]]
    assert len(ours) == 1
