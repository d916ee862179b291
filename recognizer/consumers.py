"""The WebSocket `/ws/draw/`: frames in, frames out. All thinking is done elsewhere.

No database, no Redis and no channel layer on this path: it goes on through an outage of either.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from pydantic import BaseModel

from recognizer import messages, metrics, serving
from recognizer.alphabet import LABELS, Charset
from recognizer.batching import Batch
from recognizer.live import LatestWins
from recognizer.messages import (
    BadFrame,
    ErrorFrame,
    ForgetFrame,
    HelloFrame,
    LimitsInfo,
    PredictionFrame,
    VerdictFrame,
    VersionFrame,
)
from recognizer.pace import Pace
from recognizer.quotas import Connections, Strikes, TokenBucket
from recognizer.serving import Counts
from recognizer.session import DrawSession, predict_together
from recognizer.sockets import OpenSockets
from recognizer.strokes import Limits

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

POLICY_VIOLATION = 1008
_TOGETHER = 16  # drawings that are answered in one go: the event loop has a turn every few ms
# A gap or an outage is not the client's fault; these are.
_STRIKES = {"json", "type", "field", "limit", "rate"}

# Looked up once: at each answer it would take as long as counting.
_ANSWERED = metrics.PREDICTIONS.labels("socket")
_QUEUE, _MODEL, _SEND, _TOTAL = (
    metrics.PREDICT_SECONDS.labels(stage) for stage in ("queue", "model", "send", "total")
)

_connections = Connections()
_sockets = OpenSockets()  # those that are told of a hot swap
_background: set[asyncio.Task[None]] = set()
_pace = Pace()  # of all sockets of this process


def _predict_together(sessions: Sequence[DrawSession]) -> list[PredictionFrame]:
    started = time.perf_counter()
    frames = predict_together(sessions)
    _pace.spent(time.perf_counter() - started)
    metrics.PREDICT_BATCH.observe(len(sessions))
    return frames


_batch = Batch(_predict_together, _TOGETHER)


class DrawConsumer(AsyncWebsocketConsumer):
    """One person's canvas."""

    channel_layer_alias = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Take events until the socket is gone.

        Channels' own waits for several sources at once, with two tasks for each frame.
        """
        self.scope = scope
        self.channel_layer = None
        self.base_send = send
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand an event to the method of its name."""
        # Channels would ask the one shared thread to close old database connections before each
        # frame; this consumer has none.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """Leave. Channels would ask the one shared thread for this, too."""
        await self.disconnect(message["code"])
        raise StopConsumer

    async def connect(self) -> None:
        """Accept, within the limits on connections, and say hello."""
        _watch_loop_once()
        self._counted = False
        self._address = (self.scope.get("client") or ["unknown"])[0]
        self._session = DrawSession(
            serving.current, Limits(settings.MAX_STROKES, settings.MAX_POINTS)
        )
        self._live = LatestWins(self._answer, _interval)
        self._bucket = TokenBucket(settings.FRAMES_PER_SECOND, settings.FRAME_BURST)
        self._strikes = Strikes(settings.BAD_FRAMES_PER_MINUTE)
        self._arrived = 0.0  # loop time of the newest accepted frame
        self._changes = 0  # of what is to be answered
        self._shown: PredictionFrame | None = None  # the answer to what stands there, once sent
        await self.accept()
        self._counted = _connections.enter(
            self._address, settings.CONNECTIONS_PER_ADDRESS, settings.CONNECTIONS_TOTAL
        )
        if not self._counted:
            await self._error(BadFrame("rate", "too many connections: try again later"))
            await self.close(POLICY_VIOLATION, "too many connections")
            return
        metrics.WS_OPEN.inc()
        _sockets.enter(self._send_text)
        await self._send(_hello(self._session.charset))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Apply one frame and return at once; what is wrong with it is answered here."""
        if not self._counted:
            return
        try:
            if not self._bucket.take():
                # Reading its number costs little: after ten of these the socket is closed.
                n = messages.number_of(text_data or "")
                raise BadFrame("rate", "too many frames: this one was dropped, slow down", n)
            frame = messages.parse(_text(text_data))
            if isinstance(frame, VerdictFrame):
                self.on_verdict(frame)
            elif isinstance(frame, ForgetFrame):
                self.on_forget(frame)
            else:
                self._changes += 1
                self._shown = None
            self._session.apply(frame)
        except BadFrame as error:
            await self._refuse(error)
            return
        metrics.WS_FRAMES.labels(frame.type).inc()
        self._arrived = asyncio.get_running_loop().time()
        self._live.notify()

    def on_verdict(self, frame: VerdictFrame) -> None:
        """Take a verdict on the drawing, or refuse it. Like every frame: return at once."""
        raise BadFrame("type", "verdicts are not taken here", frame.n)

    def on_forget(self, frame: ForgetFrame) -> None:
        """Empty the personal memory, or refuse to. Like every frame: return at once."""
        raise BadFrame("type", "nothing is remembered here", frame.n)

    async def disconnect(self, code: int) -> None:
        """Stop answering and forget the drawing."""
        await self._live.close()
        if self._counted:
            _sockets.leave(self._send_text)
            _connections.leave(self._address)
            metrics.WS_OPEN.dec()
        metrics.WS_CLOSED.labels(str(code)).inc()

    async def _answer(self) -> None:
        """Answer the newest state, together with whoever else is to be answered now.

        In the event loop: rasterising and predicting take well under a millisecond, less than
        handing them to a thread and back (docs/experiments.md).
        """
        queued = asyncio.get_running_loop().time() - max(self._arrived, self._live.opened)
        started = time.perf_counter()
        changes = self._changes
        try:
            prediction = await _batch.ask(self._session)
        except serving.Unavailable as error:
            await self._error(BadFrame("unavailable", str(error), self._session.covers))
            return
        predicted = time.perf_counter()
        if changes == self._changes:
            self._shown = prediction
        await self._send(prediction)
        sent = time.perf_counter()
        _pace.spent(sent - predicted)
        _ANSWERED.inc()
        _QUEUE.observe(queued)
        _MODEL.observe(predicted - started)
        _SEND.observe(sent - predicted)
        _TOTAL.observe(queued + sent - started)

    async def _refuse(self, error: BadFrame) -> None:
        await self._error(error)
        if error.code in _STRIKES and self._strikes.strike():
            await self.close(POLICY_VIOLATION, "too many bad frames in a minute")

    async def _error(self, error: BadFrame) -> None:
        metrics.WS_ERRORS.labels(error.code).inc()
        await self._send(ErrorFrame(code=error.code, message=error.message, n=error.n))

    async def _send(self, frame: BaseModel) -> None:
        await self._send_text(frame.model_dump_json())

    async def _send_text(self, text: str) -> None:
        # A client that is gone shows as OSError on some servers; `disconnect` follows by itself.
        with contextlib.suppress(OSError):
            await self.base_send({"type": "websocket.send", "text": text})


def tell_version(version: int, counts: Counts) -> None:
    """Tell every open socket of this process what is served; called from the watcher's thread."""
    _sockets.tell(VersionFrame(version=version, serving=counts).model_dump_json())


serving.on_swap(tell_version)


def _interval() -> float:
    return settings.PREDICTION_INTERVAL_MS / 1000 * _pace.stretch


def _text(text: str | None) -> str:
    if text is None:
        raise BadFrame("json", "frames are JSON text, not binary")
    if len(text.encode()) > settings.FRAME_BYTES:
        raise BadFrame("limit", f"a frame has at most {settings.FRAME_BYTES} bytes")
    return text


def _hello(charset: Charset) -> HelloFrame:
    try:
        version = serving.current().version
    except serving.Unavailable:
        version = None
    return HelloFrame(
        version=version,
        labels=LABELS,
        charset=charset,
        limits=LimitsInfo(
            frame_bytes=settings.FRAME_BYTES,
            strokes=settings.MAX_STROKES,
            points=settings.MAX_POINTS,
            frames_per_second=settings.FRAMES_PER_SECOND,
            frame_burst=settings.FRAME_BURST,
            interval_ms=settings.PREDICTION_INTERVAL_MS,
            image_bytes=settings.IMAGE_BYTES,
            image_pixels=settings.IMAGE_PIXELS,
        ),
    )


def _watch_loop_once() -> None:
    """Start this process's lag sampler with its first socket: Daphne has no start-up hook."""
    if not _background:
        task = asyncio.get_running_loop().create_task(metrics.watch_loop_lag(_pace.late))
        _background.add(task)
        task.add_done_callback(_background.discard)
