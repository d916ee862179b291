"""`evaluate` and `compare` from a fresh clone to a locked test set."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from recognizer.alphabet import LABELS
from recognizer.models import ModelVersion, SplitOpening
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.tests.making_versions import folder_of, made
from trainer import answering, evaluating, splits, subjects
from trainer.export import write_version
from trainer.tests.handwriting import write_mnist, write_stroke_file
from trainer.tests.learning import tiny_network

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state")]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """No data, one hand and few scribbles: the network is asked for every sample."""
    settings.DATA_DIR = Path("/nowhere/at/all")
    monkeypatch.setattr(splits, "_HANDS", (404, 1))
    monkeypatch.setattr(answering, "REPORTED_SCRIBBLES", 15)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def tiny_version(folder: Path, number: int = 2) -> Path:
    """Write a version whose network reads badly."""
    card: dict[str, Any] = json.loads((PACKAGED_ANCHOR / "card.json").read_bytes())
    card |= {"number": number, "name": "tiny", "metrics": {}}
    images = np.random.default_rng(0).integers(0, 255, (3, 28, 28), np.uint8)
    write_version(folder, tiny_network(), images, card)
    return folder


def test_a_fresh_clone_measures_on_parametric_handwriting_and_says_so(tmp_path: Path) -> None:
    said = run("evaluate", "champion", "--out", str(tmp_path / "out"))
    assert "Version 1 (anchor) on parametric handwriting" in said
    assert "not how well it reads people" in said
    assert "manage.py fetch_data" in said
    assert "parametric upper" in said
    page = (tmp_path / "out/report.html").read_text()
    assert "not how well it reads people" in page
    assert "mnist-test on 20" in page  # what was opened before


def test_a_folder_that_is_named_and_holds_nothing_is_no_reason_to_measure_something_else() -> None:
    with pytest.raises(CommandError, match=r"none of the sets .* is below /mistyped"):
        run("evaluate", "champion", "--data-dir", "/mistyped")


def test_programs_get_json_alone_and_no_files(state: Path) -> None:
    told = json.loads(run("evaluate", "1", "--json"))
    assert (told["version"], told["split"]) == (1, "parametric")
    assert told["overall"]["samples"] == 36
    assert len(told["labels"]) == len(LABELS)
    assert not (state / "reports").exists()


def test_the_report_goes_below_the_state_directory_by_default(state: Path) -> None:
    said = run("evaluate", "anchor")
    assert str(state / "reports/version-1-parametric/report.html") in said
    assert (state / "reports/version-1-parametric/report.json").exists()


def test_a_version_folder_is_measured_on_the_people_whom_it_set_aside(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_stroke_file(root / "strokes/pendigits.jsonl.gz", "17")
    folder = tiny_version(tmp_path / "version")
    path = folder / "card.json"
    card = json.loads(path.read_text())
    card["data"]["sources"] = {"pendigits": {"validation": 4, "held_out_writers": ["w03"]}}
    path.write_text(json.dumps(card))
    with pytest.raises(CommandError, match=r"set that version 2 \(tiny\) was trained with"):
        run("evaluate", str(folder), "--data-dir", str(root))
    card["data"]["sources"]["pendigits"] = {
        "validation": 8, "held_out_writers": ["w02", "w03"],
    }  # fmt: skip
    path.write_text(json.dumps(card))
    told = json.loads(run("evaluate", str(folder), "--data-dir", str(root), "--json"))
    assert told["split"] == "validation"
    assert {each["name"] for each in told["writers"]} == {"w02", "w03"}
    assert told["devices"][0]["name"] == "pen"


def test_a_test_set_that_the_card_tells_of_stays_shut_until_somebody_insists(
    tmp_path: Path,
) -> None:
    write_mnist(tmp_path)
    look = ("evaluate", "1", "--split", "mnist-test", "--data-dir", str(tmp_path), "--json")
    with pytest.raises(CommandError, match=r"opened with version 1.*--again"):
        run(*look)
    assert not SplitOpening.objects.exists()
    told = json.loads(run(*look, "--again", "--by", "ada"))
    row = SplitOpening.objects.get()
    assert (row.by, row.again, row.version) == ("ada", True, 1)
    assert row.result["hinted"] == told["overall"]["hinted"]
    assert row.split_sha256 == told["split_sha256"]
    with pytest.raises(CommandError, match="2 times in all"):
        run(*look)


def test_a_fresh_version_may_look_once_and_a_copy_of_it_no_more(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data")
    folder = tiny_version(tmp_path / "version")
    options = ("--split", "mnist-test", "--data-dir", str(tmp_path / "data"), "--json")
    run("evaluate", str(folder), *options)
    assert not SplitOpening.objects.get().again
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with pytest.raises(CommandError, match="Nothing was measured: mnist-test was opened"):
        run("evaluate", str(copy), *options)
    with pytest.raises(CommandError, match="mnist-test was opened"):
        run("compare", str(PACKAGED_ANCHOR), str(copy), *options)


def test_two_versions_are_compared_with_a_report(tmp_path: Path) -> None:
    folder = tiny_version(tmp_path / "version")
    out = tmp_path / "out"
    said = run("compare", "anchor", str(folder), "--split", "parametric", "--out", str(out))
    assert "Version 2 (tiny) is worse" in said
    assert "exact binomial" in said or "chi-square" in said
    assert "Lost: right with version 1 (anchor)" in (out / "report.html").read_text()
    figures = json.loads((out / "report.json").read_text())
    assert [each["version"] for each in figures["versions"]] == [1, 2]
    assert figures["before"] > figures["after"]
    assert len(figures["lost"]) == figures["test"]["lost"]


def test_comparing_a_version_with_itself_finds_no_difference() -> None:
    told = json.loads(run("compare", "anchor", "champion", "--json"))
    assert (told["difference"], told["test"]["p"]) == (0, 1)


def test_versions_that_set_other_people_aside_are_not_compared_on_them(tmp_path: Path) -> None:
    folder = tiny_version(tmp_path / "version")
    card = json.loads((folder / "card.json").read_text())
    card["data"]["sources"] = {"pendigits": {"held_out_writers": ["w01"]}}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(CommandError, match="other writers aside"):
        run("compare", "anchor", str(folder))


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("99", "there is no version 99: `manage.py versions` lists them"),
        ("nonsense", "neither a version's number nor champion, anchor or a version folder"),
    ],
)
def test_what_is_no_version_is_refused(version: str, reason: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("evaluate", version)
    assert reason in str(refused.value)


def test_a_damaged_version_is_not_measured() -> None:
    version = made()
    (folder_of(version) / "model.onnx").write_bytes(b"no network")
    with pytest.raises(CommandError, match="does not match the SHA-256"):
        run("evaluate", str(version.number))


def test_a_challenger_is_measured_on_the_people_whom_its_anchor_set_aside(tmp_path: Path) -> None:
    network, images = tiny_network(), np.zeros((2, 28, 28), np.uint8)
    anchor: dict[str, Any] = json.loads((PACKAGED_ANCHOR / "card.json").read_bytes())
    challenger = anchor | {
        "number": 2,
        "data": {"anchor": {"version": 1, "weights": anchor["sha256"]["weights.safetensors"]}},
    }
    write_version(tmp_path / "challenger", network, images, challenger)
    found = subjects.find(str(tmp_path / "challenger"))
    assert found.sources == anchor["data"]["sources"]
    challenger["data"] = {"anchor": {"version": 1, "weights": "0" * 64}}
    write_version(tmp_path / "stray", network, images, challenger)
    with pytest.raises(subjects.Unknown, match="not known here"):
        subjects.find(str(tmp_path / "stray"))


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            "connection refused",
            r"database does not answer \(connection refused\): see that it runs",
        ),
        (
            "no such table: x",
            r"database is not up to date \(no such table: x\): run `manage.py prep",
        ),
    ],
)
def test_why_a_version_cannot_be_looked_up_is_told_with_what_needs_no_database(
    why: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> ModelVersion:
        raise OperationalError(why)

    monkeypatch.setattr(subjects, "_row", fail)
    with pytest.raises(CommandError, match=rf'{said}.* or name "anchor" or the path'):
        run("evaluate", "champion")


def test_the_learning_curve_is_what_the_gates_measured() -> None:
    second, third = made("second"), made("third")
    for row, base in ((second, 0.985), (third, 0.99)):
        ModelVersion.objects.filter(pk=row.pk).update(
            metrics={"base": base, "base_anchor": 0.98, "gate_set": 9000, "corrections": row.pk}
        )
    made("measured by no gate")
    found = evaluating.history()
    assert [(each.name, each.accuracy) for each in found] == [
        ("1 (anchor)", 0.98), ("2", 0.985), ("3", 0.99),
    ]  # fmt: skip
    assert [each.limit for each in found] == [None, pytest.approx(0.9775), pytest.approx(0.9775)]
    assert found[-1].corrections == 3
