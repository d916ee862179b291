"""The page as a test sees it: where to draw, what went over the wire, what it says."""

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    FileChooser,
    Locator,
    WebSocket,
    expect,
)

from recognizer.rasterizer import Raster, rasterise
from recognizer.strokes import Drawing

Point = tuple[float, float]  # in canvas units: 0 … 1000
SIDE = 1000
PATIENCE = 15.0  # seconds; a shared machine can be slow
expect.set_options(timeout=PATIENCE * 1000)
LINE = [(200.0 + step * 60, 300.0 + step * 30) for step in range(11)]
# Two frames later what has changed has begun to move; what moves for ever is not waited for.
REST = """async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const moving = document.getAnimations().filter(
        (one) => Number.isFinite(one.effect.getComputedTiming().endTime),
    );
    await Promise.allSettled(moving.map((one) => one.finished));
}"""
NOTHING = "\N{EN DASH}"  # in the place of a percentage
_CSP = (
    "document.addEventListener('securitypolicyviolation',"
    " event => console.error(`CSP ${event.blockedURI}`))"
)


class Board:
    """One page in a browser context."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin
        self.page = context.new_page()
        self.expected = ""  # a pattern of errors that the test brings about
        self.sockets: list[Wire] = []
        self.choosers: list[FileChooser] = []
        self._errors: list[str] = []
        self.page.add_init_script(_CSP)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._errors.append(f"uncaught: {error}"))
        # From the start: the browser takes a moment to hand over its dialogs.
        self.page.on("filechooser", self._on_chooser)
        self.page.on("websocket", lambda socket: self.sockets.append(Wire(socket)))

    def open(self) -> Self:
        """Load the page and wait until it is connected."""
        self.page.goto(self.origin)
        self.wait_for_state("Connected")
        return self

    def complaints(self) -> list[str]:
        """Return the errors of the page's console that the test has not declared."""
        return [
            error
            for error in self._errors
            if not (self.expected and re.search(self.expected, error))
        ]

    # What it says.

    @property
    def canvas(self) -> Locator:
        return self.page.locator("#canvas")

    @property
    def wire(self) -> "Wire":
        return self.sockets[-1]

    def answer(self) -> str:
        """Return the answer line."""
        return " ".join(self.page.locator("#answer").inner_text().split())

    def label(self) -> str:
        """Return the label in the answer line, empty where there is none."""
        return self.page.locator("#answer .label").text_content() or ""

    def percentages(self) -> dict[str, str]:
        """Return the text at each symbol's bar, letters of the grid included."""
        rows: list[list[str]] = self.page.evaluate(
            "[...document.querySelectorAll('.row')].filter(r => r.checkVisibility()).map(r =>"
            " [r.querySelector('.symbol').textContent, r.querySelector('.percent').textContent])"
        )
        return {row[0]: row[1] for row in rows}

    def strokes(self) -> int:
        """Return how many strokes the canvas says that it has."""
        label = self.canvas.get_attribute("aria-label") or ""
        count = re.search(r"\d+", label)
        return int(count.group()) if count else 0

    def inked(self) -> int:
        """Return how many pixels of the canvas have ink."""
        return int(
            self.page.evaluate(
                "() => { const c = document.getElementById('canvas');"
                "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                "let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"
            )
        )

    # Waiting.

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Let the page run until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s in vain for {what}: {self.answer()}"
            self.page.wait_for_timeout(15)

    def rest(self) -> None:
        """Wait until nothing changes its look any more, as colours do half-way."""
        self.page.evaluate(REST)

    def wait_for_state(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until the header tells this state of the connection."""
        state = self.page.locator("#connection .state")
        self.wait(lambda: (state.text_content() or "").startswith(text), text, seconds)

    def chooser(self) -> FileChooser:
        """Wait for the dialog in which to choose a file."""
        self.wait(lambda: self.choosers, "a file chooser")
        return self.choosers.pop()

    def settle(self) -> Self:
        """Wait until everything sent is answered and the answer is on the page."""
        self.wait(self._quiet, "an answer to the last frame")
        return self

    def _quiet(self) -> bool:
        """Let the page run for longer than it holds points back; tell if all is answered then."""
        sent = len(self.wire.sent)
        # By its own timers, which run in turn: ours would be over before those of a busy page.
        self.page.evaluate("new Promise((done) => setTimeout(done, 60))")
        return self.wire.answered and len(self.wire.sent) == sent

    # Drawing.

    def place(self, point: Point) -> Point:
        """Return where a point of the canvas is on the page."""
        return self.places([point])[0]

    def places(self, points: Iterable[Point]) -> list[Point]:
        """Return where points of the canvas are on the page; asks the browser once."""
        box = self.canvas.bounding_box()
        assert box is not None
        return [
            (
                box["x"] + 1 + x / SIDE * (box["width"] - 2),
                box["y"] + 1 + y / SIDE * (box["height"] - 2),
            )
            for x, y in points
        ]

    def press(self, name: str) -> None:
        """Press one of the buttons, also when it has nothing to do."""
        self.page.get_by_role("button", name=name, exact=True).click(force=True)

    def choose(self, charset: str) -> None:
        """Switch the character set."""
        self.page.locator(f"#charset input[value={charset}]").check()

    def mouse(self, points: Sequence[Point], *, up: bool = True) -> None:
        """Draw one stroke with the mouse."""
        where = self.places(points)
        self.page.mouse.move(*where[0])
        self.page.mouse.down()
        for x, y in where[1:]:
            self.page.mouse.move(x, y)
        if up:
            self.page.mouse.up()

    def draw(self, strokes: Sequence[Sequence[Point]]) -> None:
        """Draw strokes with the mouse."""
        for stroke in strokes:
            self.mouse(stroke)

    # What went over the wire.

    def sent_points(self) -> list[list[list[float]]]:
        """Return the drawing as the server has it after the frames of the newest connection."""
        return self._replayed().samples()

    def raster(self) -> Raster:
        """Return what the network sees of the server's drawing."""
        return rasterise(self._replayed().ink())

    def _replayed(self) -> Drawing:
        drawing = Drawing()
        for frame in self.wire.sent:
            match frame["type"]:
                case "points":
                    drawing.append(frame["stroke"], frame["start"], frame["points"])
                case "drawing":
                    drawing.replace(frame["strokes"])
                case "undo":
                    drawing.undo()
                case "clear":
                    drawing.clear()
        return drawing

    def _on_chooser(self, chooser: FileChooser) -> None:
        self.choosers.append(chooser)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)


class Wire:
    """The frames of one websocket, with the times at which they passed."""

    def __init__(self, socket: WebSocket) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.sent_bytes = 0
        self.predicted_at: list[float] = []
        socket.on("framesent", self._on_sent)
        socket.on("framereceived", self._on_received)

    @property
    def answered(self) -> bool:
        """Whether the newest prediction covers the newest frame."""
        covered = max((frame["covers"] for frame in self.predictions), default=0)
        return bool(self.sent) and covered >= self.sent[-1]["n"]

    @property
    def predictions(self) -> list[dict[str, Any]]:
        return [frame for frame in self.received if frame["type"] == "prediction"]

    def _on_sent(self, payload: str | bytes) -> None:
        self.sent_bytes += len(payload)
        self.sent.append(json.loads(payload))

    def _on_received(self, payload: str | bytes) -> None:
        frame = json.loads(payload)
        self.received.append(frame)
        if frame["type"] == "prediction":
            self.predicted_at.append(time.monotonic())
