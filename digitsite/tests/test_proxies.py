"""Whose word about a client's address and scheme counts."""

from ipaddress import ip_network
from typing import Any

import pytest

from digitsite.proxies import TrustedProxies

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("::1")]


async def seen(client: str, kind: str = "http", **headers: str) -> tuple[str, str | None]:
    """Return the client and the scheme that the application behind the middleware sees."""
    found: dict[str, Any] = {}

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": kind,
        "client": [client, 4711],
        "scheme": "http",
        "headers": [(name.replace(b"_", b"-"), value) for name, value in pairs],
    }
    await TrustedProxies(application, TRUSTED)(scope, nothing, nothing)
    return found["client"][0], found["scheme"]


async def test_a_stranger_is_not_believed() -> None:
    headers = {"x_forwarded_for": "1.2.3.4", "x_forwarded_proto": "https"}
    assert await seen("203.0.113.9", **headers) == ("203.0.113.9", "http")


async def test_a_trusted_proxy_is() -> None:
    headers = {"x_forwarded_for": "203.0.113.9", "x_forwarded_proto": "https"}
    assert await seen("10.0.0.2", **headers) == ("203.0.113.9", "https")
    assert await seen("::1", "websocket", **headers) == ("203.0.113.9", "wss")


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("nonsense", "10.0.0.2"),
        ("1.2.3.4, nonsense", "10.0.0.2"),
        ("", "10.0.0.2"),
    ],
)
async def test_only_what_our_proxies_added_counts(forwarded: str, client: str) -> None:
    assert (await seen("10.0.0.2", x_forwarded_for=forwarded))[0] == client
