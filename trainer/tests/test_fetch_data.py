"""The command that fetches data sets, with files in the expected layout in place of a network."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from trainer import nist
from trainer.tests.handwriting import write_mnist


def fetched(folder: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("fetch_data", "--data-dir", str(folder), *arguments, stdout=out)
    return out.getvalue()


def test_what_is_there_is_counted_and_not_fetched(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    said = fetched(tmp_path, "--sets", "mnist")
    assert said.startswith("mnist: ")
    assert " 0 images" not in said


def test_without_a_network_it_says_where_the_files_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unreachable:
        def __init__(self, *_: object, **__: object) -> None:
            raise OSError("no route to host")

    class Datasets:
        MNIST = EMNIST = Unreachable

    monkeypatch.setattr(nist, "import_datasets", Datasets)
    for name, title in (("mnist", "MNIST"), ("emnist-letters", "EMNIST")):
        with pytest.raises(CommandError, match=rf"^{title} could not be fetched.*raw\.$"):
            fetched(tmp_path, "--sets", name)


def test_programs_read_how_many_there_are(tmp_path: Path) -> None:
    write_mnist(tmp_path, count=7)
    told = json.loads(fetched(tmp_path, "--sets", "mnist", "mnist", "--json"))
    assert told == {"folder": str(tmp_path), "images": {"mnist": 7}}
