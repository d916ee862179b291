"""The HTTP side of the server: a request is refused before its body is read, not after.

Daphne hands a request to the application when all of it has arrived, however large or slow it is,
and keeps it in a temporary file meanwhile. Here a body has a cap, all bodies together have a
budget of memory, and head and body each have a deadline that trickling bytes do not extend.
"""

import json
import time
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.web.http import HTTPChannel

from digitsite.reactor import reactor

LINGER_SECONDS = 5.0  # how long a refused client may go on sending before the connection is cut
NEWCOMER_SECONDS = 1.0  # a browser also opens connections that it does not use
BODIES_IN_MEMORY = 32  # bodies of the largest size that may be on their way at the same time

REASONS = {
    400: ("request", "Bad Request", "The request is malformed."),
    408: ("timeout", "Request Timeout", "The request took too long to arrive."),
    413: ("size", "Content Too Large", "The body is larger than this server accepts."),
    500: ("internal", "Internal Server Error", "Something went wrong on the server."),
    503: ("unavailable", "Service Unavailable", "The server is busy: try again in a moment."),
}
NAMES = {status.value: status.phrase.encode() for status in HTTPStatus}


@dataclass(frozen=True)
class Limits:
    """What one HTTP connection may ask for."""

    body_bytes: int
    head_seconds: float
    body_seconds: float


def error_body(status: int) -> bytes:
    """Return the JSON of an error, in the one shape that the API uses."""
    code, _, message = REASONS[status]
    return json.dumps({"error": {"code": code, "message": message, "field": None}}).encode()


class Channel(HTTPChannel):
    """One HTTP connection."""

    def __init__(self) -> None:
        super().__init__()
        self._deadline: Any = None
        self._refused = False

    def connectionMade(self) -> None:  # noqa: N802
        """Expect a first request."""
        self.factory.newcomers[self] = time.monotonic()
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Start the clock with the first byte of a request."""
        if self._refused:
            return
        if self._deadline is None and not self._handlingRequest:
            self._set_deadline(self.factory.limits.head_seconds)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        """Read on in the head, unless it has been refused in the middle of this very packet."""
        if not self._refused:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """Refuse a line longer than any address or header of ours."""
        self.refuse(400)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(400)

    def allHeadersReceived(self) -> None:  # noqa: N802
        """Refuse what is too large by its own account, before the client is told to go on."""
        if self._version != b"HTTP/1.0" and not self._names_one_host():
            self.refuse(400)  # RFC 9112, section 3.2
        elif self.length is not None and self.length > self.factory.limits.body_bytes:
            self.refuse(413)
        else:
            self._set_deadline(self.factory.limits.body_seconds)
            super().allHeadersReceived()

    def _names_one_host(self) -> bool:
        return len(self.requests[-1].requestHeaders.getRawHeaders(b"host", [])) == 1

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """Pass body bytes on, unless nobody wants them any more."""
        if not self._refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        """Process the request, unless it was answered before it was complete."""
        if not self._refused:
            self._set_deadline(None)
            super().allContentReceived()
            self.factory.newcomers.pop(self, None)

    def timeoutConnection(self) -> None:  # noqa: N802
        """Close a connection that nobody uses; a request under way has its own deadline."""
        if self._deadline is None or not self._deadline.active():
            super().timeoutConnection()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Forget the clock with the connection."""
        self._set_deadline(None)
        self.factory.newcomers.pop(self, None)
        super().connectionLost(reason)

    def refuse(self, status: int) -> None:
        """Answer now, then read and forget for a while what the client is still sending.

        Closing at once would reset the connection, and the answer would be lost with it.
        """
        if self._refused:
            return
        self._refused = True
        self.persistent = False
        body = error_body(status)
        head = (
            f"HTTP/1.1 {status} {REASONS[status][1]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.setTimeout(None)
        self._set_deadline(LINGER_SECONDS)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None:
            self._deadline = reactor.callLater(seconds, self._too_late)

    def _too_late(self) -> None:
        if self._refused or not self.requests:
            self.timeoutConnection()
        else:
            self.refuse(408)


class Request(WebRequest):
    """One HTTP request, its body in memory and counted."""

    _held = 0

    def setResponseCode(self, code: int, message: bytes | None = None) -> None:  # noqa: N802
        """Add the status's name: Twisted calls those that it does not know, as 422, unknown."""
        super().setResponseCode(code, message or NAMES.get(code))

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Keep the body in memory: it is small, and a full disk must not stop predictions."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Count what arrives; a chunked body announces no length to refuse it by."""
        factory = self.channel.factory
        most = factory.limits.body_bytes
        if self._held + len(data) > most:
            self.channel.refuse(413)
        elif factory.bodies + len(data) > most * BODIES_IN_MEMORY:
            self.channel.refuse(503)
        else:
            factory.bodies += len(data)
            self._held += len(data)
            super().handleContentChunk(data)
            return
        self._release()

    def process(self) -> Any:
        """Hand the request over, without the header by which a client would rename our paths."""
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        return super().process()

    def finish(self) -> None:
        """Return what the body held to the budget."""
        self._release()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Return what the body held to the budget."""
        self._release()
        super().connectionLost(reason)

    def _release(self) -> None:
        if self.channel is not None:
            self.channel.factory.bodies -= self._held
            self._held = 0

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer what the application cannot, in the JSON shape of every other error."""
        content = error_body(status if status in REASONS else 500)
        headers = [
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(content)).encode()),
        ]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": content})

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Factory(HTTPFactory):
    """Makes the channel of each connection and keeps the budget of all of them."""

    def __init__(self, server: Any, limits: Limits) -> None:
        super().__init__(server)
        self.limits = limits
        self.timeOut = limits.head_seconds  # also between the requests of one connection
        self.bodies = 0  # bytes of all bodies in memory now
        # Since when they have been connected without a whole request; monotonic time.
        self.newcomers: dict[Channel, float] = {}

    def expects_requests(self) -> bool:
        """Tell whether a first request is on its way: who has only just connected will send one."""
        since = time.monotonic() - NEWCOMER_SECONDS
        return any(connected > since for connected in self.newcomers.values())

    def buildProtocol(self, addr: Any) -> Channel:  # noqa: N802
        """Make one connection's channel; without HTTP/2 there is only this one kind."""
        channel = Channel()
        channel.factory = self
        # Twisted would parse a form here, in the event loop, for an attribute that nobody reads.
        channel.requestFactory = partial(Request, parsePOSTFormSubmission=False)
        channel.callLater = reactor.callLater
        channel.timeOut = self.timeOut
        return channel
