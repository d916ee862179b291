"""Versions from the command line: what is refused is said plainly, and programs read JSON."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from recognizer import registry, withdrawals
from recognizer.checkpoints import MODEL, digest, verify
from recognizer.models import Promotion, ServingProcess
from recognizer.predictor import Predictor
from recognizer.tests.making_versions import made, promoter

pytestmark = pytest.mark.django_db
BY = ("--by", "pro", "--reason", "because")


def text(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def told(*arguments: str) -> Any:
    return json.loads(text(*arguments, "--json"))


@pytest.fixture(autouse=True)
def _versions(state: Path) -> None:
    promoter("pro")
    made(), made()


def test_versions_are_listed_with_the_champion_and_who_serves_them() -> None:
    registry.promote(2, reason="x", expected=1)
    for name, version in (("a", 2), ("b", 1)):
        ServingProcess.objects.create(process=name, version=version, seen_at=timezone.now())
    ServingProcess.objects.filter(pk="b").update(refused=2, problem="no such file")
    listed = told("versions")
    assert (listed["champion"], listed["previous"]) == (2, 1)
    assert [version["number"] for version in listed["versions"]] == [3, 2, 1]
    assert [version["role"] for version in listed["versions"]] == ["", "champion", "previous"]
    assert [version["parent"] for version in listed["versions"]] == [1, 1, None]
    assert listed["versions"][1]["serving"] == [1, 2]
    lines = text("versions").splitlines()
    assert lines[1].split()[:3] == ["2", "champion", "registered"]
    assert lines[1].endswith("live in 1 of 2")
    assert lines[3] == "b refuses version 2: no such file"


def test_a_version_is_promoted_and_rolled_back() -> None:
    line = told("promote", "2", *BY)
    assert (line["kind"], line["from"], line["to"]) == ("promote", 1, 2)
    assert (line["by"], line["reason"]) == ("pro", "because")
    assert "Version 3 is the champion now, after version 2." in text("promote", "3", *BY)
    assert told("rollback", *BY)["to"] == 2
    assert told("rollback", *BY, "--to", "1")["to"] == 1
    assert registry.champion().version_id == 1


def test_who_wants_to_go_forward_again_is_led_to_promote() -> None:
    for number in ("2", "3"):
        told("promote", number, *BY)
    told("rollback", *BY)
    with pytest.raises(CommandError) as error:
        call_command("rollback", *BY, "--to", "3")
    assert str(error.value) == (
        "Nothing was changed: version 3 is newer than version 2, the champion, so it can only be "
        "promoted: `manage.py promote 3`."
    )
    assert registry.champion().version_id == 2


def test_back_to_a_newer_version_that_was_champion_before_this_one_is_a_rollback() -> None:
    for number in ("3", "2"):
        told("promote", number, *BY)
    assert told("rollback", *BY, "--to", "3")["to"] == 3  # where it leads without --to, too


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("promote", "9", *BY), "Nothing was changed: there is no version 9."),
        (("promote", "1", *BY), "version 1 is the champion already"),
        (
            ("promote", "2", "--by", "nobody", "--reason", "x"),
            "'nobody': `manage.py createsuperuser` or",
        ),
        (("promote", "2", "--by", "any", "--reason", "x"), "any may not do this"),
        (("promote", "2", "--by", "pro", "--reason", " "), "a reason is needed"),
        (("promote", "2", *BY, "--expected", "3"), "you expected version 3"),
        (("promote", "2", "--by", "pro"), "--reason"),
        (("promote", "two", *BY), "invalid int value"),
        (("rollback", *BY), "no version before version 1"),
        (("rollback", *BY, "--to", "3"), "never champion"),
        (("who_served", "--at", "yesterday"), "is not a time like"),
        (("who_served", "--at", "1999-01-01"), "No version was served"),
        (("who_served", "--at", "2999-01-01"), "2999-01-01T00:00:00+00:00 is in the future"),
        (("versions", "--broken", "3"), "--by is needed for this"),
        (
            ("versions", "--broken", "9", "--by", "pro"),
            "Nothing was changed: there is no version 9.",
        ),
    ],
)
def test_what_is_refused_is_said_plainly(arguments: tuple[str, ...], why: str) -> None:
    User.objects.create_user("any")
    with pytest.raises(CommandError) as error:
        call_command(*arguments)
    assert why in str(error.value)
    assert error.value.returncode == 1
    assert Promotion.objects.count() == 1


def test_an_option_without_what_it_belongs_to_is_refused() -> None:
    with pytest.raises(CommandError, match="--by does nothing without --broken N") as error:
        call_command("versions", "--by", "pro")
    assert error.value.returncode == 2


def test_who_served_reads_the_ledger() -> None:
    before = timezone.now()
    told("promote", "2", *BY)
    assert told("who_served", "--at", before.isoformat())["version"] == 1
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%f")  # without a zone it is UTC
    served = told("who_served", "--at", now)
    assert (served["version"], served["since"]["by"]) == (2, "pro")
    assert served["sha256"] == registry.champion().version.sha256
    said = text("who_served", "--at", now)
    assert said.startswith("Version 2, champion since ")
    assert said.endswith("(promote by pro: because).")
    registry.promote(3, reason="looked", expected=2, run=7, override=True)
    said = text("who_served", "--at", timezone.now().isoformat())
    assert said.endswith("(promote by the machine, the gate of run 7 overridden: looked).")


def test_who_goes_back_is_told_what_that_version_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawals, "_count", {1: 0, 2: 2}.__getitem__)
    assert "Version 2 learned from 2 corrections that were taken back" in text("promote", "2", *BY)
    assert "taken back" not in text("rollback", *BY)


def test_a_version_is_marked_as_broken_and_skipped_from_then_on() -> None:
    for number in (2, 3):
        registry.promote(number, reason="x", expected=number - 1)
    with pytest.raises(CommandError, match=r"changed: version 3 is the champion: roll back first"):
        call_command("versions", "--broken", "3", "--by", "pro")
    with pytest.raises(CommandError, match=r"version 1 is an anchor, to which a site goes back"):
        call_command("versions", "--broken", "1", "--by", "pro")
    User.objects.create_user("any")
    with pytest.raises(CommandError, match="any may not do this"):
        call_command("versions", "--broken", "2", "--by", "any")
    listed = told("versions", "--broken", "2", "--by", "pro")
    assert [version["status"] for version in listed["versions"]][1] == "broken"
    assert told("rollback", *BY)["to"] == 1


def test_a_version_is_copied_out_of_the_store(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    told_of = told("export_version", "2", str(target))
    assert sorted(path.name for path in target.iterdir()) == [
        "card.json", "card.md", "model.onnx", "weights.safetensors",
    ]  # fmt: skip
    assert verify(target).number == 2
    assert told_of["sha256"]["model.onnx"] == digest(target / MODEL)
    assert Predictor.load(target).version == 2
    assert text("export_version", "1", str(tmp_path / "anchor")).startswith("Version 1 is in ")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_copied_is_said_and_nothing_is_replaced(tmp_path: Path, state: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(CommandError, match="kept exists already: name a new folder"):
        text("export_version", "2", str(kept))
    assert list(kept.iterdir()) == []
    with pytest.raises(CommandError, match="There is no version 9"):
        text("export_version", "9", str(tmp_path / "x"))
    with pytest.raises(CommandError, match="cannot be written"):
        text("export_version", "2", str(tmp_path / "none" / "x"))
    (state / "versions" / "v000002" / MODEL).write_bytes(b"altered")
    with pytest.raises(CommandError, match=r"Version 2 is not whole: .*SHA-256"):
        text("export_version", "2", str(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
