"""Fixtures that start real processes; one web process serves every test that does not change it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitsite.tests import processes, tiny_version
from digitsite.tests.processes import Web


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a version folder that can be served."""
    return tiny_version.write(tmp_path_factory.mktemp("versions") / "tiny")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Web]:
    """Return a running web process that no test stops."""
    folder = tmp_path_factory.mktemp("server")
    with processes.web(folder / "state", folder / "log", MODEL=model) as running:
        yield running
        assert "Traceback" not in running.log, running.log


@pytest.fixture
def state(server: Web, tmp_path: Path) -> Path:
    """Return a state directory of the test's own that needs no preparation any more."""
    copy = tmp_path / "state"
    shutil.copytree(server.state, copy, ignore=shutil.ignore_patterns("*.lock", "db.sqlite3-*"))
    copy.chmod(0o700)
    return copy
