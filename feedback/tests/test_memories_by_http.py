"""Who is known is answered by HTTP with what they have corrected, and nobody else is."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from feedback import memories
from feedback.models import Correction
from feedback.tests.sockets import PATIENCE
from recognizer import serving
from recognizer.predictor import Predictor

pytestmark = pytest.mark.django_db

BAR = {"strokes": [[[10, 0], [12, 30], [10, 60]]], "charset": "digits"}  # a 1


@pytest.fixture(autouse=True)
def anchor(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The released weights, nobody's memory from before, and time for one on a slow machine."""
    predictor = Predictor.load(serving.PACKAGED_ANCHOR)
    monkeypatch.setattr(memories, "_PATIENCE", PATIENCE)
    monkeypatch.setattr(serving, "current", lambda: predictor)
    memories._recent.clear()
    yield
    memories._recent.clear()


@pytest.fixture
def ada() -> Client:
    """Somebody who has opened the page."""
    client = Client(headers={"sec-fetch-site": "same-origin"})
    client.get("/")
    return client


def said(client: Client, body: dict[str, Any] = BAR) -> tuple[str | None, bool]:
    answer = client.post("/api/v1/predict", body, content_type="application/json").json()
    return answer["label"], answer["personal"]


def corrected(client: Client, label: str) -> str:
    body = {**BAR, "label": label}
    answer = client.post("/api/v1/corrections", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_a_correction_is_right_for_who_made_it_and_for_nobody_else(ada: Client) -> None:
    assert said(ada) == ("1", False)
    corrected(ada, "7")
    assert said(ada) == ("7", True)
    assert said(Client()) == ("1", False)
    corrected(ada, "4")
    assert said(ada) == ("4", True)


def test_what_is_confirmed_is_what_was_shown(ada: Client) -> None:
    corrected(ada, "7")
    assert said(ada) == ("7", True)
    body = {"strokes": BAR["strokes"], "charset": "digits", "correct": True}
    answer = ada.post("/api/v1/corrections", body, content_type="application/json").json()
    assert (answer["label"], answer["said"], answer["predicted"]) == ("7", "7", "7")
    kept = Correction.objects.order_by("created").values_list("personal", flat=True)
    assert list(kept) == [False, True]


def test_several_characters_have_no_answer_to_confirm(ada: Client) -> None:
    two = [[[0, 0], [2, 30], [0, 60]], [[60, 0], [62, 30], [60, 60]]]
    body = {"strokes": two, "correct": True}
    answer = ada.post("/api/v1/corrections", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "correct")


def test_what_is_deleted_is_forgotten(ada: Client) -> None:
    pk = corrected(ada, "7")
    assert said(ada) == ("7", True)
    ada.delete(f"/api/v1/corrections/{pk}")
    assert said(ada) == ("1", False)
    assert not memories._recent


def test_a_memory_is_built_once_for_what_it_was_built_from(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(ada, "7")
    assert said(ada) == ("7", True)
    monkeypatch.setattr(memories, "built", None)
    assert said(ada) == ("7", True)


def test_only_so_many_memories_are_kept(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "_KEPT", 1)
    other = Client(headers={"sec-fetch-site": "same-origin"})
    other.get("/")
    for client, label in ((ada, "7"), (other, "4")):
        corrected(client, label)
        said(client)
    assert len(memories._recent) == 1
    assert said(ada) == ("7", True)


def test_without_the_database_the_network_alone_answers(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(ada, "7")

    def broken(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(memories, "_different", broken)
    assert said(ada) == ("1", False)
    assert Correction.objects.count() == 1


def test_nobody_waits_for_a_memory_that_does_not_come(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(ada, "7")

    async def never(*_: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(memories, "_looked_up", never)
    monkeypatch.setattr(memories, "_PATIENCE", 0.01)
    assert said(ada) == ("1", False)
