"""One rule for clients that take less than they are given: do not read from them either.

Daphne writes to a socket without asking whether the client reads, and reads without asking whether
the application keeps up; both pile up in memory. Here the transport's own signals pause reading,
and a client whose output stands still for too long is dropped. Nothing here knows about HTTP,
websocket frames or Daphne.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

LOOK_AGAIN = 0.01  # seconds between looks at a queue that was too long


class Transport(Protocol):
    """The part of a Twisted TCP transport that is used here."""

    disconnecting: bool

    def pauseProducing(self) -> None: ...  # noqa: D102, N802
    def resumeProducing(self) -> None: ...  # noqa: D102, N802
    def abortConnection(self) -> None: ...  # noqa: D102, N802
    def registerProducer(self, producer: object, streaming: bool) -> None: ...  # noqa: D102, N802
    def unregisterProducer(self) -> None: ...  # noqa: D102, N802


@implementer(IPushProducer)
class Flow:
    """Decides when one connection is read from; registered as its transport's push producer."""

    def __init__(
        self, transport: Transport, call_later: Callable[..., Any], stalled_seconds: float
    ) -> None:
        self._transport = transport
        self._call_later = call_later
        self._stalled_seconds = stalled_seconds
        self._held: set[str] = set()
        self._drop: Any = None
        transport.unregisterProducer()  # the HTTP channel's, after an upgrade
        transport.registerProducer(self, True)

    def hold_until(self, drained: Callable[[], bool]) -> None:
        """Stop reading until `drained()` says that the application has caught up."""
        if "input" in self._held:
            return
        self._hold("input")
        self._look(drained)

    def _look(self, drained: Callable[[], bool]) -> None:
        if drained():
            self._release("input")
        elif "gone" not in self._held:
            self._call_later(LOOK_AGAIN, self._look, drained)

    # What the transport calls, in Twisted's names: its write buffer is full, or empty again.

    def pauseProducing(self) -> None:  # noqa: N802
        """The client does not read: stop reading from it, and start counting."""
        self._hold("output")
        if self._drop is None:
            self._drop = self._call_later(self._stalled_seconds, self._transport.abortConnection)

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has read everything."""
        self._stop_counting()
        if self._transport.disconnecting:
            # The transport closes only once it has no producer left.
            self._transport.unregisterProducer()
        else:
            self._release("output")

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is gone."""
        self._stop_counting()
        self._held.add("gone")

    def _hold(self, reason: str) -> None:
        self._held.add(reason)
        self._transport.pauseProducing()

    def _release(self, reason: str) -> None:
        self._held.discard(reason)
        if not self._held:
            self._transport.resumeProducing()

    def _stop_counting(self) -> None:
        if self._drop is not None and self._drop.active():
            self._drop.cancel()
        self._drop = None
