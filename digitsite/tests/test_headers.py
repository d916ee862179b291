"""What every answer carries: a strict policy, and cookies that scripts cannot read."""

import re

import pytest
from django.test import Client, override_settings

from digitsite.tests.processes import Web

PATHS = ["/", "/admin/login/", "/api/v1/versions", "/api/v1/docs", "/health/live", "/nothing"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_the_policy_is_strict_everywhere(path: str, client: Client) -> None:
    response = client.get(path, headers={"host": "127.0.0.1:8000"})
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://127.0.0.1:8000"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS[:4])
def test_no_page_has_inline_script_or_style(path: str, client: Client) -> None:
    html = client.get(path, headers={"host": "localhost"}).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", html)
    for tag in re.findall(r"<script[^>]*>", html):
        assert "src=" in tag or 'type="application/json"' in tag or 'id="' in tag, tag
    assert not re.search(r"(src|href)=\"(https?:)?//", html)


@pytest.mark.django_db
def test_over_tls_the_socket_is_wss(client: Client) -> None:
    response = client.get("/health/live", secure=True, headers={"host": "localhost"})
    assert "connect-src 'self' wss://localhost" in response["Content-Security-Policy"]


@pytest.mark.django_db
@override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True)
def test_cookies_are_closed(client: Client) -> None:
    cookie = client.get("/admin/login/", headers={"host": "localhost"}).cookies["csrftoken"]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"


def test_files_have_hashed_names_also_inside_modules(server: Web) -> None:
    page = server.get("/")[2].decode()
    modules = re.findall(r'<script[^>]+src="(/static/js/[^"]+)"', page)
    assert modules
    for path in modules:
        assert re.search(r"\.[0-9a-f]{8}\.js$", path)
        status, headers, script = server.get(path)
        assert status == 200
        assert "immutable" in headers["cache-control"]
        assert headers["content-type"].startswith("text/javascript")
        for name in re.findall(rb'(?:^import .* from |import\()"\./([^"]+)"', script, re.MULTILINE):
            assert re.search(rb"\.[0-9a-f]{8}\.js$", name), name
            assert server.get(f"/static/js/{name.decode()}")[0] == 200


def test_files_come_compressed_and_can_be_revalidated(server: Web) -> None:
    path = "/static/admin/css/base.css"
    status, headers, _ = server.get(path, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert server.get(path, If_Modified_Since=headers["last-modified"])[0] == 304
    assert server.get("/static/../settings.py")[0] == 404
