"""Fixtures: a server with corrections in it, and moderators in front of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from digitsite.tests import processes
from digitsite.tests.processes import Web
from feedback.tests.browser.screen import Screen
from recognizer.tests.browser.conftest import browser, new_board  # noqa: F401 - fixtures

HERE = Path(__file__).parent
GROUPS = {
    "pace": 40,
    "ahead": 6,
    "labels": 4,
    "undo": 6,
    "asleep": 3,
    "select": 6,
    "panels": 4,
    "blind": 6,
    "replay": 12,
    "second": 6,
    "offline": 4,
    "lease": 9,
    "skip": 4,
    "end": 2,
    "fresh": 4,
    "axe": 8,
    "narrow": 4,
    "wakes": 1,
    "stale": 1,
    "same": 6,
}

NewScreen = Callable[..., Screen]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that it can be left out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a web process whose database has corrections that wait."""
    folder = tmp_path_factory.mktemp("web")
    with processes.web(folder / "state", folder / "log") as running:
        script = f"from feedback.tests.browser.filling import fill_for; fill_for({GROUPS})"
        status, said = processes.run("shell", "-v", "0", "-c", script, state=running.state)
        assert status == 0, said
        yield running
        assert "Traceback" not in running.log, running.log


@pytest.fixture
def new_screen(browser: Browser, web: Web) -> Iterator[NewScreen]:  # noqa: F811 - the fixture
    """Return a function that signs a moderator in, with options of `Browser.new_context`.

    Afterwards no page may have logged an error that its test has not declared.
    """
    screens: list[Screen] = []

    def sign_in(name: str = "mia", **options: Any) -> Screen:
        settings: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}} | options
        context = browser.new_context(**settings)
        screens.append(Screen(context, web.origin, name))
        return screens[-1].sign_in()

    yield sign_in
    for screen in screens:
        screen.context.close()
    for screen in screens:
        assert not screen.complaints()
