"""The secret key: made once, private, long enough."""

import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from digitsite import secret_key


def test_it_makes_a_long_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = secret_key.read_or_create(path)
    assert len(key) >= 50
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_keeps_the_key(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    assert secret_key.read_or_create(path) == secret_key.read_or_create(path)
    assert list(tmp_path.iterdir()) == [path]


def test_it_closes_a_file_that_others_could_read(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("k" * 60)
    path.chmod(0o644)
    secret_key.read_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_refuses_a_short_key(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("short")
    with pytest.raises(ImproperlyConfigured, match="5 characters and needs at least 50"):
        secret_key.read_or_create(path)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(secret_key.read_or_create(path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
