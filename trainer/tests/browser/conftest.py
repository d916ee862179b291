"""Fixtures: the whole site in one process tree, as `make run` starts it, and a moderator in it."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitsite.tests import processes
from digitsite.tests.processes import Web, free_port, wait_for
from feedback.tests.browser.conftest import new_screen  # noqa: F401 - a fixture
from recognizer.tests.browser.conftest import (  # noqa: F401 - fixtures
    browser,
    new_board,
)

HERE = Path(__file__).parent
READY = 120.0  # seconds until web, worker and beat are there on a busy machine
MODERATOR = (
    "from django.contrib.auth.models import Group, User;"
    "user = User.objects.create_user('mia', password='mia', is_staff=True);"
    "user.groups.add(Group.objects.get(name='Moderators'))"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that it can be left out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return the web process of a site that learns at once from whatever is approved."""
    folder = tmp_path_factory.mktemp("site")
    state, log, port = folder / "state", folder / "log", free_port()
    site = processes.start(
        "serve", "--port", str(port),
        state=state, log=log, TRAIN_AFTER_SECONDS=0, DATA_DIR=folder / "none",
    )  # fmt: skip
    running = Web(site, port, state, log)
    try:
        wait_for(lambda: "ready to learn" in running.log or site.poll() is not None, "it", READY)
        assert site.poll() is None, running.log
        status, said = processes.run("shell", "-v", "0", "-c", MODERATOR, state=state)
        assert status == 0, said
        yield running
        assert "Traceback" not in running.log, running.log
    finally:
        site.send_signal(signal.SIGTERM)
        try:
            site.wait(processes.PATIENCE)
        except subprocess.TimeoutExpired:
            site.kill()
            site.wait()
