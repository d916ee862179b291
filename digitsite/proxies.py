"""Whom a request really comes from, when it came through a reverse proxy.

X-Forwarded-For and X-Forwarded-Proto are what any client can write. They count only when the
connection comes from an address that the settings trust, and only the part that such an address
added. Everything behind this module reads `scope["client"]` and `scope["scheme"]`.
"""

from collections.abc import Sequence
from ipaddress import ip_address

from digitsite.environment import Network
from digitsite.origins import Application, Receive, Scope, Send

SECURE = {"http": "https", "websocket": "wss"}


class TrustedProxies:
    """ASGI middleware around the whole site."""

    def __init__(self, application: Application, networks: Sequence[Network]):
        self._application = application
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replace what a trusted proxy knows better; leave the rest as the socket has it."""
        client = scope.get("client")
        if scope["type"] in SECURE and client and self._trusts(client[0]):
            scope = self._as_forwarded(scope)
        await self._application(scope, receive, send)

    def _as_forwarded(self, scope: Scope) -> Scope:
        forwarded = _values(scope, b"x-forwarded-for")
        # The last address that is not one of our proxies is the nearest that we did not write.
        addresses = [address for address in reversed(forwarded) if not self._trusts(address)]
        changes: dict[str, object] = {}
        if addresses and _is_address(addresses[0]):
            changes["client"] = [addresses[0], 0]
        if _values(scope, b"x-forwarded-proto")[-1:] == ["https"]:
            changes["scheme"] = SECURE[scope["type"]]
        return {**scope, **changes}

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(
            ip_address(address) in network for network in self._networks
        )


def _values(scope: Scope, name: bytes) -> list[str]:
    text = ",".join(value.decode("latin1") for key, value in scope["headers"] if key == name)
    return [word.strip() for word in text.split(",") if word.strip()]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
