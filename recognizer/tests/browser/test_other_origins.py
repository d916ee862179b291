"""What a browser lets pages of other origins do with the API: two ports of one machine are two."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from digitsite.tests import processes
from digitsite.tests.processes import Web

ASK = """
async ([method, address, body]) => {
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch(address, { method, body, headers: body ? headers : {} });
    return [answer.status, await answer.json(), answer.headers.get("Retry-After")];
  } catch (error) {
    return [0, error.name, null];
  }
}
"""
STROKES = '{"strokes": [[[0, 0], [40, 0], [15, 60]]]}'


class Blank(BaseHTTPRequestHandler):
    """A page without anything."""

    def do_GET(self) -> None:
        """Send it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page_elsewhere() -> Iterator[str]:
    """Serve a page on a port of its own; give its origin."""
    server = HTTPServer(("127.0.0.1", 0), Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    with page_elsewhere() as origin:
        yield origin


@pytest.fixture(scope="module")
def site(lab: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a site that lets the laboratory's pages use its API, five times a minute."""
    folder = tmp_path_factory.mktemp("site")
    limits = {"HTTP_PREDICTIONS_PER_SECOND": 1, "HTTP_PREDICTION_BURST": 5}
    with processes.web(folder / "s", folder / "log", CORS_ORIGINS=lab, **limits) as running:
        yield running


def ask(page: Page, method: str, address: str, body: str | None = None) -> list[Any]:
    told: list[Any] = page.evaluate(ASK, [method, address, body])
    return told


def test_an_allowed_page_reads_answers_and_errors(browser: Browser, site: Web, lab: str) -> None:
    api = f"{site.origin}/api/v1"
    page = browser.new_page()
    page.goto(lab)
    status, answer, _ = ask(page, "POST", f"{api}/predict", STROKES)
    assert (status, len(answer["probabilities"])) == (200, 36)
    assert ask(page, "POST", f"{api}/predict", "{}")[0] == 422
    told = [ask(page, "POST", f"{api}/predict", STROKES) for _ in range(9)]
    status, answer, retry = next(each for each in told if each[0] != 200)
    assert (status, answer["error"]["code"], retry) == (429, "rate", "1")
    status, receipt, _ = ask(page, "POST", f"{api}/corrections", STROKES[:-1] + ', "label": "7"}')
    assert (status, receipt["status"]) == (201, "pending")
    mine = f"{api}/corrections/{receipt['id']}"
    assert ask(page, "GET", mine)[0] == 200
    assert ask(page, "DELETE", mine)[0] == 403
    assert ask(page, "GET", f"{site.origin}/health/live")[0] == 0
    page.close()


def test_any_other_page_reads_nothing(browser: Browser, site: Web) -> None:
    with page_elsewhere() as elsewhere:
        page = browser.new_page()
        page.goto(elsewhere)
        for path in ("predict", "corrections"):
            assert ask(page, "POST", f"{site.origin}/api/v1/{path}", STROKES)[0] == 0
        assert ask(page, "GET", f"{site.origin}/api/v1/versions")[0] == 0
        page.close()
