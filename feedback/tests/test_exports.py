"""Exports: whole, streamed, for those who may; and what is exported can be imported."""

import csv
import io
import json
import os
import pty
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, load_command_class
from django.test import AsyncClient, Client, TestCase

from feedback import exports, imports
from feedback.decisions import decide, undo
from feedback.erasure import withdraw
from feedback.models import Correction, CorrectionQuerySet, ReviewEvent, Status
from feedback.tests.making import SEVEN, correction, moderator, person, scrawl, user_with
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing

ROUTES = [f"/api/v1/corrections.{form}" for form in ("csv", "jsonl", "npz")]

pytestmark = pytest.mark.django_db


@pytest.fixture
def exporter(client: Client) -> Client:
    client.force_login(user_with("ex", "export_correction"))
    return client


@pytest.fixture
def rows() -> list[Correction]:
    """Corrections in every state, a copy and an uploaded picture among them."""
    mo = moderator()
    made = [correction(seed, label=label) for seed, label in enumerate("70ab")]
    Correction.objects.filter(pk=made[0].pk).update(personal=True)
    made.append(correction(0, label="7", person=person()))
    picture = rasterise(Drawing.of(scrawl(9)).ink())
    made.append(correction(9, strokes=None, raster=picture, label="z"))
    decide([made[1].pk], "approve", mo, reason="plain")
    decide([made[2].pk], "reject", mo)
    decide([made[3].pk], "relabel", mo, label="d")
    (done,) = decide([made[3].pk], "revoke", mo).decided
    undo([done.event], mo)
    decide([made[3].pk], "revoke", mo)
    return made


def everything() -> tuple[list[Any], list[Any]]:
    corrections = list(Correction.objects.order_by("pk").values())
    events = [
        {name: value for name, value in event.items() if name != "id"}
        for event in ReviewEvent.objects.order_by("correction", "pk").values()
    ]
    return corrections, events


def wipe() -> None:
    """Empty the tables, which no code of ours can."""
    Correction._base_manager.all().delete()
    ReviewEvent._base_manager.all().delete()


def lines() -> list[str]:
    return b"".join(exports.jsonl(Correction.objects.all())).decode().splitlines()


def content(client: Client, route: str, **query: Any) -> bytes:
    answer: Any = client.get(route, query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.mark.usefixtures("rows")
def test_csv_is_label_and_784_pixels(exporter: Client) -> None:
    head, *found = csv.reader(io.StringIO(content(exporter, ROUTES[0]).decode()))
    assert head[:2] == ["label", "pixel0"]
    assert len(head) == 785
    items = Correction.objects.items().order_by("created")
    assert [row[0] for row in found] == [item.label for item in items]
    pixels = np.array([row[1:] for row in found], np.uint8).reshape(-1, 28, 28)
    assert (pixels == np.stack([item.raster for item in items])).all()


@pytest.mark.usefixtures("rows")
def test_npz_is_images_and_labels(exporter: Client) -> None:
    archive = np.load(io.BytesIO(content(exporter, ROUTES[2])), allow_pickle=False)
    items = list(Correction.objects.items().order_by("created"))
    assert archive["images"].dtype == np.uint8
    assert (archive["images"] == np.stack([item.raster for item in items])).all()
    assert archive["labels"].tolist() == [item.label for item in items]
    assert archive["ids"].tolist() == [str(item.pk) for item in items]
    assert archive["status"].tolist() == [item.status for item in items]


@pytest.mark.usefixtures("rows")
def test_jsonl_has_the_strokes_and_the_history(exporter: Client) -> None:
    found = [json.loads(line) for line in content(exporter, ROUTES[1]).splitlines()]
    assert len(found) == 6
    revoked = next(row for row in found if row["status"] == "revoked")
    assert revoked["strokes"] == scrawl(3)
    actions = [event["action"] for event in revoked["history"]]
    assert actions == ["submit", "relabel", "revoke", "undo", "revoke"]
    assert revoked["history"][1]["label"] == ["b", "d"]
    assert revoked["history"][1]["by"] == "mo"


@pytest.mark.usefixtures("rows")
def test_an_export_can_be_limited_to_a_status(exporter: Client) -> None:
    found = content(exporter, ROUTES[1], status=["approved", "rejected"]).splitlines()
    assert {json.loads(line)["status"] for line in found} == {"approved", "rejected"}
    assert exporter.get(ROUTES[1], {"status": "odd"}).status_code == 422


@pytest.mark.parametrize("route", ROUTES)
def test_there_is_a_404_with_a_sentence_while_there_is_nothing(
    exporter: Client, route: str
) -> None:
    answer = exporter.get(route)
    assert answer.status_code == 404
    assert "no corrections to export yet" in answer.json()["error"]["message"]
    correction()
    assert exporter.get(route).status_code == 200
    assert exporter.get(route, {"status": "approved"}).status_code == 404


ROLES: dict[str, tuple[int, Callable[[], User | None]]] = {
    "anonymous": (403, lambda: None),
    "plain": (403, lambda: user_with("plain")),
    "staff": (403, lambda: user_with("staff", is_staff=True)),
    "moderator": (403, moderator),
    "exporter": (200, lambda: user_with("exporter", "export_correction")),
    "superuser": (200, lambda: User.objects.create_superuser("root")),
    "inactive": (403, lambda: user_with("gone", "export_correction", is_active=False)),
}


@pytest.mark.parametrize("role", ROLES)
def test_exporting_needs_its_own_permission(client: Client, role: str) -> None:
    correction()
    status, make = ROLES[role]
    if user := make():
        client.force_login(user)
    for route in ROUTES:
        assert client.get(route).status_code == status


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_submit_and_delete_their_own(client: Client, role: str) -> None:
    _, make = ROLES[role]
    if user := make():
        client.force_login(user)
    others = correction()
    body = json.dumps({"strokes": SEVEN, "label": "7"})
    told = client.post("/api/v1/corrections", body, content_type="application/json").json()
    assert client.delete(f"/api/v1/corrections/{others.pk}").status_code == 403
    assert client.delete(f"/api/v1/corrections/{told['id']}").status_code == 200


class UnderAsgi(TestCase):
    """The pieces are made one by one, each when it is asked for."""

    def setUp(self) -> None:
        correction()
        self.user = user_with("exporter", "export_correction")
        self.made: list[int] = []

    def three(self, _: CorrectionQuerySet) -> Iterator[bytes]:
        for k in range(3):
            self.made.append(k)
            yield b"piece"

    async def test_an_export_is_streamed_without_reading_ahead(self) -> None:
        client = AsyncClient()
        await client.aforce_login(self.user)
        with patch.dict(exports.FORMATS, csv=self.three):
            answer: Any = await client.get(ROUTES[0])
        pieces = aiter(answer.streaming_content)
        assert await anext(pieces) == b"piece"
        assert self.made == [0]
        assert [piece async for piece in pieces] == [b"piece"] * 2


@pytest.mark.usefixtures("rows")
def test_importing_an_export_gives_the_same_rows_and_history() -> None:
    before, exported = everything(), lines()
    wipe()
    done = imports.read(exported)
    assert (done.stored, done.known, done.erased) == (6, 0, 0)
    assert everything() == before
    assert lines() == exported


@pytest.mark.usefixtures("rows")
def test_importing_twice_changes_nothing() -> None:
    before, exported = everything(), lines()
    done = imports.read(exported)
    assert (done.stored, done.known) == (0, 6)
    assert everything() == before


def test_what_was_deleted_here_does_not_come_back() -> None:
    row = correction()
    exported = lines()
    withdraw([row.pk], ["anonymous:a"])
    assert imports.read(exported).erased == 1
    assert not Correction.objects.exists()


def test_a_user_s_number_elsewhere_is_nobody_s_here() -> None:
    user = User.objects.create_user("jo")
    correction(person=person(f"user:{user.pk}"))
    Correction.objects.update(user=user)
    exported = lines()
    wipe()
    user.delete()
    stranger = User.objects.create_user("stranger", id=user.pk)
    imports.read(exported)
    assert not Correction.objects.visible_to(f"user:{stranger.pk}").exists()


def changed(line: str, **fields: Any) -> str:
    return json.dumps({**json.loads(line), **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"schema": 2},
        {"id": "7"},
        {"label": "99"},
        {"label": "../x"},
        {"submitted_label": ""},
        {"status": "live"},
        {"confidence": 2},
        {"pixels": "AAAA"},
        {"pixels": "@"},
        {"strokes": [[[0]]]},
        {"strokes": [[["0", 1]]]},
        {"strokes": [[[1e300, 1]]]},
        {"created": "yesterday"},
        {"created": "2026-01-01T00:00:00"},
        {"submitter": "root"},
        {"history": [{"action": "dance"}]},
        {"odd": 1},
    ],
    ids=str,
)
def test_a_file_that_is_not_ours_is_refused_whole(fields: dict[str, Any]) -> None:
    correction(1)
    correction(2)
    good, other = lines()
    wipe()
    with pytest.raises(imports.ImportProblem, match="line 2"):
        imports.read([good, changed(other, **fields)])
    assert not Correction.objects.exists()


def test_the_commands_export_and_import(tmp_path: Path, rows: list[Correction]) -> None:
    before = everything()
    target = tmp_path / "all.jsonl"
    call_command("export", output=str(target), stderr=io.StringIO())
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]
    wipe()
    out = io.StringIO()
    call_command("import", str(target), json=True, stdout=out)
    assert json.loads(out.getvalue()) == {"stored": len(rows), "known": 0, "erased": 0}
    assert everything() == before
    for form in ("csv", "npz"):
        target = tmp_path / f"approved.{form}"
        call_command("export", format=form, status=["approved"], output=str(target), stderr=out)
        assert target.stat().st_size > 784


@pytest.mark.usefixtures("rows")
def test_the_name_of_the_file_says_the_format(tmp_path: Path) -> None:
    target, written = tmp_path / "corrections.CSV", io.StringIO()
    call_command("export", "--output", str(target), "--json", stdout=written)
    assert json.loads(written.getvalue())["format"] == "csv"
    assert target.read_text().startswith("label,pixel0,")
    before = target.read_bytes()
    with pytest.raises(CommandError, match=r"x\.xyz could hold anything: end it in \.csv, \.jsonl"):
        call_command("export", "--output", str(tmp_path / "x.xyz"))
    with pytest.raises(CommandError, match=r"CSV would hold jsonl: name it \.jsonl, or leave out"):
        call_command("export", "--output", str(target), "--format", "jsonl")
    assert target.read_bytes() == before
    call_command("export", "--output", str(tmp_path / "x"), stderr=written)
    assert json.loads((tmp_path / "x").read_text().splitlines()[0])["schema"] == 1


@pytest.mark.parametrize("umask", [0o022, 0])
def test_what_says_who_drew_what_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    correction()
    (tmp_path / ".x.jsonl.part").touch(mode=0o644)  # an export was killed here
    before = os.umask(umask)
    try:
        call_command("export", "--output", str(tmp_path / "x.jsonl"), stderr=io.StringIO())
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]
    assert (tmp_path / "x.jsonl").stat().st_mode & 0o777 == 0o600


def test_npz_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    correction()
    terminal, process = pty.openpty()
    try:
        with os.fdopen(process, "w") as screen, monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", screen)
            with pytest.raises(CommandError, match="name a file with --output"):
                call_command("export", "--format", "npz")
    finally:
        os.close(terminal)


def test_the_help_of_the_export_shows_the_defaults() -> None:
    said = load_command_class("feedback", "export").create_parser("manage.py", "export")
    help_ = " ".join(said.format_help().split())
    assert "(default: what the file's name ends with, else jsonl)" in help_
    assert "is the standard output (-)" in help_


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("form", "written", "copies"), [("csv", 5, 1), ("npz", 5, 1), ("jsonl", 6, 0)]
)
def test_it_is_said_how_many_were_written_and_how_many_copies_were_not(
    tmp_path: Path, form: str, written: int, copies: int
) -> None:
    target, out, err = tmp_path / "x", io.StringIO(), io.StringIO()
    call_command("export", format=form, output=str(target), json=True, stdout=out)
    assert json.loads(out.getvalue()) == {
        "file": str(target), "format": form, "written": written, "copies_left_out": copies,
    }  # fmt: skip
    call_command("export", format=form, output=str(target), stderr=err)
    assert f"{written} corrections" in err.getvalue()
    assert ("; without 1 copy (jsonl has all)." in err.getvalue()) == bool(copies)


def test_copies_alone_are_nothing_to_train_on(tmp_path: Path) -> None:
    correction()
    copy = correction(person=person())
    since = copy.created.isoformat()
    with pytest.raises(CommandError, match="nothing to export"):
        call_command("export", "--since", since, "--format", "csv", "--output", str(tmp_path / "x"))
    with pytest.raises(CommandError, match="--json needs --output FILE"):
        call_command("export", "--json")


def test_the_commands_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing to export"):
        call_command("export", output=str(tmp_path / "x"))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import", str(tmp_path / "none"))
    (tmp_path / "odd").write_text("odd\n")
    with pytest.raises(
        CommandError, match=r"line 1 is not JSON: only what .*--format jsonl` wrote"
    ):
        call_command("import", str(tmp_path / "odd"))
    (tmp_path / "odd").write_bytes(b"PK\xff")
    with pytest.raises(CommandError, match=r"is not text: only what .*--format jsonl` wrote"):
        call_command("import", str(tmp_path / "odd"))
    (tmp_path / "odd").write_text("\n")
    with pytest.raises(CommandError, match="Nothing was imported: the file is empty"):
        call_command("import", str(tmp_path / "odd"), "--json")
    with pytest.raises(CommandError, match="'x' is not a time like 2026-01-31"):
        call_command("export", "--since", "x")
    correction()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", output=str(tmp_path / "no" / "x"))


def test_a_copy_whose_item_is_not_in_the_file_becomes_an_item() -> None:
    correction()
    copy = correction(person=person())
    exported = [line for line in lines() if str(copy.pk) == json.loads(line)["id"]]
    wipe()
    imports.read(exported)
    assert Correction.objects.get().duplicate_of is None
    assert Correction.objects.get().status == Status.PENDING


def test_ids_are_unique_within_a_file() -> None:
    correction()
    (line,) = lines()
    with pytest.raises(imports.ImportProblem, match="line 2"):
        imports.read([line, line])
    assert uuid.UUID(json.loads(line)["id"])
