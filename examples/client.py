"""A client of the recogniser in one file: copy it and change it as you like.

HTTP needs nothing but Python; the live socket needs the package `websockets`. Proxies of the
environment are not used. From a shell: `python examples/client.py --url URL photo.png`.
"""

import argparse
import base64
import http.client
import json
import string
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

Stroke = Sequence[Sequence[float]]  # [x, y] or [x, y, t]: any units, y down, t in milliseconds
Drawing = str | Path | bytes | Sequence[Stroke]  # an image file, its content, or strokes
Json = dict[str, Any]

LABELS: Final = string.digits + string.ascii_lowercase  # the order of all probabilities
WAITS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each try to connect again
POLICY_VIOLATION: Final = 1008  # the server wants no more of us


class Refused(Exception):
    """What the server says to a request or a frame that it does not take."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status  # the status is 0 on the socket


def encode(frame: Json) -> str:
    """Write JSON without a byte too many."""
    return json.dumps(frame, separators=(",", ":"))


def points_frame(stroke: int, start: int, points: Stroke) -> Json:
    """Return the frame that appends points to stroke `stroke`, from its point `start` on."""
    return {"type": "points", "stroke": stroke, "start": start, "points": points}


def socket_url(url: str) -> str:
    """Return where the live socket of a site is."""
    return f"{url.replace('http', 'ws', 1)}/ws/draw/"


class Client:
    """One person at one site, who is known again by a cookie that comes with a correction."""

    def __init__(self, url: str = "http://127.0.0.1:8000", timeout: float = 30.0) -> None:
        try:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
                raise ValueError
        except ValueError:  # also half an IPv6 address, or a port that is none
            raise ValueError(f"{url!r} is not an address like http://127.0.0.1:8000") from None
        self.url, self.timeout = f"{parts.scheme}://{parts.netloc}", timeout
        self.cookies: dict[str, str] = {}

    def predict(self, drawing: Drawing, charset: str = "all") -> Json:
        """Read one character; `charset` is digits, letters or all."""
        return self.ask("POST", "predict", {**_described(drawing), "charset": charset})

    def correct(self, drawing: Drawing, label: str | None = None, **said: str) -> Json:
        """Say what a drawing is and return the receipt; without a label: that it was read right.

        `said` may have charset, device, and an id of your own: sent twice, it is one correction.
        """
        named = {"id": str(uuid.uuid4()), **_verdict(label), **said}
        return self.ask("POST", "corrections", _described(drawing) | named)

    def receipt(self, name: str) -> Json:
        """Return what has become of the correction with this id."""
        return self.ask("GET", f"corrections/{name}")

    def versions(self) -> Json:
        """Return the model versions, and which one answers."""
        return self.ask("GET", "versions")

    def live(self) -> "Live":
        """Return the live socket, for a `with` statement."""
        return Live(self)

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Return the answer of the API; raise Refused, or OSError where nobody answers."""
        content = None if body is None else encode(body)
        status, answer = self.exchange(method, f"/api/v1/{path}", content)
        try:
            told: Json = json.loads(answer)
        except ValueError:  # something on the way answered in its stead
            raise Refused("json", f"the answer with status {status} is not JSON", status) from None
        if status >= http.client.BAD_REQUEST:
            error = told.get("error", {})
            raise Refused(error.get("code", "unknown"), error.get("message", str(told)), status)
        return told

    def exchange(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        """Send one request with JSON and return status and content of the answer."""
        scheme, _, host = self.url.partition("://")
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        headers = {"Content-Type": "application/json", **self.cookie_header()}
        try:
            with closing(kind(host, timeout=self.timeout)) as connection:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                for line in response.headers.get_all("Set-Cookie", []):
                    self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
                return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"no answer in HTTP: check the address ({error!r})") from error

    def cookie_header(self) -> dict[str, str]:
        """Return the header that says who this is, if anybody knows."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": pairs} if pairs else {}


class Live:
    """A canvas on the live socket; a connection that is lost is made again, the drawing with it."""

    def __init__(self, client: Client) -> None:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 - see the top
        from websockets.sync.client import connect  # noqa: PLC0415

        self._client, self._lost = client, WebSocketException
        self._open: Any = connect
        self._socket: Any = None
        self._charset, self._n = "all", 0  # the number is that of the newest frame
        self._last: Json = {}
        self.strokes: list[list[Sequence[float]]] = []
        self.receipts: dict[str, Json] = {}  # the newest of each correction, by its id

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(self, *raised: object) -> None:
        self._socket.close()

    def points(self, points: Stroke, *, new_stroke: bool = False) -> None:
        """Go on with the stroke, or begin a new one."""
        if new_stroke or not self.strokes:
            self.strokes.append([])
        start = len(self.strokes[-1])
        self.strokes[-1].extend(points)
        self._send(points_frame(len(self.strokes) - 1, start, points))

    def undo(self) -> None:
        """Take the last stroke back."""
        del self.strokes[-1:]
        self._send({"type": "undo"})

    def clear(self) -> None:
        """Begin a new drawing."""
        self.strokes.clear()
        self._send({"type": "clear"})

    def charset(self, charset: str) -> None:
        """Answer among digits, letters or all from now on."""
        self._charset = charset
        self._send({"type": "charset", "charset": charset})

    def prediction(self) -> Json:
        """Wait for the answer to everything that was sent, and return it."""
        self._receive(lambda: self._last.get("covers", -1) >= self._n)
        return self._last

    def verdict(self, label: str | None = None, device: str = "api") -> Json:
        """Say what the drawing is, or that it was read right, and return the receipt."""
        # With an id of ours, what is sent again after a lost connection is still one correction.
        name = str(uuid.uuid4())
        frame = {"type": "verdict", "id": name, "device": device, **_verdict(label)}
        self._send(frame)
        self._receive(lambda: name in self.receipts, again=frame)
        return self.receipts[name]

    def _send(self, frame: Json) -> None:
        try:
            self._put(frame)
        except self._lost as lost:
            self._resume(lost)
            if frame["type"] == "verdict":  # all others are in what was resumed
                self._put(frame)

    def _put(self, frame: Json) -> None:
        self._n += 1
        self._socket.send(encode({**frame, "n": self._n}))

    def _receive(self, done: Callable[[], bool], again: Json | None = None) -> None:
        end = time.monotonic() + self._client.timeout
        while not done():
            try:
                self._take(self._socket.recv(max(0.0, end - time.monotonic())))
            except self._lost as lost:
                self._resume(lost)
                if again:
                    self._put(again)

    def _take(self, text: str) -> None:
        frame: Json = json.loads(text)
        if frame["type"] == "prediction":
            self._last = frame
        elif frame["type"] == "receipt":
            self.receipts[frame["id"]] = frame
        elif frame["type"] == "error":
            raise Refused(frame["code"], frame["message"])

    def _resume(self, lost: Exception) -> None:
        """Connect again and put the drawing back, in the middle of a stroke if need be."""
        if getattr(getattr(lost, "rcvd", None), "code", 0) == POLICY_VIOLATION:
            raise lost
        for wait in WAITS:
            time.sleep(wait)
            try:
                self._connect()
                self._put({"type": "charset", "charset": self._charset})
                return self._put({"type": "drawing", "strokes": self.strokes})
            except (OSError, self._lost) as error:
                lost = error
        raise ConnectionError(f"{self._client.url} does not answer any more") from lost

    def _connect(self) -> None:
        url, timeout = self._client.url, self._client.timeout
        opening = self._open(
            socket_url(url),
            origin=url,
            additional_headers=self._client.cookie_header(),
            compression=None,
            proxy=None,
            max_queue=None,
            open_timeout=timeout,
        )
        self._socket = opening.__enter__()  # it has to live as long as this object
        self._take(self._socket.recv(timeout))  # hello, or why not
        self._last = {}


def _described(drawing: Drawing) -> Json:
    if isinstance(drawing, str | Path):
        drawing = Path(drawing).read_bytes()
    if isinstance(drawing, bytes):
        return {"image": base64.b64encode(drawing).decode()}
    return {"strokes": drawing}


def _verdict(label: str | None) -> Json:
    return {"correct": True} if label is None else {"label": label}


def told(answer: Json) -> str:
    """Return a prediction as a person reads it: with the three likeliest characters."""
    pairs = sorted(zip(answer["probabilities"], LABELS, strict=True), reverse=True)[:3]
    likely = ", ".join(f"{label} {share:.1%}" for share, label in pairs)
    return f"{answer['label'] or 'not sure'} ({likely})"


def _read(client: Client, picture: bytes, options: argparse.Namespace) -> list[str]:
    said = [told(client.predict(picture, options.charset))]
    if options.correct:
        receipt = client.correct(picture, options.correct, charset=options.charset)
        said.append(f"correction {receipt['id']} is {receipt['status']}")
    return said


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the pictures that the command line names; correct them where it says what they are."""
    parser = argparse.ArgumentParser(description="Let a site of the recogniser read pictures.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="PNG, JPEG or WebP")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="(%(default)s)")
    parser.add_argument("--charset", choices=["digits", "letters", "all"], default="all")
    parser.add_argument("--correct", metavar="LABEL", help="send as corrections: they are this")
    options = parser.parse_args(arguments)
    try:
        client = Client(options.url)
    except ValueError as error:
        sys.exit(str(error))
    failed = 0
    for file in options.files:
        try:
            said = _read(client, Path(file).read_bytes(), options)
        except (Refused, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.filename is None:  # not the file: the site
                refused = isinstance(error, ConnectionRefusedError)
                hint = ": does the site run there?" if refused else ""
                sys.exit(f"{options.url}: {error}{hint}")
            print(f"{file}: {error}", file=sys.stderr)
            failed += 1
            continue
        print("\n".join(f"{file}: {line}" for line in said))
    if failed:
        sys.exit(f"{failed} of {len(options.files)} files failed.")


if __name__ == "__main__":
    main()
