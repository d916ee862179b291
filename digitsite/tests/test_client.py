"""The client that others copy, against a real server."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import pytest

from digitsite.tests import processes
from digitsite.tests.processes import ROOT, Web, wait_for
from examples.client import LABELS, Client, Live, Refused
from recognizer import alphabet
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing

SEVEN: list[list[list[float]]] = [[[0, 0], [40, 0], [15, 60]]]


@pytest.fixture(scope="module")
def site(server: Web, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return a web process that may be taught."""
    folder = tmp_path_factory.mktemp("taught")
    with processes.web(folder / "state", folder / "log", MODEL=model) as running:
        yield running
        assert "Traceback" not in running.log, running.log


@pytest.fixture
def client(site: Web) -> Client:
    return Client(site.origin)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a photograph-like picture of a seven: dark ink on light ground."""
    path = tmp_path / "seven.png"
    ink = rasterise(Drawing.of(SEVEN).ink())
    cv2.imwrite(str(path), 255 - cv2.resize(ink, (140, 140)))
    return path


def cut(live: Live) -> None:
    """Lose the connection without a word, as when a laptop is closed."""
    connection: socket.socket = live._socket.socket
    connection.shutdown(socket.SHUT_RDWR)


def test_its_labels_are_the_site_s() -> None:
    assert tuple(LABELS) == alphabet.LABELS


def test_it_reads_strokes_and_pictures(client: Client, picture: Path) -> None:
    drawn = client.predict(SEVEN, charset="digits")
    assert drawn["charset"] == "digits"
    assert len(drawn["probabilities"]) == len(LABELS)
    assert client.predict(picture)["image"] == client.predict(picture.read_bytes())["image"]


def test_it_corrects_and_follows_the_correction(client: Client, picture: Path) -> None:
    receipt = client.correct(SEVEN, "7", charset="digits", device="pen")
    assert receipt["status"] == "pending"
    assert client.receipt(receipt["id"]) == receipt
    name = str(uuid.uuid4())
    assert client.correct(picture, "7", id=name) == client.correct(picture, "7", id=name)
    assert client.correct(SEVEN)["label"] == client.predict(SEVEN)["label"]


def test_it_is_the_same_person_in_every_request_and_on_the_socket(client: Client) -> None:
    receipt = client.correct(SEVEN, "q")
    mine = client.ask("GET", "corrections")
    assert [one["id"] for one in mine] == [receipt["id"]]  # type: ignore[index]
    with client.live() as live:
        live.points(SEVEN[0])

        def is_personal() -> Any:
            live.charset("all")
            return live.prediction()["personal"]

        wait_for(is_personal, "the personal memory")
        assert live.prediction()["label"] == "q"


def test_it_lists_the_versions(client: Client) -> None:
    versions = client.versions()
    assert versions["serving"] == 1
    assert [version["number"] for version in versions["versions"]] == [1]


def test_a_refusal_has_the_server_s_words(client: Client) -> None:
    with pytest.raises(Refused, match="label") as refused:
        client.correct(SEVEN, "seven")
    assert refused.value.status == 422
    with pytest.raises(Refused) as nowhere:
        client.receipt(str(uuid.uuid4()))
    assert nowhere.value.status == 404


def test_it_draws_live(client: Client) -> None:
    whole = client.predict(SEVEN)
    with client.live() as live:
        live.points(SEVEN[0][:2])
        live.points(SEVEN[0][2:])
        answer = live.prediction()
        assert answer["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-5)
        live.points([[5, 30], [30, 30]], new_stroke=True)
        assert live.prediction()["probabilities"] != answer["probabilities"]
        live.undo()
        assert live.prediction()["probabilities"] == answer["probabilities"]
        live.charset("letters")
        assert sum(live.prediction()["probabilities"][:10]) == 0
        live.clear()
        assert live.prediction()["label"] is None
        with pytest.raises(Refused, match="no drawing to judge"):
            live.verdict("7")


def test_a_verdict_is_answered_by_a_receipt(client: Client) -> None:
    with client.live() as live:
        live.points(SEVEN[0])
        receipt = live.verdict("7", device="pen")
    assert client.receipt(receipt["id"])["label"] == "7"


def test_a_lost_connection_resumes_in_the_middle_of_a_stroke(client: Client) -> None:
    whole = client.predict(SEVEN, charset="digits")
    with client.live() as live:
        live.charset("digits")
        live.points(SEVEN[0][:2])
        live.prediction()
        cut(live)
        live.points(SEVEN[0][2:])
        assert live.prediction()["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-5)
        live.points([[5, 30], [30, 30]], new_stroke=True)
        cut(live)
        live.undo()
        assert live.prediction()["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-5)
        cut(live)
        receipt = live.verdict("7")
    assert client.receipt(receipt["id"])["label"] == "7"


def test_a_connection_that_is_lost_while_it_waits_resumes(client: Client) -> None:
    with client.live() as live:
        live.points(SEVEN[0])
        cut(live)
        assert live.prediction()["label"] == client.predict(SEVEN)["label"]


def test_a_site_that_stays_away_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.client.WAITS", (0.0, 0.1))
    with client.live() as live:
        monkeypatch.setattr(client, "url", f"http://127.0.0.1:{processes.free_port()}")
        cut(live)
        with pytest.raises(ConnectionError, match="does not answer any more"):
            live.clear()


def test_the_command_reads_a_picture_and_corrects_it(site: Web, picture: Path) -> None:
    status, said = run("--url", site.origin, "--correct", "7", str(picture))
    read, corrected = said.splitlines()
    assert status == 0
    assert read.startswith(f"{picture}: ")
    assert read.count("%") == 3
    assert corrected.endswith("is pending")


def test_the_command_names_what_it_could_not_read_and_reads_the_rest(
    site: Web, picture: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    files = [str(path) for path in (text, tmp_path / "gone.png", picture)]
    status, said = run("--url", site.origin, *files)
    assert status == 1
    assert f"{text}: send a PNG, JPEG or WebP picture" in said
    assert "gone.png: " in said
    assert f"{picture}: " in said
    assert "2 of 3 files failed." in said


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://x", "is not an address like"),
        (
            "http://127.0.0.1:abc",
            "'http://127.0.0.1:abc' is not an address like http://127.0.0.1:8",
        ),
        ("http://127.0.0.1:99999", "is not an address like"),
        ("http://127.0.0.1:0", "is not an address like"),
        ("http://[::1", "is not an address like"),
        ("http://:80", "is not an address like"),
        ("http://me:secret@127.0.0.1", "no answer in HTTP: check the address"),
        ("http://127.0.0.1:1", "Connection refused: does the site run there?\n"),
        ("http://nowhere.invalid", "http://nowhere.invalid: "),
    ],
)
def test_the_command_says_what_is_wrong(url: str, sentence: str, picture: Path) -> None:
    status, said = run("--url", url, str(picture))
    assert status == 1
    assert sentence in said
    assert "Traceback" not in said


def test_what_speaks_no_http_is_said(picture: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor() as pool:

        def greet() -> None:
            connection, _ = door.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")
                while connection.recv(65_536):
                    pass

        door.settimeout(processes.PATIENCE)
        pool.submit(greet)
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        status, said = run("--url", url, str(picture))
    assert status == 1
    assert said.startswith(f"{url}: no answer in HTTP: check the address (BadStatusLine(")
    assert said.count("\n") == 1


def run(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "examples/client.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=processes.PATIENCE, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout
