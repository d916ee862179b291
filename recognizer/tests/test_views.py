"""The page and its icon."""

import gzip

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("standin")


def test_the_page_has_a_row_for_every_digit_and_letter(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    for symbol in "059azq":
        assert f">{symbol}<" in page.content.decode()


def test_the_page_sets_no_cookie_but_the_key_of_who_corrects(client: Client) -> None:
    assert set(client.get("/").cookies) == {"person"}
    assert not client.get("/").cookies


def test_browsers_that_ask_for_the_old_icon_get_ours(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/img/icon.svg"


def test_the_page_is_sent_compressed_to_who_can_read_that(client: Client) -> None:
    plain = client.get("/")
    sent = client.get("/", headers={"accept-encoding": "gzip"})
    assert not plain.has_header("Content-Encoding")
    assert sent["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in sent["Vary"]
    assert len(sent.content) < len(plain.content) / 3
    assert b"<canvas" in gzip.decompress(sent.content)
