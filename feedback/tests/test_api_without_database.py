"""Whatever is asked by HTTP while the database does not answer: 503 and a sentence, never a 500."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from feedback import people, receipts
from feedback.models import CorrectionQuerySet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "corrections"),
        ("get", "corrections/9b2f8f3e-93a4-4c5e-8d5e-3f0b8f6f8a11"),
        ("post", "corrections"),
    ],
)
def test_it_is_answered_with_503(method: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> Any:
        raise OperationalError("server closed the connection unexpectedly at 10.0.0.7")

    monkeypatch.setattr(people, "of_request", gone)
    monkeypatch.setattr(CorrectionQuerySet, "filter", gone)
    monkeypatch.setattr(receipts, "receipts_of", gone)
    client = Client(headers={"sec-fetch-site": "same-origin"}, raise_request_exception=False)
    body = {"strokes": [[[0, 0], [40, 60]]], "label": "7"}
    extra = {"data": body, "content_type": "application/json"} if method == "post" else {}
    answer = getattr(client, method)(f"/api/v1/{path}", **extra)
    assert answer.status_code == 503, answer.content
    assert answer.json()["error"]["code"] == "unavailable"
    assert "10.0.0.7" not in answer.content.decode()
    assert answer["Retry-After"]
