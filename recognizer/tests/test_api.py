"""HTTP predictions: every bad input gets its own 4xx in one shape, every good one an answer."""

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from recognizer import api as api_module
from recognizer import payloads, publishing, registry, versions
from recognizer.aside import Aside
from recognizer.checkpoints import CARD, Card, read_card
from recognizer.models import ServingProcess
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.quotas import Buckets
from recognizer.tests.making_versions import files_of, folder_of, made

PREDICT = "/api/v1/predict"
STROKES = [[[0, 0], [10, 40], [20, 0]]]

pytestmark = pytest.mark.usefixtures("standin")


def picture(extension: str = ".png") -> bytes:
    page = np.full((120, 90), 255, np.uint8)
    cv2.line(page, (45, 20), (45, 100), 0, 8)
    return cv2.imencode(extension, page)[1].tobytes()


def data_url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def bomb(side: int) -> bytes:
    """A tiny PNG that declares side x side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def post(client: Client, body: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(PREDICT, text, content_type="application/json")


REFUSED = [
    (" ", 400, "json"),
    ("{", 400, "json"),
    ("[" * 100_000, 400, "json"),
    ('{"strokes":[[[NaN,0]]]}', 422, "field"),
    ("[]", 400, "json"),
    ("null", 400, "json"),
    ({}, 422, "field"),
    ({"strokes": None}, 422, "field"),
    ({"strokes": STROKES, "image": "x"}, 422, "field"),
    ({"strokes": STROKES, "charset": "greek"}, 422, "field"),
    ({"strokes": STROKES, "colour": "red"}, 422, "field"),
    ({"strokes": [[["1", 0]]]}, 422, "field"),
    ({"strokes": [[[1]]]}, 422, "field"),
    ({"strokes": [[[1e300, 0]]]}, 422, "field"),
    ({"strokes": [[[0, 0]]] * 501}, 422, "limit"),
    ({"strokes": [[[0, 0]] * 5001]}, 422, "limit"),
    ({"image": 7}, 422, "field"),
    ({"image": "@@@"}, 400, "base64"),
    ({"image": "file:///etc/passwd,AAAA"}, 400, "base64"),
    ({"image": ""}, 415, "unsupported"),
    ({"image": data_url(b"GIF89a" + b"\0" * 40, "gif")}, 415, "unsupported"),
    (
        {"image": data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml")},
        415,
        "unsupported",
    ),
    ({"image": data_url(picture()[:60])}, 400, "not_an_image"),
    ({"image": data_url(b"\x89PNG\r\n\x1a\n")}, 400, "not_an_image"),
    ({"image": data_url(b"RIFF\x10\0\0\0WEBPjunk")}, 400, "not_an_image"),
    ({"image": data_url(bomb(9_000))}, 413, "too_large"),
    ({"image": data_url(bomb(60_000))}, 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=range(len(REFUSED)))
def test_bad_input_gets_the_right_status_in_one_shape(
    client: Client, body: Any, status: int, code: str
) -> None:
    answer = post(client, body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "field"}
    assert answer.json()["error"]["code"] == code


def test_the_field_that_is_wrong_is_named(client: Client) -> None:
    assert post(client, {"strokes": [[[1, "x"]]]}).json()["error"]["field"] == "strokes.0.0.1"


def test_a_picture_over_the_byte_limit_is_413(client: Client, settings: Settings) -> None:
    settings.IMAGE_BYTES = 100
    answer = post(client, {"image": data_url(picture())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_body_over_the_limit_is_413(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert post(client, {"image": "A" * 2000}).status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "image/png", ""])
def test_another_content_type_is_415(client: Client, kind: str) -> None:
    answer = client.post(PREDICT, "x", content_type=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "content_type")


def test_a_malformed_form_is_400(client: Client) -> None:
    answer = client.post(PREDICT, b"junk", content_type="multipart/form-data")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "multipart")


@pytest.mark.parametrize("form", [{}, {"file": "text"}, {"picture": "x"}])
def test_a_form_without_a_file_is_422(client: Client, form: dict[str, str]) -> None:
    answer = client.post(PREDICT, form)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "file")


def test_a_wrong_method_is_405(client: Client) -> None:
    answer = client.get(PREDICT)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json()["error"] == {
        "code": "method", "message": "This address takes POST.", "field": None,
    }  # fmt: skip


@pytest.mark.parametrize(("body", "words"), [
    ({}, "send either strokes or image"),
    ({"strokes": STROKES, "image": "x"}, "send either strokes or image"),
])  # fmt: skip
def test_a_refusal_is_in_our_own_words(client: Client, body: Any, words: str) -> None:
    assert post(client, body).json()["error"]["message"] == words


def test_a_picture_is_refused_under_the_name_that_it_came_with(client: Client) -> None:
    nothing = SimpleUploadedFile("page.png", b"\x89PNG\r\n\x1a\n", "image/png")
    sent = client.post(PREDICT, {"file": nothing}).json()
    assert sent["error"]["field"] == "file"
    assert post(client, {"image": data_url(b"GIF89a")}).json()["error"]["field"] == "image"


def test_too_many_requests_are_429_with_retry_after(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "_buckets", Buckets(rate=0.5, burst=1, clock=lambda: 1.0))
    assert post(client, {"strokes": STROKES}).status_code == 200
    answer = post(client, {"strokes": STROKES})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate")
    assert answer["Retry-After"] == "2"


@pytest.mark.usefixtures("nothing_served")
def test_without_a_model_it_is_503_with_retry_after(client: Client) -> None:
    answer = post(client, {"strokes": STROKES})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "Retry-After" in answer


def test_a_full_queue_of_pictures_is_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "_images", Aside("none", most=0))
    answer = post(client, {"image": data_url(picture())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")


def test_strokes_are_predicted(client: Client) -> None:
    answer = post(client, {"strokes": STROKES, "charset": "digits"}).json()
    assert (answer["version"], answer["label"], answer["abstain"]) == (7, "3", False)
    assert answer["charset"] == "digits"
    assert sum(answer["probabilities"]) == pytest.approx(1)


def test_strokes_of_several_characters_are_not_read(client: Client) -> None:
    one = post(client, {"strokes": STROKES}).json()
    assert (one["label"], one["several"]) == ("3", False)
    beside = [[[x + 10_000, *rest] for x, *rest in stroke] for stroke in STROKES]
    both = post(client, {"strokes": [*STROKES, *beside]}).json()
    assert (both["label"], both["abstain"], both["several"]) == (None, True, True)


@pytest.mark.parametrize("strokes", [[], [[]], [[[5, 5]]]])
def test_nothing_drawn_is_answered_without_a_label(client: Client, strokes: Any) -> None:
    answer = post(client, {"strokes": strokes})
    assert answer.status_code == 200
    assert (answer.json()["label"], answer.json()["abstain"]) == (None, True)


@pytest.mark.parametrize(
    "body",
    [
        {"image": data_url(picture())},
        {"image": base64.b64encode(picture()).decode()},
        {"image": data_url(picture(".jpg"), "jpeg")},
        {"image": data_url(picture(".webp"), "webp")},
    ],
)
def test_a_picture_is_predicted_and_shown_as_the_network_saw_it(client: Client, body: Any) -> None:
    answer = post(client, body).json()
    assert answer["label"] == "3"
    png = base64.b64decode(answer["image"].removeprefix("data:image/png;base64,"))
    seen = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert seen is not None
    assert seen.shape == (28, 28)
    assert seen.max() == 255


def test_an_uploaded_file_is_predicted(client: Client) -> None:
    file = SimpleUploadedFile("x.png", picture(), "image/png")
    answer = client.post(PREDICT, {"file": file, "charset": "digits"})
    assert answer.status_code == 200
    assert (answer.json()["label"], answer.json()["charset"]) == ("3", "digits")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"charest": "digits"}, "charest"),
        ({"label": "7"}, "label"),
        ({"strokes": "[]"}, "strokes"),
        ({"file": [SimpleUploadedFile("x.png", picture()), "x"]}, "file"),
        ({"image": SimpleUploadedFile("y.png", b"y")}, "image"),
        ({"charset": SimpleUploadedFile("y.png", b"y")}, "charset"),
    ],
)
def test_a_form_s_unknown_field_is_refused_as_in_json(
    client: Client, more: dict[str, Any], field: str
) -> None:
    form = {"file": SimpleUploadedFile("x.png", picture()), **more}
    answer = client.post(PREDICT, form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "field")
    assert answer.json()["error"]["field"] == field
    assert answer.json()["error"]["message"] == "beside its file a form may have: charset"


def test_a_form_has_one_file(client: Client) -> None:
    files = [SimpleUploadedFile(f"{n}.png", picture(), "image/png") for n in range(2)]
    error = client.post(PREDICT, {"file": files}).json()["error"]
    assert (error["message"], error["field"]) == ("the form has more than one file", "file")


def test_no_cors_header_is_sent(client: Client) -> None:
    answer = client.post(
        PREDICT, "{}", content_type="application/json", headers={"Origin": "http://evil.example"}
    )
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.django_db
def test_the_version_that_answers_is_listed(client: Client) -> None:
    answer = client.get("/api/v1/versions").json()
    assert answer["serving"] == 7
    assert [v["number"] for v in answer["versions"] if v["serving"]] == [7]
    assert answer["champion"] == 1
    assert [v["number"] for v in answer["versions"] if v["champion"]] == [1]


@pytest.mark.django_db
def test_versions_are_listed_with_how_far_they_are_live(client: Client, state: Path) -> None:
    made()
    publishing.publish(files_of(9), 9)  # a folder that nobody has registered
    registry.promote(2, reason="x", expected=1)
    ServingProcess.objects.create(process="a", version=2, seen_at=timezone.now())
    ServingProcess.objects.create(process="b", version=1, seen_at=timezone.now())
    answer = client.get("/api/v1/versions").json()
    live = {v["number"]: (v["champion"], v["live"]) for v in answer["versions"]}
    assert live == {7: (False, None), 2: (True, [1, 2]), 1: (False, [1, 2])}


@pytest.mark.django_db
def test_a_card_is_read_once_until_it_changes(
    client: Client, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    card = folder_of(made()) / CARD
    read: list[Path] = []

    def count(folder: Path) -> Card:
        read.append(folder)
        return read_card(folder)

    monkeypatch.setattr(versions, "read_card", count)
    versions._card.cache_clear()
    for _ in range(3):
        client.get("/api/v1/versions")
    assert read == [card.parent, PACKAGED_ANCHOR]
    assert not any(one.data for one in versions.cards().values())
    card.write_bytes(card.read_bytes() + b" ")
    client.get("/api/v1/versions")
    assert read == [card.parent, PACKAGED_ANCHOR, card.parent]


@pytest.mark.django_db
def test_who_asks_for_versions_loads_no_manifest(
    client: Client, state: Path, admin_client: Client
) -> None:
    made()
    with CaptureQueriesContext(connection) as captured:
        client.get("/api/v1/versions")
        page = admin_client.get("/admin/recognizer/modelversion/")
    assert page.status_code == 200
    assert not any('"manifest"' in query["sql"] for query in captured)


@pytest.mark.django_db
def test_versions_are_listed_without_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    def refuse() -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(registry, "champion", refuse)
    answer = client.get("/api/v1/versions").json()
    assert (answer["serving"], answer["champion"]) == (7, None)
    assert [v["number"] for v in answer["versions"]] == [7, 1]


def test_the_openapi_document_names_every_route_and_both_bodies(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert set(document["paths"]) >= {"/api/v1/predict", "/api/v1/versions"}
    body = document["paths"]["/api/v1/predict"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}


def test_a_path_that_does_not_fit_is_refused_in_the_same_shape(client: Client) -> None:
    answer = client.get("/api/v1/corrections/7")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "field")


def test_the_page_that_shows_the_document_asks_nobody_else(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert "swagger" in page
    assert "http://" not in page
    assert "https://" not in page
