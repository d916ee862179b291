"""What a web process counts and times, in Prometheus' terms. Holds no strokes and no addresses."""

import asyncio
from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

WS_OPEN = Gauge("ws_open", "WebSocket connections that are open")
WS_CLOSED = Counter("ws_closed_total", "WebSocket connections closed", ["code"])
WS_FRAMES = Counter("ws_frames_total", "Frames accepted from clients", ["type"])
WS_ERRORS = Counter("ws_errors_total", "Error frames sent to clients", ["code"])
PREDICTIONS = Counter("predictions_total", "Predictions answered", ["source"])
PREDICT_SECONDS = Histogram(
    "predict_seconds",
    "Time of one prediction by stage: queue (newest frame is in and an answer is due, until the "
    "work starts), model (rasterise and predict, with whatever is due at that moment), send "
    "(encode and hand over), total (their sum)",
    ["stage"],
    buckets=_SECONDS,
)
PREDICT_BATCH = Histogram(
    "predict_batch", "Drawings that were predicted in one go", buckets=(1, 2, 4, 8, 16)
)
EXPLAIN_SECONDS = Histogram(
    "explain_seconds", "Time of one explanation, beside the event loop", buckets=_SECONDS
)
LOOP_LAG_SECONDS = Histogram(
    "loop_lag_seconds", "How late the event loop runs what is due", buckets=_SECONDS
)
MODEL_VERSION = Gauge("model_active_version", "Version that this process serves; 0 for none")
MODEL_REJECTED = Counter("model_rejected_total", "Version folders refused", ["reason"])
MODEL_REFUSED = Gauge(
    "model_refused_version",
    "Version that this process should serve and cannot load; 0 while it serves what it should",
)
SWAP_SECONDS = Histogram(
    "swap_seconds",
    "Time from a promotion until this process served that version",
    buckets=(0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0),
)

_LAG_PERIOD = 0.1  # seconds between samples: a rush is over in a second


async def watch_loop_lag(tell: Callable[[float], None]) -> None:
    """Sample the event loop's lag, in seconds, and tell of it for as long as the process runs."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_PERIOD
        await asyncio.sleep(_LAG_PERIOD)
        lag = max(0.0, loop.time() - due)
        LOOP_LAG_SECONDS.observe(lag)
        tell(lag)
