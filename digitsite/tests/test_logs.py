"""What must never be in a log: handwriting, tokens, addresses."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog

from digitsite import logs
from digitsite.tests.processes import Socket, Web

CANARY = 424242.125


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Return what a logger called "canary" writes in each form."""
    configuration = logs.configuration(request.param, "INFO")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    formatter = configuration["formatters"]["lines"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=formatter["foreign_pre_chain"], processors=formatter["processors"]
        )
    )
    logger = logging.getLogger("canary")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield written
    logger.removeHandler(handler)


def test_private_fields_are_withheld(lines: io.StringIO) -> None:
    structlog.get_logger("canary").info("drawn", strokes=[[CANARY]], token="canary-token", n=3)
    assert "424242" not in lines.getvalue()
    assert "canary-token" not in lines.getvalue()
    assert "drawn" in lines.getvalue()


def test_a_traceback_has_no_local_variables(lines: io.StringIO) -> None:
    strokes = [[CANARY]]
    try:
        raise KeyError(len(strokes))
    except KeyError:
        logging.getLogger("canary").exception("failed")
    assert "KeyError" in lines.getvalue()
    assert str(strokes[0][0]) not in lines.getvalue()


def test_json_is_one_object_a_line() -> None:
    configuration = logs.configuration("json", "INFO")["formatters"]["lines"]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=configuration["foreign_pre_chain"],
        processors=configuration["processors"],
    )
    record = logging.LogRecord("a.b", logging.WARNING, "", 0, "two\n%s", ("lines",), None)
    assert json.loads(formatter.format(record)) | {"timestamp": ""} == {
        "event": "two\nlines",
        "level": "warning",
        "logger": "a.b",
        "timestamp": "",
    }


@pytest.mark.parametrize(("status", "has_traceback"), [(403, False), (404, False), (500, True)])
def test_only_what_went_wrong_here_has_a_traceback(status: int, has_traceback: bool) -> None:
    wanted = logs.configuration("console", "INFO")
    logger = logging.getLogger("canary.request")
    written = io.StringIO()
    configurator = logging.config.DictConfigurator(wanted)
    formatter = configurator.configure_formatter(dict(wanted["formatters"]["lines"]))
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    for name in wanted["handlers"]["stderr"]["filters"]:
        handler.addFilter(configurator.configure_filter(dict(wanted["filters"][name])))
    logger.addHandler(handler)
    try:
        raise PermissionError("not you")
    except PermissionError as error:
        logger.warning("Refused: /admin/", exc_info=error, extra={"status_code": status})
    finally:
        logger.removeHandler(handler)
    assert "Refused: /admin/" in written.getvalue()
    assert ("Traceback" in written.getvalue()) == has_traceback


def test_a_running_server_logs_no_strokes_tokens_or_addresses(server: Web) -> None:
    start = len(server.log)
    stroke = f'{{"type":"points","n":1,"stroke":0,"start":0,"points":[[{CANARY},1]]}}'
    _, socket = Socket.open(server)
    socket.send(stroke.encode())
    socket.send(stroke.replace("points", "pints").encode())
    socket.send(stroke.encode()[:-3])
    for _ in range(4):
        socket.read()
    socket.close()
    body = f'{{"strokes":[[[{CANARY},"x"]]]}}'.encode()
    head = (
        "POST /api/v1/predict?token=canary-token HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer canary-token\r\nX-Forwarded-For: 203.0.113.77\r\n\r\n"
    )
    assert 400 <= server.ask(head.encode() + body)[0] < 500
    server.get("/nothing?token=canary-token")
    server.get("/", Host="canary-token.example")
    said = server.log[start:]
    assert "/api/v1/predict" in said
    for secret in ("424242", "canary-token", "203.0.113.77", "127.0.0.1"):
        assert secret not in said
