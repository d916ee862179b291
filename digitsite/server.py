"""The web server of the site: Daphne in this process, with the manners that it lacks.

Importing this module installs Twisted's asyncio reactor, so only the `web` command does it.
It knows nothing about Django: it runs any ASGI application.
"""

import asyncio
import resource
import signal
import time
from collections.abc import Callable
from typing import Any

import structlog
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server as DaphneServer
from twisted.internet import defer
from twisted.internet.endpoints import serverFromString
from twisted.internet.main import CONNECTION_DONE
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from digitsite.reactor import reactor
from digitsite.server_http import Factory, Limits
from digitsite.server_websocket import SocketFactory, SocketProtocol

SPREAD_SECONDS = 1.0  # over which websockets are closed, so that not all come back at once
GRACE_SECONDS = 2.0  # after that, for requests under way and close handshakes
LOOK_SECONDS = 0.05  # between looks whether all has been answered
CANCEL_SECONDS = 2.0  # for applications that were told to stop
OPEN_FILES = 65_536
# Connections that wait to be accepted. With Twisted's 50, most of those who come back together
# are turned away by the system and try again seconds later. It may allow less itself.
BACKLOG = 2048
QUIET_PATHS = ("/health/", "/metrics", "/static/")

log = structlog.get_logger(__name__)


class Server(DaphneServer):
    """Daphne's connection table and timers, our protocols, our way to stop."""

    def __init__(
        self,
        application: Any,
        *,
        host: str,
        port: int,
        limits: Limits,
        frame_bytes: int,
        stalled_seconds: float,
        on_ready: Callable[[], None],
    ) -> None:
        (endpoint,) = build_endpoint_description_strings(host=host, port=port)
        super().__init__(
            application,
            endpoints=[f"{endpoint}:backlog={BACKLOG}"],
            signal_handlers=False,
            http_timeout=30,
            websocket_timeout=-1,  # a session may last; the pings find those that are gone
            ping_interval=20,
            ping_timeout=20,
            websocket_max_message_size=frame_bytes,
            websocket_max_frame_size=frame_bytes,
            application_close_timeout=5,
            server_name="",
            verbosity=0,
        )
        self._limits = limits
        self._stalled_seconds = stalled_seconds
        self._on_ready = on_ready
        self._ports: list[Any] = []
        self._stop_by = 0.0  # monotonic time; 0 while running
        self._stopped = False
        self._was_quiet = False  # at the last look, while stopping
        self._leaving: set[SocketProtocol] = set()  # who was told that this process stops
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM; `failure` says afterwards why it could not."""
        self.connections: dict[Any, dict[str, Any]] = {}
        self.http_factory = Factory(self, self._limits)
        self.ws_factory = SocketFactory(self, self._stalled_seconds)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,  # means that Autobahn leaves the origin to the application
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
        )
        globalLogBeginner.beginLoggingTo([_observe], redirectStandardIO=False, discardBuffer=True)
        for endpoint in self.endpoints:
            listening = serverFromString(reactor, endpoint).listen(self.http_factory)
            listening.addCallbacks(self._ports.append, self.listen_error)
        asyncio.set_event_loop(reactor._asyncioEventloop)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        reactor.callWhenRunning(self._on_ready)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        if self.failure is None:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._on_signal)
            reactor.run(installSignalHandlers=False)

    def listen_error(self, failure: Any) -> None:
        """Remember why a port could not be had; nothing is running yet."""
        self.failure = failure.value

    # Stopping: no new connections, a reason for every websocket, then the end.

    def _on_signal(self, _number: int, _frame: Any) -> None:
        reactor.callFromThread(self.shut_down)

    def shut_down(self) -> None:
        """Close gently; the second call does not wait."""
        if self._stop_by:
            self.stop()
            return
        for port in self._ports:
            _close(port)
        sockets = [one for one in self.connections if isinstance(one, SocketProtocol)]
        self._leaving.update(sockets)
        for index, socket in enumerate(sockets):
            delay = SPREAD_SECONDS * index / len(sockets)
            reactor.callLater(delay, socket.go_away)
        self._stop_by = time.monotonic() + SPREAD_SECONDS + GRACE_SECONDS
        reactor.callLater(LOOK_SECONDS, self._stop_when_quiet)

    def _stop_when_quiet(self) -> None:
        greeted = {
            one
            for one in self.connections
            if isinstance(one, SocketProtocol) and one.state == one.STATE_OPEN
        }
        for late in greeted - self._leaving:  # who was still at the door is told as well
            late.go_away()
        self._leaving |= greeted
        busy = any("disconnected" not in details for details in self.connections.values())
        busy = busy or self.http_factory.expects_requests()
        # The last answer is written in a later turn of the loop, so it takes two quiet looks.
        quiet, self._was_quiet = self._was_quiet and not busy, not busy
        if quiet or time.monotonic() >= self._stop_by:
            self.stop()
        else:
            reactor.callLater(LOOK_SECONDS, self._stop_when_quiet)

    def stop(self) -> None:
        """Stop the reactor, once."""
        if not self._stopped:
            self._stopped = True
            super().stop()

    def kill_all_applications(self) -> Any:
        """Cancel what still runs, and let the reactor wait for it, but not for ever."""
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details and not details["application_instance"].done()
        ]
        for task in running:
            task.cancel()
        if not running:
            return None
        waiting = asyncio.ensure_future(asyncio.wait(running, timeout=CANCEL_SECONDS))
        return defer.Deferred.fromFuture(waiting)

    def protocol_disconnected(self, protocol: Any) -> None:
        """Note the end of a connection, also of one that was forgotten before it ended."""
        if protocol in self.connections:
            super().protocol_disconnected(protocol)

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """One line a request: no address, no query, nothing for probes and files."""
        path = details["path"].partition("?")[0]
        if protocol == "http" and not path.startswith(QUIET_PATHS):
            log.info(
                "request",
                method=details["method"],
                path=path,
                status=details["status"],
                milliseconds=round(1000 * details["time_taken"], 1),
            )


def _close(port: Any) -> None:
    """Let in who waits at the door, and close it: a request that was sent may not be sent again.

    What waits when the port closes is cut by the system, and no proxy repeats a POST. So it closes
    in this turn of the loop; `stopListening` would leave that to the next one, and let nobody in.
    """
    for _ in range(BACKLOG):
        before = port.sessionno
        port.doRead()
        if port.sessionno == before:
            break
    port.stopReading()
    port.connectionLost(Failure(CONNECTION_DONE))


def _observe(event: dict[str, Any]) -> None:
    """Pass errors of Twisted's log on; the rest names addresses, or repeats what ours has."""
    if failure := event.get("log_failure"):
        trace = failure.getTracebackObject()
        log.error("error in the server", exc_info=(failure.type, failure.value, trace))


def raise_file_limit() -> int:
    """Ask for as many open files as the system gives us; a websocket is one. Return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has a lower limit of its own below "infinity"
            return soft
        return wanted
    return soft
