"""Corrections over HTTP: stored once and told so, refused in one shape, followed and deleted."""

import base64
import json
import uuid
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from feedback import decisions, lessons, processes
from feedback.models import Correction, Device, ReviewEvent, Verdict
from feedback.tests.making import SEVEN, moderator, scrawl, user_with
from recognizer import pausing, serving
from recognizer.pausing import Pause

CORRECTIONS = "/api/v1/corrections"

pytestmark = pytest.mark.django_db


def picture() -> bytes:
    page = np.full((120, 90), 255, np.uint8)
    cv2.line(page, (45, 20), (45, 100), 0, 8)
    return cv2.imencode(".png", page)[1].tobytes()


def data_url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def post(client: Client, body: Any = None, **headers: str) -> Any:
    body = {"strokes": SEVEN, "label": "7"} if body is None else body
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(CORRECTIONS, text, content_type="application/json", headers=headers)


def test_strokes_and_a_label_are_stored(client: Client) -> None:
    answer = post(client)
    assert answer.status_code == 201
    told = answer.json()
    row = Correction.objects.get()
    assert told == {
        "id": str(row.pk),
        "status": "pending",
        "version": None,
        "serving": None,
        "label": "7",
        "said": "7",
        "paused": False,
        "predicted": "3",
        "created": told["created"],
        "decided": None,
    }
    assert row.strokes == SEVEN
    assert (row.verdict, row.device, row.version) == (Verdict.CORRECTED, Device.API, 7)


def test_a_picture_is_stored_as_its_28_by_28(client: Client) -> None:
    assert post(client, {"image": data_url(picture()), "label": "1"}).status_code == 201
    row = Correction.objects.get()
    assert (row.strokes, row.device) == (None, Device.UPLOAD)
    assert row.raster.any()


def test_a_file_is_stored(client: Client) -> None:
    form = {"file": SimpleUploadedFile("x.png", picture()), "label": "1", "charset": "digits"}
    answer = client.post(CORRECTIONS, form)
    assert answer.status_code == 201
    assert Correction.objects.get().charset == "digits"


def test_a_right_prediction_is_confirmed(client: Client) -> None:
    assert post(client, {"strokes": SEVEN, "correct": True}).json()["label"] == "3"
    form = {"file": SimpleUploadedFile("x.png", picture()), "correct": "true"}
    assert client.post(CORRECTIONS, form).json()["label"] == "3"
    verdicts = set(Correction.objects.values_list("verdict", flat=True))
    assert verdicts == {Verdict.CONFIRMED}


def test_the_predicted_label_given_as_the_label_is_a_confirmation(client: Client) -> None:
    post(client, {"strokes": SEVEN, "label": "3"})
    assert Correction.objects.get().verdict == Verdict.CONFIRMED


@pytest.mark.parametrize("label", ["0", 0, 9, "Z"])
def test_a_label_may_be_zero_a_number_or_upper_case(client: Client, label: Any) -> None:
    assert post(client, {"strokes": SEVEN, "label": label}).status_code == 201
    assert Correction.objects.get().label == str(label).lower()


@pytest.mark.parametrize(
    "label",
    ["99", "abc", "../x", "10", 10, "3.7", 3.7, True, " 4 ", "", "٤", "\uff14", "é", [], {}, -1],
)
def test_what_is_no_label_is_refused(client: Client, label: Any) -> None:
    answer = post(client, {"strokes": SEVEN, "label": label})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "field"
    assert not Correction.objects.exists()


@pytest.mark.parametrize("label", ["10", 10, -1, 3.7, True, "", "aa", "ä", ["7"]])
def test_who_sends_no_label_is_told_what_a_label_is(client: Client, label: Any) -> None:
    error = post(client, {"strokes": SEVEN, "label": label}).json()["error"]
    says = "a label is one of 0-9 or a-z: the character itself, not its number"
    assert (error["message"], error["field"]) == (says, "label")


@pytest.mark.parametrize("label", ["99", "../x", "10", " 4 ", "3.7", "true"])
def test_a_form_s_label_is_no_less_a_label(client: Client, label: str) -> None:
    form = {"file": SimpleUploadedFile("x.png", picture()), "label": label}
    answer = client.post(CORRECTIONS, form)
    assert answer.status_code == 422
    assert not Correction.objects.exists()


@pytest.mark.parametrize("more", [{"lable": "1"}, {"strokes": "[]"}, {"status": "approved"}])
def test_a_form_s_unknown_field_is_refused(client: Client, more: dict[str, str]) -> None:
    form = {"file": SimpleUploadedFile("x.png", picture()), "label": "1", **more}
    answer = client.post(CORRECTIONS, form)
    assert (answer.status_code, [answer.json()["error"]["field"]]) == (422, list(more))
    assert not Correction.objects.exists()


REFUSED = [
    ("{", 400, "json"),
    ([], 400, "json"),
    ({}, 422, "field"),
    ({"label": "7"}, 422, "field"),
    ({"strokes": SEVEN}, 422, "field"),
    ({"strokes": SEVEN, "label": "7", "correct": True}, 422, "field"),
    ({"strokes": SEVEN, "correct": False}, 422, "field"),
    ({"strokes": SEVEN, "image": "x", "label": "7"}, 422, "field"),
    ({"strokes": SEVEN, "label": "7", "status": "approved"}, 422, "field"),
    ({"strokes": SEVEN, "label": "7", "id": "7"}, 422, "field"),
    ({"strokes": SEVEN, "label": "7", "device": "brain"}, 422, "field"),
    ({"strokes": SEVEN, "label": "7", "charset": "greek"}, 422, "field"),
    ({"strokes": [], "label": "7"}, 422, "empty"),
    ({"strokes": [[]], "label": "7"}, 422, "empty"),
    ({"strokes": [[[5, 5]], [[5, 5]]], "label": "7"}, 422, "empty"),
    ({"strokes": [[[0, 0]]] * 501, "label": "7"}, 422, "limit"),
    ({"image": "@@", "label": "7"}, 400, "base64"),
    ({"image": data_url(b"GIF89a"), "label": "7"}, 415, "unsupported"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=range(len(REFUSED)))
def test_bad_input_gets_its_own_refusal(client: Client, body: Any, status: int, code: str) -> None:
    answer = post(client, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not Correction.objects.exists()


def test_another_content_type_is_refused(client: Client) -> None:
    answer = client.post(CORRECTIONS, "label=7", content_type="text/plain")
    assert answer.status_code == 415


def test_an_abstention_cannot_be_confirmed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from feedback.tests.standin import predictor

    monkeypatch.setattr(serving, "_predictor", predictor(logits={}))
    answer = post(client, {"strokes": SEVEN, "correct": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "empty")


def test_without_a_model_it_is_unavailable(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_predictor", None)
    answer = post(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_the_same_id_twice_is_one_correction(client: Client) -> None:
    body: dict[str, Any] = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    first, second = post(client, body), post(client, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Correction.objects.get().pk == uuid.UUID(body["id"])


@pytest.mark.parametrize("other", [{"label": "1"}, {"strokes": scrawl(1)}], ids=str)
def test_an_id_is_for_one_drawing_and_one_label(client: Client, other: dict[str, Any]) -> None:
    body = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    post(client, body)
    answer = post(client, {**body, **other})
    assert answer.status_code == 409
    assert (answer.json()["error"]["code"], answer.json()["error"]["field"]) == ("conflict", "id")
    assert Correction.objects.get().label == "7"


def test_a_picture_and_a_confirmation_may_be_sent_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedback.tests.standin import predictor

    body = {"image": data_url(picture()), "correct": True, "id": str(uuid.uuid4())}
    assert post(client, body).json()["label"] == "3"
    monkeypatch.setattr(serving, "_predictor", predictor(logits={"1": 9.0}))
    again = post(client, body)
    assert (again.status_code, again.json()["label"]) == (200, "3")


def test_an_id_of_somebody_else_is_refused(client: Client) -> None:
    body = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    post(client, body)
    stranger = Client()
    post(stranger, {"strokes": scrawl(1), "label": "1"})
    answer = post(stranger, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id")


def test_who_lost_the_first_answer_may_send_again(client: Client) -> None:
    body: dict[str, Any] = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    first = post(client, body).json()
    newcomer = Client()
    again = post(newcomer, body)
    assert (again.status_code, again.json()) == (200, first)
    assert Correction.objects.count() == 1
    assert not newcomer.cookies
    assert newcomer.delete(f"{CORRECTIONS}/{body['id']}").status_code == 403
    assert newcomer.get(CORRECTIONS).json() == []


@pytest.mark.parametrize("other", [{"label": "1"}, {"strokes": scrawl(1)}], ids=str)
def test_nobody_else_may_say_something_else(client: Client, other: dict[str, Any]) -> None:
    body = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    post(client, body)
    answer = post(Client(), {**body, **other})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id")
    assert Correction.objects.get().label == "7"


def test_what_a_user_sent_is_not_sent_again_by_a_newcomer(client: Client) -> None:
    client.force_login(user_with("ada"))
    body = {"strokes": SEVEN, "label": "7", "id": str(uuid.uuid4())}
    assert post(client, body).status_code == 201
    assert post(Client(), body).status_code == 409


def test_too_many_are_asked_to_come_back(client: Client, settings: Settings) -> None:
    settings.CORRECTIONS_PER_HOUR = 1
    post(client)
    answer = post(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate")
    assert int(answer.headers["Retry-After"]) > 3000


def test_a_full_disk_is_507_and_nothing_is_lost(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = post(client).json()["id"]

    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as full:
        full.setattr(Correction, "save", fail)
        answer = post(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "unwritable")
    assert "database" not in answer.content.decode()
    assert client.get(f"{CORRECTIONS}/{kept}").status_code == 200
    assert post(client).status_code == 201


def test_a_receipt_is_for_whoever_knows_the_id(client: Client) -> None:
    told = post(client).json()
    assert Client().get(f"{CORRECTIONS}/{told['id']}").json() == told


def test_a_receipt_tells_in_which_version_it_is_live_and_how_far_that_has_come(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "served", lambda: [13, 13, 12])
    told = post(client).json()["id"]
    decisions.decide([uuid.UUID(told)], "approve", moderator())
    lessons.teach(13, [(uuid.UUID(told), "7")])
    lessons.follow(13)
    single, (listed,) = client.get(f"{CORRECTIONS}/{told}").json(), client.get(CORRECTIONS).json()
    for receipt in (single, listed):
        assert (receipt["status"], receipt["version"], receipt["serving"]) == ("live", 13, [2, 3])


def test_a_receipt_tells_that_learning_is_paused_while_it_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = post(client).json()["id"]
    monkeypatch.setattr(pausing, "_ask", lambda _: Pause("mo rolled back", ""))
    assert not client.get(f"{CORRECTIONS}/{told}").json()["paused"]  # it waits for a review
    decisions.decide([uuid.UUID(told)], "approve", moderator())
    single, (listed,) = client.get(f"{CORRECTIONS}/{told}"), client.get(CORRECTIONS).json()
    assert (single.json()["paused"], listed["paused"]) == (True, True)
    assert "rolled back" not in single.content.decode()


@pytest.mark.parametrize(
    ("name", "status", "code"), [(uuid.uuid4(), 404, "not_found"), ("7", 422, "field")]
)
def test_an_unknown_receipt_is_told_in_the_one_shape(
    client: Client, name: object, status: int, code: str
) -> None:
    answer = client.get(f"{CORRECTIONS}/{name}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_i_see_my_own_the_newest_first_with_their_pictures(client: Client) -> None:
    ids = [post(client, {"strokes": scrawl(k), "label": "7"}).json()["id"] for k in range(3)]
    post(Client())
    mine = client.get(CORRECTIONS).json()
    assert [item["id"] for item in mine] == ids[::-1]
    kind, _, content = mine[0]["image"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    assert len(client.get(CORRECTIONS, {"limit": 2}).json()) == 2
    assert client.get(CORRECTIONS, {"limit": 0}).status_code == 422
    assert Client().get(CORRECTIONS).json() == []


@pytest.mark.parametrize("ending", ["", ".csv", ".jsonl", ".npz"])
def test_a_parameter_that_is_not_known_is_refused(client: Client, ending: str) -> None:
    client.force_login(user_with("ex", "export_correction"))
    post(client)
    assert client.get(CORRECTIONS + ending).status_code == 200
    answer = client.get(CORRECTIONS + ending, {"stauts": "approved"})
    assert answer.status_code == 422
    assert (answer.json()["error"]["code"], answer.json()["error"]["field"]) == ("field", "stauts")


def test_a_status_that_there_is_not_is_refused_by_its_name(client: Client) -> None:
    answer = client.get(CORRECTIONS + ".csv", {"status": ["approved", "zzz"]})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "status"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"label": 10}, "label"),
        ({"label": 3.7}, "label"),
        ({"strokes": [[[0, 0], [1, "x"]]]}, "strokes.0.1.1"),
        ({"colour": "red"}, "colour"),
        ({"correct": True}, None),
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_named(
    client: Client, wrong: dict[str, Any], field: str | None
) -> None:
    answer = post(client, {"strokes": SEVEN, "label": "7", **wrong})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_its_owner_deletes_a_correction_and_nobody_else(client: Client) -> None:
    told = post(client).json()
    address = f"{CORRECTIONS}/{told['id']}"
    answer = Client().delete(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "owner")
    stranger = Client()
    post(stranger, {"strokes": scrawl(1), "label": "1"})
    assert stranger.delete(address).status_code == 403
    assert client.delete(address).json() == {"deleted": 1}
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    assert str(told["id"]) not in {
        str(pk) for pk in Correction.objects.values_list("pk", flat=True)
    }


def test_everything_of_mine_is_deleted_at_once(client: Client) -> None:
    for k in range(3):
        post(client, {"strokes": scrawl(k), "label": "7"})
    post(Client())
    assert client.delete(CORRECTIONS).json() == {"deleted": 3}
    assert Correction.objects.count() == 1
    assert client.delete(CORRECTIONS).json() == {"deleted": 0}


def test_a_person_is_remembered_by_a_cookie_from_the_first_correction_on(client: Client) -> None:
    assert "person" in post(client).cookies
    assert "person" not in post(client).cookies


def test_nothing_is_stored_for_mere_predictions(client: Client) -> None:
    body = json.dumps({"strokes": SEVEN})
    for _ in range(3):
        assert client.post("/api/v1/predict", body, content_type="application/json")
    assert not Correction.objects.exists()
    assert not ReviewEvent.objects.exists()


ELSEWHERE = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "https://127.0.0.1:8000"},
    {"origin": "http://127.0.0.1:8000.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_other_sites_pages_change_nothing(client: Client, headers: dict[str, str]) -> None:
    told = post(client).json()
    assert post(client, **headers).status_code == 403
    for address in (CORRECTIONS, f"{CORRECTIONS}/{told['id']}"):
        answer = client.delete(address, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {},
    ],
    ids=str,
)
def test_our_pages_and_programs_may(client: Client, headers: dict[str, str]) -> None:
    assert post(client, **headers).status_code == 201


def test_an_allowed_origin_may(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://lab.example"]
    assert post(client, origin="https://lab.example").status_code == 201
