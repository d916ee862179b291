"""`POST explain`: predict's rules and refusals, a price of its own, and what it says."""

import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recognizer import explanations, serving
from recognizer.aside import Aside
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.quotas import Buckets
from recognizer.tests.test_api import REFUSED, STROKES, picture

EXPLAIN = "/api/v1/explain"


@pytest.fixture(autouse=True)
def _full_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "_buckets", Buckets(rate=1000, burst=1000))


@pytest.fixture
def anchor(monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """The process serves the released version."""
    loaded = Predictor.load(PACKAGED_ANCHOR)
    monkeypatch.setattr(serving, "_booted", True)
    monkeypatch.setattr(serving, "_predictor", loaded)
    return loaded


def post(client: Client, body: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(EXPLAIN, text, content_type="application/json")


def code(answer: Any) -> tuple[int, str]:
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "field"}
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.usefixtures("standin")
@pytest.mark.parametrize(("body", "status", "wanted"), REFUSED, ids=range(len(REFUSED)))
def test_what_predict_refuses_is_refused_here_in_the_same_way(
    client: Client, body: Any, status: int, wanted: str
) -> None:
    assert code(post(client, body)) == (status, wanted)


@pytest.mark.usefixtures("standin")
@pytest.mark.parametrize("label", ["", "ab", "é", "٣", 10, -1, True, ["a"]])
@pytest.mark.parametrize("strokes", [STROKES, []])
def test_what_is_no_label_is_refused(client: Client, label: Any, strokes: Any) -> None:
    answer = post(client, {"strokes": strokes, "label": label})
    assert code(answer) == (422, "field")
    assert answer.json()["error"]["field"].startswith("label")


@pytest.mark.usefixtures("standin")
def test_explanations_have_a_bucket_of_their_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanations, "_buckets", Buckets(rate=0.5, burst=1, clock=lambda: 1.0))
    assert post(client, {"strokes": STROKES}).status_code == 200
    answer = post(client, {"strokes": STROKES})
    assert code(answer) == (429, "rate")
    assert answer["Retry-After"] == "2"
    body = json.dumps({"strokes": STROKES})
    predicted = client.post("/api/v1/predict", body, content_type="application/json")
    assert predicted.status_code == 200


@pytest.mark.usefixtures("standin")
def test_too_many_at_once_are_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "_aside", Aside("none", most=0))
    assert code(post(client, {"strokes": STROKES})) == (503, "busy")


@pytest.mark.usefixtures("nothing_served")
def test_without_a_model_it_is_503(client: Client) -> None:
    assert code(post(client, {"strokes": STROKES})) == (503, "unavailable")


@pytest.mark.usefixtures("standin")
@pytest.mark.parametrize("strokes", [[], [[]], [[[5, 5]]]])
def test_nothing_speaks_for_nothing(client: Client, strokes: Any) -> None:
    answer = post(client, {"strokes": strokes}).json()
    assert (answer["label"], answer["abstain"], answer["decisive"]) == (None, True, None)
    assert not np.array(answer["heat"]).any()


@pytest.mark.usefixtures("standin")
def test_several_characters_are_explained_as_what_is_not_read(client: Client) -> None:
    beside = [[[x + 10_000, *rest] for x, *rest in stroke] for stroke in STROKES]
    assert post(client, {"strokes": STROKES}).json()["abstain"] is False
    assert post(client, {"strokes": [*STROKES, *beside]}).json()["abstain"] is True


@pytest.mark.usefixtures("standin")
def test_a_network_that_ink_does_not_sway_has_nothing_decisive(client: Client) -> None:
    answer = post(client, {"strokes": STROKES}).json()
    assert (answer["label"], answer["decisive"]) == ("3", None)


def test_it_says_which_ink_decided_and_what_it_would_be_without(
    client: Client, anchor: Predictor
) -> None:
    answer = post(client, {"strokes": STROKES, "charset": "letters"}).json()
    heat = np.array(answer["heat"])
    assert heat.shape == (28, 28)
    assert (answer["version"], answer["label"]) == (anchor.version, "v")
    assert answer["probability"] > 0.5
    decisive = answer["decisive"]
    assert decisive["loss"] > 0.69
    assert decisive["where"]
    rows, columns = (
        slice(decisive[name], decisive[name] + decisive["side"]) for name in ("top", "left")
    )
    assert heat[rows, columns].max() > 0
    for name, side in (("image", 28), ("picture", 224)):
        png = base64.b64decode(answer[name].removeprefix("data:image/png;base64,"))
        read = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
        assert read is not None
        assert read.shape[:2] == (side, side)


@pytest.mark.usefixtures("anchor")
def test_any_label_can_be_asked_about(client: Client) -> None:
    for label in ("1", 1, "L"):
        answer = post(client, {"strokes": STROKES, "charset": "letters", "label": label}).json()
        assert answer["label"] == str(label).lower()
        assert answer["probability"] < 0.5


@pytest.mark.usefixtures("anchor")
def test_a_picture_is_explained_too(client: Client) -> None:
    file = SimpleUploadedFile("x.png", picture(), "image/png")
    answer = client.post(EXPLAIN, {"file": file, "charset": "digits", "label": "1"}).json()
    assert (answer["label"], answer["charset"]) == ("1", "digits")
    assert np.array(answer["heat"]).max() > 0


def test_the_openapi_document_has_it(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    operation = document["paths"]["/api/v1/explain"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert set(operation["responses"]) == {"200", "400", "413", "415", "422", "429", "503"}
