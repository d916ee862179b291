"""The site as it runs in public: TLS ends at a proxy, and nothing goes out without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digitsite import probe
from digitsite.tests import processes
from digitsite.tests.processes import Socket, Web

NAME = "digits.example.org"
FORWARDED = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def public(server: Web, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a server that trusts a proxy on this machine."""
    log = tmp_path_factory.mktemp("public") / "log"
    settings = {"ORIGINS": f"https://{NAME}", "TRUSTED_PROXIES": "127.0.0.1", "MODEL": model}
    with processes.web(server.state, log, **settings) as running:
        yield running


def test_with_tls_everything_is_marked_for_it(public: Web) -> None:
    status, headers, _ = public.get("/admin/login/", **FORWARDED)
    assert status == 200
    assert "Secure" in headers["set-cookie"]
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert f"wss://{NAME}" in headers["content-security-policy"]


def test_without_tls_there_is_only_the_way_to_it(public: Web) -> None:
    status, headers, _ = public.get("/", Host=NAME)
    assert (status, headers["location"]) == (301, f"https://{NAME}/")


def test_the_probe_needs_no_tls(public: Web) -> None:
    assert probe.is_ready("127.0.0.1", public.port)


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "localhost", "[::1]:8000", "web-1"])
def test_machines_may_ask_a_process_by_its_address(public: Web, host: str) -> None:
    for path in ("/health/live", "/health/ready", "/health/ready?verbose"):
        status, headers, _ = public.get(path, Host=host)
        assert (status, headers["content-type"]) == (200, "application/json")
    assert public.get("/metrics", Host=host)[0] == (403 if host == "web-1" else 200)
    for path in ("/", "/health/ready/", "/metrics/", "/api/v1/versions", "/admin/"):
        assert public.get(path, Host=host)[0] == 400


def test_only_the_public_page_may_open_a_socket(public: Web) -> None:
    for origin, expected in (
        (f"https://{NAME}", 101),
        (f"http://{NAME}", 403),
        (public.origin, 403),
    ):
        status, socket = Socket.open(public, headers={**FORWARDED, "Origin": origin})
        socket.close()
        assert status == expected
