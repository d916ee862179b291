"""Touch and pen as the browser's own protocol makes them; Playwright itself has only a mouse."""

import time
from collections.abc import Sequence
from typing import Any

from recognizer.tests.browser.board import Board, Point


class Fingers:
    """Fingers on a touch screen, a millisecond between two of their events.

    The page tells a gesture from drawing by the times of the events; they are told to the browser,
    so that a busy machine changes nothing.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._session = board.context.new_cdp_session(board.page)
        self._down: dict[int, Point] = {}
        self._now = 0.0  # seconds since 1970

    def down(self, finger: int, point: Point) -> None:
        """Put a finger down."""
        if not self._down:
            self._now = time.time()
        self._down[finger] = point
        self._send("touchStart")

    def move(self, finger: int, point: Point) -> None:
        """Move a finger that is down."""
        self._down[finger] = point
        self._send("touchMove")

    def up(self, finger: int) -> None:
        """Lift a finger."""
        del self._down[finger]
        self._send("touchEnd")

    def cancel(self) -> None:
        """Take all fingers away as the system does, for a gesture of its own."""
        self._down.clear()
        self._send("touchCancel")

    def stroke(self, points: Sequence[Point]) -> None:
        """Draw one stroke with one finger."""
        self.down(0, points[0])
        for point in points[1:]:
            self.move(0, point)
        self.up(0)

    def _send(self, kind: str) -> None:
        places = zip(self._down, self._board.places(self._down.values()), strict=True)
        touches = [{"id": finger, "x": x, "y": y} for finger, (x, y) in places]
        self._now += 0.001
        event = {"type": kind, "touchPoints": touches, "timestamp": self._now}
        self._session.send("Input.dispatchTouchEvent", event)


class Pen:
    """A pen on a tablet."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._session = board.context.new_cdp_session(board.page)

    def stroke(self, points: Sequence[Point]) -> None:
        """Draw one stroke."""
        self._send("mousePressed", points[0], clickCount=1)
        for point in points[1:]:
            self._send("mouseMoved", point)
        self._send("mouseReleased", points[-1], clickCount=1)

    def _send(self, kind: str, point: Point, **more: Any) -> None:
        x, y = self._board.place(point)
        pressed = {"button": "left", "buttons": 1, "force": 0.5, "pointerType": "pen"}
        self._session.send(
            "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y} | pressed | more
        )
