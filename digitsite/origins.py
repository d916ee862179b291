"""Who may talk to this site from a browser: an exact list of full origins.

A browser sends cookies and opens websockets across origins without asking, so the handshake is
where a foreign page has to be turned away. Scheme, host and port must all match; a missing
Origin, `null` and an unknown Host are refused too. This module knows nothing about HTTP views.
"""

import re
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, Self

import psutil

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

USUAL_PORT = {"http": 80, "https": 443}
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
EVERY_INTERFACE = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - compared with, never bound to

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)


class OriginError(ValueError):
    """A text that is not an origin."""


@dataclass(frozen=True, order=True)
class Origin:
    """Scheme, host and port of a page. Written as browsers write it: no port where it is usual."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `https://digits.example.org` or `http://127.0.0.1:8000`."""
        match = _ORIGIN.fullmatch(text.lower())
        port = int(match["port"] or USUAL_PORT[match["scheme"]]) if match else 0
        if match is None or not 0 < port < 65536:
            raise OriginError(
                f"{text!r} is not an origin: write scheme, host and port, "
                "for example https://digits.example.org or http://127.0.0.1:8000."
            )
        return cls(match["scheme"], match["host"], port)

    def __str__(self) -> str:
        usual = self.port == USUAL_PORT[self.scheme]
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")


def local_origins(host: str, port: int) -> list[Origin]:
    """The origins under which a browser can reach a plain HTTP server bound to `host`."""
    names = [_in_url(host)]
    if host in LOOPBACK_NAMES or host == "::1":
        names = list(LOOPBACK_NAMES)
    elif host in EVERY_INTERFACE:
        names = [*LOOPBACK_NAMES, *_machine_names()]
    return [Origin("http", name.lower(), port) for name in dict.fromkeys(names)]


def _machine_names() -> Iterable[str]:
    """The machine's own names and addresses, without asking a name server."""
    yield socket.gethostname()
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6) and "%" not in address.address:
                yield _in_url(address.address)


def _in_url(host: str) -> str:
    try:
        return f"[{host}]" if isinstance(ip_address(host), IPv6Address) else host
    except ValueError:
        return host


class OriginCheck:
    """ASGI middleware in front of the websocket routes: handshakes from elsewhere get a 403."""

    def __init__(self, application: Application, allowed: Sequence[str]):
        self._application = application
        self._origins = frozenset(allowed)
        self._hosts = frozenset(_without_port(origin.partition("://")[2]) for origin in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the handshake on, or refuse it."""
        passes = self.allows(scope["headers"])
        await (self._application if passes else refuse)(scope, receive, send)

    def allows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether exactly one known Origin and one known Host are given."""
        given: dict[bytes, list[str]] = {b"origin": [], b"host": []}
        for name, value in headers:
            if name in given:
                given[name].append(value.decode("latin1").lower())
        if len(given[b"origin"]) != 1 or len(given[b"host"]) != 1:
            return False
        return given[b"origin"][0] in self._origins and (
            _without_port(given[b"host"][0]) in self._hosts
        )


def _without_port(host: str) -> str:
    return re.sub(r":[0-9]{0,5}$", "", host)


async def refuse(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a websocket handshake with 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})
