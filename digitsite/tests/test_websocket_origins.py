"""Which pages may open a websocket: raw handshakes against a running server."""

import pytest

from digitsite.origins import Origin, OriginError, local_origins
from digitsite.tests.processes import Socket, Web


def handshake(server: Web, **headers: str | None) -> int:
    filled = {
        name: None if value is None else value.format(port=server.port)
        for name, value in headers.items()
    }
    status, socket = Socket.open(server, headers=filled)
    socket.close()
    return status


def test_our_own_page_is_let_in(server: Web) -> None:
    assert handshake(server) == 101
    assert handshake(server, Origin="http://localhost:{port}") == 101


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        None,
        "http://127.0.0.1.evil.example:{port}",
        "http://127.0.0.1:9",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/page",
    ],
    ids=["foreign", "null", "missing", "suffix", "port", "scheme", "path"],
)
def test_every_other_page_is_refused(server: Web, origin: str | None) -> None:
    assert handshake(server, Origin=origin) == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.nip.example"])
def test_an_unknown_host_is_refused(server: Web, host: str) -> None:
    assert handshake(server, Host=host) == 403


def test_two_origins_are_none(server: Web) -> None:
    twice = f"{server.origin}\r\nOrigin: http://evil.example"
    assert handshake(server, Origin=twice) in (400, 403)


def test_an_unknown_path_is_refused_without_an_error(server: Web) -> None:
    status, socket = Socket.open(server, path="/ws/other/")
    socket.close()
    assert status == 403


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("http://Example.ORG", "http://example.org"),
        ("http://example.org:80/", "http://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text: str, written: str) -> None:
    assert str(Origin.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "example.org",
        "ftp://a.b",
        "http://*.b",
        "http://a.b/c",
        "http://a:0",
        "http://a:99999",
        "http://u@a.b",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(OriginError, match="not an origin"):
        Origin.parse(text)


def test_a_loopback_server_has_the_loopback_names_only() -> None:
    names = {origin.host for origin in local_origins("127.0.0.1", 8000)}
    assert names == {"127.0.0.1", "localhost", "[::1]"}


def test_an_open_server_has_the_machine_s_own_names() -> None:
    origins = {str(origin) for origin in local_origins("0.0.0.0", 8000)}
    assert "http://localhost:8000" in origins
    assert len(origins) > 3
