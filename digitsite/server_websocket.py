"""Daphne's websocket protocol with the close codes, the back-pressure and the silence that we need.

It knows nothing about what the frames mean.
"""

import socket
from typing import Any

from autobahn.websocket import protocol as autobahn
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from digitsite import whole_texts
from digitsite.backpressure import Flow
from digitsite.reactor import reactor

LONGEST_QUEUE = 32  # frames that the application has not looked at yet
SEND_BUFFER = 64 * 1024  # bytes that the system keeps for a client: seconds of predictions
LONGEST_REASON = 123  # bytes: what a control frame holds beside the code
SERVICE_RESTART = 1012
# RFC 6455 section 7.4 and the IANA registry; Autobahn itself lets a server say 1000 only.
SENDABLE_CODES = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}

# Autobahn writes each connection's options out in columns, for a line of its log that is never
# written: an eighth of what the event loop does for a connection.
autobahn.pformat = repr  # type: ignore[assignment, attr-defined]


class SocketProtocol(WebSocketProtocol):
    """One websocket."""

    def connectionMade(self) -> None:  # noqa: N802
        """Take the flow control of the transport over from the HTTP channel."""
        # The system would keep megabytes for each client that does not read, and tell us late.
        self.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._flow = Flow(self.transport, reactor.callLater, self.factory.stalled_seconds)
        super().connectionMade()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Queue a message, and stop reading when the application has a queue to work off."""
        if self.state != self.STATE_OPEN:
            return  # what still arrives after a close frame is nobody's
        super().onMessage(payload, isBinary)
        if self.application_queue.qsize() >= LONGEST_QUEUE:
            self._flow.hold_until(self.application_queue.empty)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Tell the application, if the handshake came far enough for there to be one."""
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take what came. Autobahn's own formats a coloured line for a log that nobody reads."""
        text = None
        if self.state == self.STATE_OPEN and not self._is_inside_message():
            text = whole_texts.read(data, self.maxMessagePayloadSize)
        if text is None:
            self._dataReceived(data)
        else:
            if self.autoPingTimeoutCall:
                self._cancelAutoPingTimeoutCall()  # like any frame, it stands for a pong
            self.onMessage(text, isBinary=False)

    def _is_inside_message(self) -> bool:
        return bool(self.data or self.current_frame is not None or self.inside_message)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        """Write what is complete; for the same reason not by Autobahn's own."""
        if sync or chopsize or self.send_queue:
            super().sendData(data, sync, chopsize)
        elif rest := self._unsent(data):
            self.transport.write(rest)

    def _unsent(self, data: bytes) -> bytes:
        """Send at once if nothing waits before it, and return what the system did not take.

        Twisted would send in another turn of the loop, after all that the loop has to do before.
        """
        transport = self.transport
        waits = transport.dataBuffer or transport._tempDataBuffer
        if waits or transport.TLS or transport.disconnecting or not transport.connected:
            return data
        sent = transport.writeSomeData(data)
        # An exception is a connection that is gone: the transport finds that by itself.
        return data[sent:] if isinstance(sent, int) else data

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:  # noqa: N802
        """Send, or drop what comes too late: the application learns of the end by its own event."""
        if self.state == self.STATE_OPEN and isinstance(content, str):
            self.sendData(whole_texts.written(content))
        elif self.state in (self.STATE_CONNECTING, self.STATE_OPEN):
            super().serverSend(content, binary)

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Do what the application says; Daphne's own would drop the reason of a close."""
        if message["type"] == "websocket.send" and self.state == self.STATE_OPEN:
            text = message.get("text")
            self.serverSend(message["bytes"] if text is None else text, text is None)
        elif message["type"] == "websocket.close" and self.state != self.STATE_CONNECTING:
            self.serverClose(message.get("code"), message.get("reason"))
        else:
            super().handle_reply(message)

    def serverClose(self, code: int | None = None, reason: str | None = None) -> None:  # noqa: N802
        """Close with any code that an endpoint may send, 1008 and 1012 among them."""
        code = code if code in SENDABLE_CODES else 1000
        if self.state == self.STATE_OPEN:
            text = (reason or "").encode()[:LONGEST_REASON]
            self.sendCloseFrame(code=code, reasonUtf8=text or None)

    def go_away(self) -> None:
        """Close because this process stops; the client comes back to the next one."""
        if self.state == self.STATE_CONNECTING:
            self.dropConnection(abort=True)
        else:
            self.serverClose(SERVICE_RESTART)

    def __repr__(self) -> str:
        # Daphne's own names the client's address, and this reaches the log.
        return f"<SocketProtocol {self.path}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class SocketFactory(WebSocketFactory):
    """Makes the protocol of each websocket."""

    protocol = SocketProtocol

    def __init__(self, server: Any, stalled_seconds: float) -> None:
        super().__init__(server, server="")
        self.stalled_seconds = stalled_seconds

    def setProtocolOptions(self, **options: Any) -> None:  # noqa: N802
        """Answer a broken or oversized frame with a close frame that says why (1002, 1007, 1009).

        Autobahn's default drops the connection, which every client sees as a network error.
        """
        super().setProtocolOptions(**options, failByDrop=False)
