"""Lost connections: told, survived, and nothing drawn is lost."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from digitsite.tests import processes
from digitsite.tests.processes import Web
from recognizer.tests.browser.board import NOTHING, Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written
from recognizer.tests.browser.test_upload import by_event

LOST = "WebSocket connection to|Failed to load resource|net::ERR"


def test_a_new_page_knows_its_round_trip_and_version(board: Board) -> None:
    board.settle()
    latency = board.page.locator("#connection .latency")
    board.wait(lambda: (latency.text_content() or "").endswith("ms"), "a round trip")
    assert board.page.locator("#model .number").text_content() == "1"


def test_offline_is_told_and_what_was_drawn_then_is_answered_afterwards(board: Board) -> None:
    board.expected = LOST
    board.draw(written("3", 1)[:1])
    board.settle()
    board.context.set_offline(True)
    board.wait_for_state("Offline")
    banner = board.page.locator("#banner")
    board.wait(lambda: "keep drawing" in banner.inner_text(), "the banner")
    assert set(board.percentages().values()) == {NOTHING}
    board.press("Clear")
    board.draw(written("7", 1))
    assert board.strokes() == 1
    board.context.set_offline(False)
    board.wait_for_state("Connected")
    board.settle()
    assert board.label() == "7"
    assert [frame["type"] for frame in board.wire.sent][-1] == "drawing"
    board.wait(lambda: not banner.inner_text(), "the banner to go")


def test_who_does_not_want_to_wait_reconnects_at_once(new_board: NewBoard) -> None:
    board = new_board().open()
    board.expected = LOST
    again = board.page.get_by_role("button", name="Reconnect now")
    assert not again.is_visible()
    board.context.set_offline(True)
    board.wait(again.is_visible, "the offer")
    before = len(board.sockets)
    again.click()
    board.wait(lambda: len(board.sockets) > before, "an attempt")
    board.context.set_offline(False)
    board.wait_for_state("Connected", 35)
    board.wait(lambda: not again.is_visible(), "the offer to go")


def test_a_note_stands_above_the_banner_and_not_on_it(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 1366, "height": 768}).open()
    board.expected = LOST
    board.context.set_offline(True)
    banner, note = board.page.locator(".banner"), board.page.locator("#notice")
    expect(banner).to_contain_text("keep drawing")
    by_event("drop", "dataTransfer")(board, "notes.txt", "text/plain", b"hello")
    expect(note).to_have_class("notice shown")
    upper, lower = note.bounding_box(), banner.bounding_box()
    assert upper is not None
    assert lower is not None
    assert upper["y"] + upper["height"] <= lower["y"]
    assert lower["y"] + lower["height"] <= 768


def offline_with_a_note(new_board: NewBoard) -> Board:
    """Return a page that says that the connection is lost, and that a correction waits."""
    board = offline(new_board)
    board.press("Incorrect")
    board.page.locator("#picker .likely button").first.click()
    expect(board.page.locator("#notice")).to_contain_text("1 correction waits here")
    return board


def offline(new_board: NewBoard) -> Board:
    """Return a page with a drawing that says that the connection is lost."""
    board = new_board().open()
    board.expected = LOST
    board.draw(written("7", 1))
    board.settle()
    board.context.set_offline(True)
    expect(board.page.locator(".banner")).to_contain_text("keep drawing")
    return board


def resize(board: Board, size: tuple[int, int]) -> None:
    """Give the window another size; look at the page's upper end."""
    board.page.set_viewport_size({"width": size[0], "height": size[1]})
    board.page.evaluate("scrollTo(0, 0)")
    board.rest()


def edges(part: Locator) -> tuple[float, float]:
    """Return where it begins and ends, from above."""
    box = part.bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]


def test_on_a_tall_phone_both_are_told_below_the_tools(new_board: NewBoard) -> None:
    board = offline_with_a_note(new_board)
    banner, note = board.page.locator(".banner"), board.page.locator("#notice")
    for size in [(390, 844), (412, 915), (768, 1024)]:
        resize(board, size)
        assert edges(board.page.locator(".tools"))[1] <= edges(note)[0], size
        assert edges(note)[1] <= edges(banner)[0], size
        assert edges(banner)[1] <= size[1], size


def test_on_a_low_phone_one_is_told_after_the_other_below_the_tools(new_board: NewBoard) -> None:
    board = offline_with_a_note(new_board)
    banner, note = board.page.locator(".banner"), board.page.locator("#notice")
    for size in [(360, 740), (390, 664), (320, 640), (667, 375), (844, 390)]:
        resize(board, size)
        expect(banner).to_be_hidden()
        if size not in {(390, 664), (320, 640)}:  # there the tools are at the lower edge
            assert edges(board.page.locator(".tools"))[1] <= edges(note)[0], size
        board.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        # But for the space below it.
        assert edges(board.page.locator("main"))[1] - 24 <= edges(note)[0], size
    note.get_by_role("button", name="Dismiss").click()
    expect(banner).to_be_visible()
    expect(board.page.locator("html")).to_have_css("padding-bottom", "208px")
    banner.get_by_role("button", name="Dismiss").click()
    expect(board.page.locator("html")).to_have_css("padding-bottom", "0px")


def test_the_focus_of_what_was_told_goes_to_what_is_told_next_and_then_to_the_canvas(
    new_board: NewBoard,
) -> None:
    board = new_board(viewport={"width": 390, "height": 844}).open()
    board.expected = LOST
    board.context.set_offline(True)
    banner, note = board.page.locator(".banner"), board.page.locator("#notice")
    expect(banner).to_contain_text("keep drawing")
    by_event("drop", "dataTransfer")(board, "notes.txt", "text/plain", b"hello")
    board.page.evaluate("scrollTo(0, 400)")
    note.get_by_role("button", name="Dismiss").focus()
    board.page.keyboard.press("Enter")
    expect(banner.get_by_role("button", name="Reconnect now")).to_be_focused()
    banner.get_by_role("button", name="Dismiss").focus()
    board.page.keyboard.press("Enter")
    expect(board.canvas).to_be_focused()
    assert board.page.evaluate("scrollY") == 400


def test_the_focus_does_not_go_with_the_banner_or_with_a_note_in_a_dialog(board: Board) -> None:
    board.expected = LOST
    board.context.set_offline(True)
    again = board.page.get_by_role("button", name="Reconnect now")
    again.focus()
    board.context.set_offline(False)
    board.wait_for_state("Connected", 35)
    expect(board.canvas).to_be_focused()
    board.page.locator("#model").click()
    by_event("drop", "dataTransfer")(board, "notes.txt", "text/plain", b"hello")
    board.page.locator("#notice").get_by_role("button", name="Dismiss").click()
    expect(board.page.locator("#model-dialog form button")).to_be_focused()


def test_the_banner_stays_away_until_the_next_loss_once_it_is_dismissed(board: Board) -> None:
    board.expected = LOST
    banner = board.page.locator(".banner")
    for _ in range(2):
        board.context.set_offline(True)
        expect(banner).to_contain_text("keep drawing")
        banner.get_by_role("button", name="Dismiss").click()
        expect(banner).to_be_hidden()
        board.context.set_offline(False)
        board.wait_for_state("Connected", 35)


def test_that_the_page_is_out_of_date_is_told_whatever_was_dismissed(new_board: NewBoard) -> None:
    board = new_board()
    board.expected = LOST
    newer = False

    def answer(route: WebSocketRoute) -> None:
        if newer:
            route.send('{"type":"hello","protocol":2}')
        else:
            route.close()

    board.page.route_web_socket("**/ws/draw/", answer)
    board.page.goto(board.origin)
    banner = board.page.locator(".banner")
    board.context.set_offline(True)
    expect(banner).to_contain_text("keep drawing")
    banner.get_by_role("button", name="Dismiss").click()
    expect(banner).to_be_hidden()
    newer = True
    board.context.set_offline(False)
    expect(banner).to_contain_text("out of date")
    expect(banner).to_be_visible()


def test_what_is_told_covers_nothing_that_is_needed(new_board: NewBoard) -> None:
    board = offline(new_board)

    def look(selector: str) -> None:
        for size in [(1366, 768), (390, 844), (844, 390)]:
            resize(board, size)
            assert covered(board, selector) == [], size

    look(".tools button, #canvas, #verdict button")
    board.press("Incorrect")
    look("#picker button")
    board.page.locator("#picker .likely button").first.click()
    expect(board.page.locator("#notice")).to_contain_text("1 correction waits here")
    look(".tools button, #canvas")


def covered(board: Board, selector: str) -> list[str]:
    """Return what of it somebody would not hit who scrolls to it, as a finger or a mouse does."""
    found: list[str] = board.page.evaluate(COVERED, selector)
    return found


COVERED = """(selector) =>
  [...document.querySelectorAll(selector)]
    .filter((element) => element.checkVisibility())
    .filter((element) => {
      element.scrollIntoView({ block: "nearest", behavior: "instant" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return !element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    })
    .map((element) => element.textContent.trim() || element.id)"""


def test_what_is_told_while_a_dialog_is_open_is_told_in_front_of_it(board: Board) -> None:
    board.expected = LOST
    board.page.locator("#model").click()
    board.context.set_offline(True)
    banner = board.page.locator("#banner")
    board.wait(banner.inner_text, "the banner")
    top = """e => {
        const { left, top, width, height } = e.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2) === e;
    }"""
    assert banner.evaluate(top)
    # What is outside of a modal dialog is no part of what assistive technology finds.
    alert = board.page.get_by_role("alert")
    expect(alert).to_contain_text("keep drawing")
    assert alert.evaluate("e => Boolean(e.closest('dialog[open]'))")
    board.page.keyboard.press("Escape")
    expect(alert).to_contain_text("keep drawing")
    board.wait(lambda: not alert.evaluate("e => e.closest('dialog')"), "the banner on the page")
    assert banner.evaluate(top)


def test_a_socket_killed_in_the_middle_of_a_stroke_resumes_and_nothing_is_lost(
    new_board: NewBoard,
) -> None:
    board = new_board()
    board.expected = LOST
    routes: list[WebSocketRoute] = []
    frames: list[list[str]] = []

    def pass_on(route: WebSocketRoute) -> None:
        routes.append(route)
        frames.append([])
        server = route.connect_to_server()

        def up(message: str | bytes) -> None:
            frames[-1].append(str(message))
            server.send(message)

        route.on_message(up)

    board.page.route_web_socket("**/ws/draw/", pass_on)
    board.open()
    (stroke,) = written("2", 6)
    half = len(stroke) // 2
    board.mouse(stroke[:half], up=False)
    board.wait(lambda: len(frames[0]) > 2, "frames")
    routes[0].close()
    for point in stroke[half:]:
        board.page.mouse.move(*board.place(point))
        board.page.wait_for_timeout(20)
    board.wait(lambda: len(routes) > 1, "a new connection")
    board.wait_for_state("Connected")
    board.page.mouse.up()
    board.wait(lambda: board.label() == "2", "the answer")
    assert '"type":"drawing"' in frames[-1][0]
    assert board.strokes() == 1


def test_when_only_the_socket_fails_answers_come_over_http(new_board: NewBoard) -> None:
    board = new_board()
    board.expected = LOST
    board.page.route_web_socket("**/ws/draw/", lambda route: route.close())
    board.page.goto(board.origin)
    board.page.wait_for_timeout(800)
    board.draw(written("6", 2))
    board.wait(lambda: board.label() == "6", "an answer over HTTP")
    assert board.page.locator("#connection .state").text_content() == "Connected, slower"
    assert not board.page.locator("#banner").inner_text()


@pytest.fixture
def own_server(web: Web, tmp_path: Path) -> Iterator["Restartable"]:
    server = Restartable(web, tmp_path)
    server.start()
    yield server
    server.stop(signal.SIGTERM)


class Restartable:
    """A web process of a test's own that comes back on the same port."""

    def __init__(self, web: Web, folder: Path) -> None:
        self._state = folder / "state"
        self._log = folder / "log"
        self._port = processes.free_port()
        self.origin = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        done = self._log.read_text().count("listening") if self._log.exists() else 0
        self._process = processes.start(
            "web", "--port", str(self._port), state=self._state, log=self._log
        )
        processes.wait_for(
            lambda: self._log.read_text().count("listening") > done, "the web process"
        )

    def tell(self, what: signal.Signals) -> None:
        self._process.send_signal(what)

    def stop(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(processes.PATIENCE)


def test_numbers_for_older_ink_are_gone_when_the_server_hangs(
    new_board: NewBoard, own_server: Restartable
) -> None:
    board = new_board(origin=own_server.origin).open()
    board.expected = LOST
    (stroke,) = written("1", 1)
    board.mouse(stroke)
    board.settle()
    assert board.label()
    own_server.tell(signal.SIGSTOP)
    try:
        board.mouse([(x + 200, y) for x, y in stroke])
        board.wait(lambda: not board.label(), "the old answer to go", 4)
        assert set(board.percentages().values()) == {NOTHING}
        assert board.answer() == "Waiting for an answer"
        assert board.page.locator("#connection .state").text_content() == "Connected"
    finally:
        own_server.tell(signal.SIGCONT)
    board.wait(lambda: board.answer() != "Waiting for an answer", "the new answer")
    assert NOTHING not in board.percentages().values()


def test_a_pen_that_rests_on_the_canvas_keeps_its_answer(board: Board) -> None:
    board.mouse(written("3", 1)[0], up=False)
    board.wait(board.label, "an answer")
    board.page.wait_for_timeout(2_000)
    assert board.label()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_every_page_is_back_after_a_restart_with_its_drawing(
    new_board: NewBoard, own_server: Restartable, how: signal.Signals
) -> None:
    boards = [new_board(origin=own_server.origin).open() for _ in range(2)]
    for board in boards:
        board.expected = LOST
        board.draw(written("5", 3))
        board.settle()
    own_server.stop(how)
    own_server.start()
    for board in boards:
        board.wait(lambda: len(board.sockets) > 1, "another attempt", 35)  # noqa: B023
        board.wait_for_state("Connected", 35)
        board.settle()
        assert board.label() == "5"
        assert len(board.sent_points()) == 2
