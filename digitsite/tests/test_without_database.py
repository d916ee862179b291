"""A web process whose database is down when it starts: it serves the last good version."""

import json
from pathlib import Path

from digitsite.tests import processes
from digitsite.tests.processes import Web, wait_for
from recognizer.publishing import sha256_of
from recognizer.serving import LAST_GOOD
from recognizer.tests.making_versions import files_of

DRAWING = {"strokes": [[[0, 0], [40, 0], [15, 60]]]}


def left_by_the_last_process(state: Path, number: int) -> None:
    """Leave a version folder and the note that it serves."""
    files = files_of(number)
    folder = state / "versions" / f"v{number:06d}"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    noted = {"folder": folder.name, "sha256": sha256_of(files["card.json"])}
    (state / LAST_GOOD).write_text(json.dumps(noted))


def test_it_starts_and_predicts_with_the_last_good_version(state: Path, tmp_path: Path) -> None:
    log, port = tmp_path / "web.log", processes.free_port()
    left_by_the_last_process(state, 7)
    down = f"postgresql://nobody@127.0.0.1:{processes.free_port()}/none"
    process = processes.start(
        "web", "--prepared", "--port", str(port), state=state, log=log, DATABASE_URL=down
    )
    web = Web(process, port, state, log)
    try:
        wait_for(lambda: "listening" in web.log or process.poll() is not None, "the web process")
        assert process.poll() is None, web.log
        body = json.dumps(DRAWING).encode()
        head = (
            f"POST /api/v1/predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        status, _, answer = web.ask(head.encode() + body)
        assert (status, json.loads(answer)["version"]) == (200, 7)
        status, _, figures = web.get("/metrics")
        assert (status, b"\nws_open 0.0" in figures) == (200, True)
        assert b"corrections_stored" not in figures
    finally:
        process.terminate()
        process.wait(processes.PATIENCE)
    assert "Traceback" not in web.log, web.log
