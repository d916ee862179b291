"""What a version's card tells people: the same in its folder and on the site."""

import hashlib
import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from recognizer import anchors, model_card, publishing, views
from recognizer.checkpoints import CARD
from recognizer.model_card import markdown, sections
from recognizer.model_card_parts import Section
from recognizer.models import SplitOpening
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.tests.making_versions import folder_of, made, promoter

LESSONS = [["b-id", "7", "digest"], ["a-id", "1", "digest"]]
CHALLENGER: dict[str, Any] = {
    "number": 9,
    "name": "challenger",
    "data": {
        "anchor": {"version": 1, "weights": "abcdef0123456789"},
        "base": {"digest": "f" * 64, "sources": ["mnist", "synthesis"]},
        "licences": {
            "mnist": {"title": "MNIST", "licence": "CC BY-SA 3.0"},
            "synthesis": {"title": "our own parametric handwriting", "licence": "MIT"},
        },
        "settings": [{"seed": 5, "lr": 0.002}],
        "corrections": LESSONS,
        "run": 4,
    },
    "metrics": {"gate_set": 2000, "base": 0.991, "base_before": 0.9905, "base_anchor": 0.99},
}


def section(card: dict[str, Any], title: str) -> Section:
    return next(each for each in sections(card) if each.title == title)


def cells(part: Section) -> list[str]:
    return [cell for table in part.tables for row in table.rows for cell in row]


def test_the_card_beside_the_anchor_is_made_from_its_figures() -> None:
    content = (PACKAGED_ANCHOR / CARD).read_bytes()
    assert (PACKAGED_ANCHOR / model_card.FILE).read_bytes() == model_card.of_file(content)


def test_the_anchor_s_card_names_data_licences_seed_limits_and_digests() -> None:
    card = json.loads((PACKAGED_ANCHOR / CARD).read_bytes())
    text = markdown(card)
    for source in card["data"]["sources"].values():
        assert source["title"] in text
        assert source["licence"] in text
    for digest in card["sha256"].values():
        assert digest in text
    assert "c74_040" in text  # somebody who was set aside
    seed = str(card["data"]["training"]["seed"])
    assert ("Seed", seed) in section(card, "Training").tables[0].rows
    assert section(card, "Limits").tables or section(card, "Limits").says
    assert section(card, "Intended use").says


def test_a_challenger_s_card_names_its_parent_and_its_lessons_without_their_ids() -> None:
    assert "version 1, the anchor (weights abcdef012345…)" in cells(
        section(CHALLENGER, "Model details")
    )
    said = " ".join(section(CHALLENGER, "Data").says)
    assert "2 corrections" in said
    assert hashlib.sha256(b"a-id\nb-id").hexdigest() in said
    text = markdown(CHALLENGER)
    assert "a-id" not in text
    assert "b-id" not in text
    assert "manage.py reproduce 9" in text
    assert "datasets: [mnist, synthesis]" in text
    assert "99.1 %" in cells(section(CHALLENGER, "Metrics"))


def test_what_was_learned_is_told_with_the_hint_and_without() -> None:
    told = {
        "taught": 1.0,
        "taught_before": 0.2,
        "taught_unaided": 0.6,
        "taught_unaided_before": 0.1,
    }
    card = CHALLENGER | {"metrics": CHALLENGER["metrics"] | told}
    shown = cells(section(card, "Metrics"))
    assert shown[shown.index("Its corrections read right, with the hint") + 1] == "100.0 %"
    assert shown[shown.index("Its corrections read right, all 36") + 1] == "60.0 %"


def test_a_table_has_no_column_of_what_was_not_measured() -> None:
    temperatures = {"temperature": {"all": 1.2}, "abstain": {"confidence": {"all": 0.3}}}
    (table,) = section(CHALLENGER | temperatures, "Calibration").tables
    assert (list(table.rows), table.head) == (
        [("all", "1.2000", "0.3000")],
        ("characters", "temperature", "“not sure” below"),
    )


def test_the_hands_and_classes_that_are_read_badly_are_named() -> None:
    slices = {
        "writers": 20,
        "worst_writers": [{"name": "w7", "samples": 40, "hinted": 0.85}],
        "worst_classes": [{"label": "q", "samples": 30, "recall": 0.9, "read_as": "g"}],
    }
    limits = section(CHALLENGER | {"metrics": {"slices": slices}}, "Limits")
    assert "20 writers" in limits.says[0]
    assert cells(limits) == ["w7", "40", "85.0 %", "q", "30", "90.0 %", "g"]


def test_the_card_tells_what_a_network_sees_beside_the_image() -> None:
    network = {"name": "cnn", "widths": [4, 8]}
    directed = cells(section({"architecture": network | {"planes": 5}}, "Model details"))
    assert any("which way the pen moved" in cell for cell in directed)
    assert "Sees" not in cells(section({"architecture": network}, "Model details"))


def test_what_a_card_does_not_know_it_does_not_say() -> None:
    titles = [each.title for each in sections({"number": 3, "name": "bare"})]
    assert titles == ["Model details", "Intended use"]


def test_a_bar_in_a_name_does_not_tear_a_table() -> None:
    card = {"number": 3, "name": "one|two"}
    assert "| Version | 3 (one\\|two) |" in markdown(card)


@pytest.mark.django_db
@pytest.mark.usefixtures("state")
class TestOnTheSite:
    """The same sections as a page."""

    def test_page_and_file_say_the_same(self, client: Client) -> None:
        version = made()
        page = unescape(client.get(f"/models/{version.number}/card").content.decode())
        card = json.loads((folder_of(version) / CARD).read_bytes())
        told = (folder_of(version) / model_card.FILE).read_text()
        for part in sections(card):
            for text in (part.title, *part.says, *cells(part)):
                assert text in page
                assert text in told

    def test_anybody_may_read_it_under_the_strict_policy(self, client: Client) -> None:
        answer = client.get("/models/1/card")
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert "style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count("<script src=") == 1

    def test_looks_at_test_sets_are_on_the_page(self, client: Client) -> None:
        version = made()
        SplitOpening.objects.create(
            split="mnist-test",
            split_sha256="0" * 64,
            model_sha256=version.model_sha256,
            version=version.number,
            again=True,
            by="ada",
            result={"hinted": 0.9876},
        )
        page = client.get(f"/models/{version.number}/card").content.decode()
        assert "ada" in page
        assert "98.76 %" in page

    def test_an_unknown_version_and_one_whose_files_are_gone_are_not_found(
        self, client: Client
    ) -> None:
        assert client.get("/models/99/card").status_code == 404
        version = made("gone")
        (folder_of(version) / CARD).unlink()
        assert client.get(f"/models/{version.number}/card").status_code == 404

    def test_it_is_read_from_the_folders_while_the_database_is_away(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(number: int) -> None:
            raise DatabaseError

        monkeypatch.setattr(views, "_card", away)
        assert "pendigits" in client.get("/models/1/card").content.decode()
        assert client.get("/models/99/card").status_code == 404

    def test_the_list_of_versions_stays_short(self, client: Client, standin: Predictor) -> None:
        listed = client.get("/api/v1/versions").json()["versions"]
        anchor = next(each for each in listed if each["number"] == 1)
        assert "validation" in anchor["metrics"]
        assert "slices" not in anchor["metrics"]

    def test_the_page_leads_to_the_card_of_what_answers(
        self, client: Client, standin: Predictor
    ) -> None:
        assert f'href="{reverse("card")}"' in client.get("/").content.decode()
        answer = client.get(reverse("card"))
        assert answer["Location"] == f"/models/{standin.version}/card"

    def test_without_a_model_there_is_no_card(self, client: Client, nothing_served: None) -> None:
        assert client.get(reverse("card")).status_code == 404

    def test_the_admin_leads_to_it(self, client: Client) -> None:
        client.force_login(promoter())
        page = client.get("/admin/recognizer/modelversion/1/change/").content.decode()
        assert 'href="/models/1/card"' in page


def test_a_copy_of_the_anchor_has_its_card(state: Path) -> None:
    anchors.keep()
    copy = publishing.copy_of_anchor(
        hashlib.sha256((PACKAGED_ANCHOR / CARD).read_bytes()).hexdigest()
    )
    assert (copy / model_card.FILE).read_text().startswith("---\nlicense: mit\n")
