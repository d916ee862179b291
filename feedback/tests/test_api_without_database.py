"""Whatever is asked by HTTP while the database does not answer: 503 and a sentence, never a 500."""

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from feedback import people, receipts
from feedback.models import CorrectionQuerySet
from feedback.tests.making import user_with
from recognizer.api import api

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "corrections"),
        ("get", "corrections/9b2f8f3e-93a4-4c5e-8d5e-3f0b8f6f8a11"),
        ("post", "corrections"),
        ("get", "corrections.csv"),
        ("get", "corrections.jsonl"),
        ("get", "corrections.npz"),
    ],
)
def test_it_is_answered_with_503(method: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(headers={"sec-fetch-site": "same-origin"}, raise_request_exception=False)
    client.force_login(user_with("ex", "export_correction"))

    def gone(*_: object, **__: object) -> Any:
        raise OperationalError("server closed the connection unexpectedly at 10.0.0.7")

    monkeypatch.setattr(people, "of_request", gone)
    monkeypatch.setattr(CorrectionQuerySet, "filter", gone)
    monkeypatch.setattr(CorrectionQuerySet, "exists", gone)
    monkeypatch.setattr(receipts, "receipts_of", gone)
    body = {"strokes": [[[0, 0], [40, 60]]], "label": "7"}
    extra = {"data": body, "content_type": "application/json"} if method == "post" else {}
    answer = getattr(client, method)(f"/api/v1/{path}", **extra)
    assert answer.status_code == 503, answer.content
    assert answer.json()["error"]["code"] == "unavailable"
    assert "10.0.0.7" not in answer.content.decode()
    assert answer["Retry-After"]
    documented = api.get_openapi_schema()["paths"]
    named = re.sub("/[0-9a-f-]{36}$", "/{id}", f"/api/v1/{path}")
    assert 503 in documented[named][method]["responses"]
