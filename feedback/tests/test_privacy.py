"""Nothing private reaches a log: no strokes, no keys, no addresses, whatever goes wrong."""

import json
import logging
import uuid
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client, TestCase

from feedback.tests.sockets import connected, key

ADDRESS = "192.0.2.77"
COORDINATE = 123.4567890625
STROKES = [[[COORDINATE, 0.0], [40.0, 0.0], [15.0, 60.0]]]


class Canaries(TestCase):
    @pytest.fixture(autouse=True)
    def _capture(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self.caplog = caplog

    def assert_silent(self, *secrets: str) -> None:
        assert self.caplog.records
        told = self.caplog.text + repr([vars(record) for record in self.caplog.records])
        for secret in (ADDRESS, str(COORDINATE), *secrets):
            assert secret not in told

    def test_http_logs_nothing_private(self) -> None:
        client = Client(REMOTE_ADDR=ADDRESS)

        def post(**fields: Any) -> Any:
            body = json.dumps({"strokes": STROKES, "label": "7"} | fields)
            return client.post("/api/v1/corrections", body, content_type="application/json")

        assert post().status_code == 201
        assert post(label="99").status_code == 422
        assert post(id=str(uuid.uuid4()), odd=1).status_code == 422
        with patch("feedback.models.Correction.save", side_effect=OperationalError("full")):
            assert post().status_code == 507
        client.delete("/api/v1/corrections", headers={"origin": "http://evil.example"})
        client.delete("/api/v1/corrections")
        cookie = client.cookies["person"].value
        self.assert_silent(cookie, cookie.partition(":")[0])

    async def test_the_socket_logs_nothing_private(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            await client.draw(STROKES)
            await client.send("verdict", label="7")
            await client.until("receipt")
            with patch("feedback.scoring.score", side_effect=RuntimeError("a fault of ours")):
                await client.send("verdict", label="7")
                await client.until("error")
            with patch("feedback.models.Correction.save", side_effect=OperationalError("full")):
                await client.send("verdict", label="7")
                await client.until("error")
            await client.send("forget")
            await client.until("prediction", covers=client.n)
        self.assert_silent(cookie, cookie.partition(":")[0])
