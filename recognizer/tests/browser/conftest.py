"""Fixtures: a real Chromium, a real server, and boards to draw on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from digitsite.tests import chromium, processes
from digitsite.tests.processes import Web
from recognizer.tests.browser.board import Board

HERE = Path(__file__).parent
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

NewBoard = Callable[..., Board]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that it can be left out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


# Playwright's loop counts as running for as long as it is open, which other tests would trip over:
# it lives no longer than this package's tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return a headless browser."""
    path = chromium.path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a web process that serves the released model."""
    folder = tmp_path_factory.mktemp("web")
    with processes.web(folder / "state", folder / "log") as running:
        yield running
        assert "Traceback" not in running.log, running.log


@pytest.fixture
def new_board(browser: Browser, web: Web) -> Iterator[NewBoard]:
    """Return a function that opens a page of its own, with options of `Browser.new_context`.

    Afterwards no page may have logged an error that its test has not declared.
    """
    boards: list[Board] = []

    def open_board(*, origin: str = web.origin, **options: Any) -> Board:
        context = browser.new_context(**(DESKTOP | options))
        boards.append(Board(context, origin))
        return boards[-1]

    yield open_board
    for board in boards:
        board.context.close()
    for board in boards:
        assert not board.complaints()


@pytest.fixture(scope="package")
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """Return a context that remembers files which never change, as a browser at home does."""
    context = browser.new_context(**DESKTOP)
    yield context
    context.close()


@pytest.fixture
def board(desk: BrowserContext, web: Web) -> Iterator[Board]:
    """Return an open page on a desktop, of somebody who has never been here."""
    desk.set_offline(False)
    board = Board(desk, web.origin)
    told = {"origin": web.origin, "storageTypes": "cookies,local_storage,indexeddb"}
    try:
        desk.new_cdp_session(board.page).send("Storage.clearDataForOrigin", told)
        yield board.open()
    finally:
        board.page.close()
    assert not board.complaints()
