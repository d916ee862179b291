"""What people see of learning: how a correction fares, and a new version under their hands."""

from typing import Any

from playwright.sync_api import Route, expect

from digitsite.tests import processes
from digitsite.tests.processes import Web
from feedback.tests.browser.test_correcting import APPROVED, corrected, drawn, listed, said
from recognizer.tests.browser.board import Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written

PAUSED = "Approved, learning is paused"
RUNS = {"runs": [{"id": 5, "status": "running", "done": 40, "total": 120}]}
APPROVE = """
from uuid import UUID
from django.contrib.auth.models import User
from feedback import decisions, lessons
boss, _ = User.objects.get_or_create(username="boss", is_superuser=True)
decisions.decide([UUID("{id}")], "approve", boss)
lessons.begin(5, ["{id}"])
"""
PROMOTE = """
from feedback import lessons
lessons.teach({version}, [("{id}", "1")])
lessons.follow({version})
"""
# The page's socket, so that a test can say what the server does not.
SPY = """
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    window.wire = this;
  }
};
"""


def carry_out(web: Web, script: str) -> None:
    """Run Python in another process of the site."""
    status, output = processes.run("shell", "-v", "0", "-c", script, state=web.state)
    assert status == 0, output


def hear(board: Board, frame: dict[str, Any]) -> None:
    """Let the page hear what the server does not say."""
    board.page.evaluate("frame => window.wire.onmessage({ data: JSON.stringify(frame) })", frame)


def swap(board: Board, version: int) -> None:
    """Let the page hear that another version is live."""
    hear(board, {"type": "version", "version": version, "serving": [1, 1]})


def kinds(board: Board) -> list[str]:
    return [frame["type"] for frame in board.wire.sent]


def test_a_correction_is_followed_until_it_is_live(new_board: NewBoard, web: Web) -> None:
    board = new_board()
    asked: list[str] = []

    def tell(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json=RUNS)

    board.page.route("**/api/v1/runs", tell)
    corrected(drawn(board.open(), "7", seed=3), "1")
    receipt: Any = next(frame for frame in board.wire.received if frame["type"] == "receipt")
    carry_out(web, APPROVE.format(id=receipt["id"]))
    expect(said(board)).to_have_text("In training")
    assert not asked  # nobody looks
    expect(listed(board).locator(".status")).to_have_text("In training")
    progress = board.page.locator("#corrections-dialog .training")
    expect(progress).to_have_text("Training: 40 of 120 steps")

    version = board.wire.predictions[-1]["version"]
    carry_out(web, PROMOTE.format(id=receipt["id"], version=version))
    live = f"Live in version {version}, on 1 of 1 servers"
    expect(board.page.locator(".corrections .status")).to_have_text(live)
    learned = f"Version {version} is live. It learned from your correction."
    expect(board.page.locator("#notice .text")).to_have_text(learned)
    expect(progress).to_be_empty()
    board.page.keyboard.press("Escape")
    expect(said(board)).to_have_text(live)
    board.page.reload()
    expect(listed(board).locator(".status")).to_have_text(live)


def test_what_waits_while_learning_is_paused_says_so(new_board: NewBoard, web: Web) -> None:
    board = new_board()
    board.page.add_init_script(SPY)
    corrected(drawn(board.open(), "7", seed=4), "1")
    receipt: Any = next(frame for frame in board.wire.received if frame["type"] == "receipt")
    carry_out(web, APPROVE.format(id=receipt["id"]))
    expect(said(board)).to_have_text("In training")

    def tell(**fields: object) -> None:
        hear(board, {**receipt, "status": "approved", **fields})

    tell(paused=True)
    expect(said(board)).to_have_text(PAUSED)
    news = f"Your correction to 1: {PAUSED.lower()}."
    expect(board.page.locator("#notice .text")).to_have_text(news)
    tell()
    expect(said(board)).to_have_text(APPROVED)

    def waits(route: Route) -> None:
        (item,) = route.fetch().json()
        route.fulfill(json=[{**item, "status": "approved", "paused": True}])

    board.page.route("**/api/v1/corrections?*", waits)
    expect(listed(board).locator(".status")).to_have_text(PAUSED)
    tell()
    expect(board.page.locator(".corrections .status")).to_have_text(APPROVED)


def test_after_a_swap_the_drawing_is_answered_by_the_new_version(new_board: NewBoard) -> None:
    board = new_board()
    board.page.add_init_script(SPY)
    drawn(board.open(), "4")
    answers, before = len(board.wire.predictions), len(board.wire.sent)
    swap(board, 99)
    expect(board.page.locator("#notice .text")).to_have_text("Version 99 is live.")
    expect(board.page.locator("#model .number")).to_have_text("99")
    board.settle()
    assert kinds(board)[before:] == ["clear", "drawing"]
    assert len(board.wire.predictions) > answers
    assert board.label() == "4"


def test_a_swap_waits_for_the_pen(new_board: NewBoard) -> None:
    board = new_board()
    board.page.add_init_script(SPY)
    board.open()
    board.mouse(written("1", 1)[0], up=False)
    swap(board, 99)
    expect(board.page.locator("#model .number")).to_have_text("99")
    board.settle()
    assert "clear" not in kinds(board)
    board.page.mouse.up()
    board.settle()
    assert kinds(board)[-2:] == ["clear", "drawing"]
