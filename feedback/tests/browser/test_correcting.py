"""Corrections on the page, against a real server: one tap, one key, and what becomes of them."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Route, WebSocketRoute, expect

from feedback.tests.browser.conftest import NewScreen
from recognizer.tests.browser.board import Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written
from recognizer.tests.browser.test_accessibility import RULES
from recognizer.tests.browser.test_upload import by_button, picture

WAITING = "Waiting for review"
APPROVED = "Approved, waiting for training"


def row(board: Board, symbol: str) -> Locator:
    """Return the bar of a symbol."""
    exactly = re.compile(f"^{symbol}$")
    return board.page.locator(".row").filter(has=board.page.locator(".symbol", has_text=exactly))


def said(board: Board) -> Locator:
    return board.page.locator("#verdict .said")


def listed(board: Board) -> Locator:
    """Open "My corrections" and return its rows."""
    board.page.locator(".kept [data-opens=corrections-dialog]").click()
    return board.page.locator(".corrections li")


def act(board: Board, name: str) -> None:
    """Press a button of the dialog."""
    board.page.locator(f"#corrections-dialog [data-act={name}]").click()


def drawn(board: Board, label: str, seed: int = 1) -> Board:
    """Draw a character, and wait for what it is taken for."""
    board.draw(written(label, seed))
    board.settle()
    board.wait(board.label, "an answer")
    return board


def corrected(board: Board, to: str) -> Board:
    """Say by one tap on a bar what the drawing is, and wait until it is stored."""
    row(board, to).click()
    expect(said(board)).to_have_text(WAITING)
    return board


def disconnected(board: Board) -> Board:
    """Take the connection away, and wait until the page knows."""
    board.expected = "WebSocket connection to|Failed to load resource|net::ERR"
    board.context.set_offline(True)
    board.wait_for_state("Offline")
    return board


def corrected_offline(new_board: NewBoard) -> Board:
    """Return a page whose 4 was called a 9 after the connection had gone."""
    board = disconnected(drawn(new_board().open(), "4"))
    row(board, "9").click()
    expect(said(board)).to_have_text("Kept here, not sent")
    return board


def test_a_picture_that_is_corrected_is_right_for_who_corrected_it(new_board: NewBoard) -> None:
    board = new_board().open()
    by_button(board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "an answer")
    mine = board.page.locator("#answer .mine")
    expect(mine).to_be_hidden()
    corrected(board, "3")
    board.wait(lambda: board.label() == "3", "the answer that was taught")
    expect(mine).to_be_visible()
    expect(said(board)).to_have_text(WAITING)
    by_button(board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "3", "the same picture again")


def test_the_reason_on_show_follows_a_correction_and_its_undoing(new_board: NewBoard) -> None:
    board = new_board().open()
    board.page.locator("#sees input").check()
    why = board.page.locator("#why")
    drawn(board, "4")
    expect(why).to_contain_text("Bright ink speaks for 4")
    corrected(board, "9")
    expect(why).to_contain_text("The network alone sees 4")
    board.page.get_by_role("button", name="Undo what I said").click()
    expect(why).to_contain_text("Bright ink speaks for 4")


def test_the_whole_way_from_a_tap_to_an_approval(
    new_board: NewBoard, new_screen: NewScreen
) -> None:
    mine, other = new_board().open(), new_board().open()
    before = drawn(mine, "4").label()
    assert before == "4"
    corrected(mine, "9")
    expect(mine.page.locator("#answer .label")).to_have_text("9")
    expect(mine.page.locator("#answer .mine")).to_be_visible()
    assert mine.wire.predictions[-1]["personal"]

    drawn(other, "4")
    assert other.label() == before
    assert not other.wire.predictions[-1]["personal"]

    receipt = next(frame for frame in mine.wire.received if frame["type"] == "receipt")
    moderator = new_screen().open("review/?order=newest")
    moderator.card.wait_for()
    assert moderator.current == receipt["id"]
    moderator.press_and_see_the_next("a")
    moderator.settle()
    expect(said(mine)).to_have_text(APPROVED)
    expect(listed(mine).locator(".status")).to_have_text(APPROVED)


def test_by_keyboard_alone(new_board: NewBoard) -> None:
    board = drawn(new_board().open(), "7")
    board.canvas.focus()
    board.page.keyboard.press("n")
    expect(board.page.locator("#picker")).to_be_visible()
    board.page.keyboard.press("1")
    expect(said(board)).to_have_text(WAITING)
    expect(board.page.locator("#answer .label")).to_have_text("1")
    # The key that was pressed is gone with its row, and the page can still be worked by keys.
    expect(board.page.locator("#verdict button").get_by_text("Undo")).to_be_focused()
    board.page.keyboard.press("c")
    expect(said(board)).to_have_text("")
    assert board.strokes() == 0


def test_a_letter_is_a_command_until_it_is_asked_for(new_board: NewBoard) -> None:
    board = drawn(new_board().open(), "7")
    board.canvas.focus()
    board.page.keyboard.press("n")
    board.page.keyboard.press("c")
    expect(said(board)).to_have_text(WAITING)
    assert board.strokes() > 0


def test_right_by_one_press_and_undone(new_board: NewBoard) -> None:
    board = drawn(new_board().open(), "2")
    board.page.locator("#verdict").get_by_role("button", name="Correct", exact=True).dblclick()
    expect(said(board)).to_have_text("Thanks, counted")
    assert [frame["type"] for frame in board.wire.sent].count("verdict") == 1
    expect(listed(board)).to_have_count(1)
    board.page.keyboard.press("Escape")
    board.page.locator(".corrections li button").first.wait_for(state="attached")
    listed(board).locator("button").click()
    expect(board.page.locator(".corrections li")).to_have_count(0)


def test_what_was_said_is_listed_until_it_is_deleted(new_board: NewBoard) -> None:
    board = corrected(drawn(new_board().open(), "3"), "8")
    board.press("Clear")
    corrected(drawn(board, "5"), "6")
    board.page.reload()
    board.wait_for_state("Connected")
    rows = listed(board)
    expect(rows).to_have_count(2)
    expect(rows.first.locator("strong")).to_have_text("6")
    expect(rows.first.locator(".opinion")).to_have_text("was taken for 5")
    expect(rows.first.locator(".status")).to_have_text(WAITING)
    expect(rows.first.locator("img")).to_have_attribute("src", re.compile("^data:image/png"))
    rows.first.locator("button").click()
    expect(rows).to_have_count(1)
    act(board, "delete")
    act(board, "delete-all")
    expect(rows).to_have_count(0)
    expect(board.page.locator("#corrections-dialog .none")).to_be_visible()
    board.page.keyboard.press("Escape")
    board.page.reload()
    board.wait_for_state("Connected")
    expect(listed(board)).to_have_count(0)


def test_another_tab_is_up_to_date_when_it_is_looked_at(new_board: NewBoard) -> None:
    board = corrected(drawn(new_board().open(), "3"), "8")
    other = Board(board.context, board.origin).open()
    count = other.page.locator(".count")
    expect(count).to_have_text("1")
    listed(board).locator("button").click()
    expect(board.page.locator(".corrections li")).to_have_count(0)
    other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(count).to_have_text("")


def test_tabs_tell_each_other_what_was_sent_and_taken_back(new_board: NewBoard) -> None:
    board = new_board().open()
    other = Board(board.context, board.origin).open()
    corrected(drawn(other, "3"), "8")
    count = board.page.locator(".count")
    expect(count).to_have_text("1")
    board.page.bring_to_front()  # a page that is hidden draws once a second
    corrected(drawn(board, "5"), "6")
    expect(other.page.locator(".count")).to_have_text("2")
    expect(listed(board)).to_have_count(2)
    act(board, "delete")
    act(board, "delete-all")
    expect(other.page.locator(".count")).to_have_text("")
    expect(said(other)).to_have_text("")
    expect(other.page.locator("main")).to_have_attribute("data-judging", "ready")
    expect(other.page.locator("#answer .label")).to_have_text("3")


def test_what_is_deleted_on_one_device_is_gone_on_the_others(new_board: NewBoard) -> None:
    board = corrected(drawn(new_board().open(), "3"), "8")
    state = {"cookies": board.context.cookies()}
    other = new_board(storage_state=state).open()
    expect(listed(other)).to_have_count(1)
    other.page.keyboard.press("Escape")
    drawn(other, "3")
    expect(other.page.locator("#answer .label")).to_have_text("8")
    expect(other.page.locator(".count")).to_have_text("1")
    listed(board).locator("button").click()
    expect(other.page.locator(".count")).to_have_text("")
    expect(other.page.locator("#answer .label")).to_have_text("3")
    expect(other.page.locator(".corrections li")).to_have_count(0)


def test_a_row_of_the_list_keeps_the_focus_when_another_one_moves_on(new_board: NewBoard) -> None:
    board = corrected(drawn(new_board().open(), "3"), "8")
    board.press("Clear")
    corrected(drawn(board, "5"), "6")
    state = {"cookies": board.context.cookies()}
    other = new_board(storage_state=state).open()
    rows = listed(other)
    rows.last.locator("button").focus()
    listed(board).first.locator("button").click()
    expect(rows).to_have_count(1)
    expect(rows.locator("button")).to_be_focused()


def test_what_is_discarded_leaves_the_focus_in_the_dialog(new_board: NewBoard) -> None:
    board = corrected_offline(new_board)
    board.page.locator("#notice").get_by_role("button", name="Dismiss").click()
    listed(board)
    board.page.locator("[data-act=discard]").focus()
    board.page.keyboard.press("Enter")
    expect(board.page.locator("#corrections-dialog .unsent")).to_be_hidden()
    expect(board.page.locator("#corrections-dialog form button")).to_be_focused()


def test_a_drawing_is_one_correction_for_any_character_set_and_however_often_it_is_back(
    new_board: NewBoard,
) -> None:
    board = drawn(new_board().open(), "5")
    judging = board.page.locator("main")
    board.press("Correct")
    expect(said(board)).to_have_text("Thanks, counted")
    board.choose("digits")
    board.settle()
    expect(said(board)).to_have_text("Thanks, counted")
    for press in (("Clear", "Undo"), ("Undo", "Redo")):
        for name in press:
            board.page.locator(f"[data-command={name.lower()}]").click()
        board.settle()
        expect(judging).to_have_attribute("data-judging", "said")
    expect(said(board)).to_have_text("Thanks, counted")
    row(board, "6").click()
    expect(said(board)).to_have_text(WAITING)
    expect(board.page.locator("#answer .label")).to_have_text("6")
    rows = listed(board)
    expect(rows).to_have_count(1)
    expect(rows.locator("strong")).to_have_text("6")
    board.page.keyboard.press("Escape")
    board.page.reload()
    board.wait_for_state("Connected")
    expect(board.page.locator(".count")).to_have_text("1")


def test_while_the_pen_is_down_there_is_nothing_to_judge(new_board: NewBoard) -> None:
    board = new_board().open()
    board.mouse(written("3", 1)[0], up=False)
    board.settle()
    expect(board.page.locator("main")).to_have_attribute("data-judging", "idle")
    board.page.mouse.up()
    expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")


def test_a_letter_can_be_named_while_digits_are_asked_for(new_board: NewBoard) -> None:
    board = new_board().open()
    board.choose("digits")
    drawn(board, "4")
    board.press("Incorrect")
    expect(board.page.locator("#picker .likely button").first).to_be_focused()
    expect(board.page.locator("#picker button[value='k']")).to_be_visible()
    board.page.keyboard.press("k")
    expect(said(board)).to_have_text(f"{WAITING}. It counts with Letters or All.")
    expect(listed(board).locator("strong")).to_have_text("k")
    board.page.keyboard.press("Escape")
    board.choose("all")
    expect(said(board)).to_have_text(WAITING)


def test_the_choice_is_left_by_a_button_that_says_so(new_board: NewBoard) -> None:
    board = drawn(new_board().open(), "7")
    board.press("Incorrect")
    board.press("Cancel")
    expect(board.page.locator("#picker")).to_be_hidden()
    expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")


def test_the_choice_stays_within_reach_when_the_window_changes(new_board: NewBoard) -> None:
    board = drawn(new_board().open(), "7")
    board.press("Incorrect")
    board.page.set_viewport_size({"width": 390, "height": 844})
    expect(board.page.locator("#picker button").last).to_be_in_viewport(ratio=1)


def test_what_was_learned_is_forgotten_on_demand(new_board: NewBoard) -> None:
    board = corrected(drawn(new_board().open(), "7"), "1")
    expect(board.page.locator("#answer .label")).to_have_text("1")
    expect(listed(board)).to_have_count(1)
    act(board, "forget")
    keep = board.page.get_by_role("button", name="Keep it", exact=True)
    expect(keep).to_be_focused()
    keep.click()
    expect(keep).to_be_hidden()
    expect(board.page.locator("[data-act=forget]")).to_be_focused()
    assert "forget" not in [frame["type"] for frame in board.wire.sent]
    act(board, "forget")
    act(board, "forget-all")
    expect(board.page.locator("#answer .label")).to_have_text("7")
    expect(board.page.locator("#answer .mine")).to_be_hidden()
    expect(board.page.locator(".corrections li")).to_have_count(1)  # still in the queue


def test_what_cannot_be_stored_is_kept_and_sent_again(new_board: NewBoard) -> None:
    board = new_board().open()
    board.expected = "507|Failed to load"
    refusing = True

    def post(route: Route) -> None:
        if refusing and route.request.method == "POST":
            error = '{"error": {"code": "unwritable", "message": "the disk is full"}}'
            route.fulfill(status=507, content_type="application/json", body=error)
        else:
            route.continue_()

    # A picture's correction goes over HTTP, where a test can stand in for a full disk.
    board.page.route("**/api/v1/corrections**", post)
    board.page.route_web_socket("**/ws/draw/", lambda socket: socket.close())
    board.page.reload()
    board.draw(written("4", 1))
    board.wait(board.label, "an answer over HTTP", 60)
    expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")
    row(board, "9").click()
    expect(said(board)).to_have_text("Kept here, not sent")
    refusing = False
    board.press("Send again")
    expect(said(board)).to_have_text(WAITING)
    listed(board).locator("button").click()
    expect(board.page.locator(".corrections li")).to_have_count(0)
    board.page.keyboard.press("Escape")
    expect(said(board)).to_have_text("")
    expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")

    refusing = True
    row(board, "9").click()
    expect(said(board)).to_have_text("Kept here, not sent")
    board.page.reload()
    refusing = False
    expect(listed(board)).to_have_count(0)
    expect(board.page.locator(".unsent")).to_be_visible()
    act(board, "send")
    expect(board.page.locator(".corrections li")).to_have_count(1)
    expect(board.page.locator(".unsent")).to_be_hidden()


def test_what_was_said_without_a_connection_is_sent_when_it_is_back(new_board: NewBoard) -> None:
    board = corrected_offline(new_board)
    board.context.set_offline(False)
    expect(said(board)).to_have_text(WAITING)
    expect(board.page.locator("#notice .text")).to_have_text("Sent. Thank you.")
    expect(listed(board)).to_have_count(1)


def test_a_drawing_that_nobody_answered_can_be_named(new_board: NewBoard) -> None:
    board = disconnected(new_board().open())
    board.draw(written("4", 1))
    expect(board.page.get_by_role("button", name="Correct", exact=True)).to_be_disabled()
    board.press("Incorrect")
    board.page.locator("#picker button[value='9']").click()
    expect(said(board)).to_have_text("Kept here, not sent")
    board.context.set_offline(False)
    expect(said(board)).to_have_text(WAITING)
    board.wait(lambda: board.label() == "9", "the answer that was taught")
    expect(listed(board)).to_have_count(1)


def test_what_was_being_sent_when_the_page_went_away_is_sent_by_the_next(
    new_board: NewBoard,
) -> None:
    board = new_board()
    lost = []

    def swallow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if '"verdict"' in str(message):
                lost.append(message)
            elif not lost:
                server.send(message)

        socket.on_message(pass_on)

    board.page.route_web_socket("**/ws/draw/", swallow)
    drawn(board.open(), "4")
    row(board, "9").click()
    board.wait(lambda: lost, "the correction on its way")
    place = board.page.locator("#verdict").bounding_box()
    expect(said(board)).to_have_text("Sending …")
    assert board.page.locator("#verdict").bounding_box() == place
    expect(board.page.get_by_role("button", name="Undo what I said")).to_be_visible()
    expect(board.page.locator(".count")).to_have_text("")
    board.page.close()
    other = Board(board.context, board.origin).open()
    expect(other.page.locator("#notice .text")).to_have_text("Sent. Thank you.")
    expect(listed(other)).to_have_count(1)
    expect(other.page.locator(".corrections .opinion")).to_have_text("was taken for 4")
    expect(other.page.locator("#corrections-dialog .unsent")).to_be_hidden()


def test_what_was_taken_back_without_a_connection_is_not_sent_when_it_is_back(
    new_board: NewBoard,
) -> None:
    board = corrected_offline(new_board)
    board.page.get_by_role("button", name="Undo what I said").click()
    expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")
    sent = []
    board.page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    with board.page.expect_response(lambda response: response.request.method == "DELETE"):
        board.context.set_offline(False)
    board.wait_for_state("Connected")
    expect(listed(board)).to_have_count(0)
    assert not [request for request in sent if re.match("POST .*/corrections", request)]


def test_what_was_said_out_of_sight_of_its_place_is_told_and_undone_by_a_note(
    new_board: NewBoard,
) -> None:
    board = drawn(new_board().open(), "4")
    place = board.page.locator("#verdict")
    note = board.page.locator("#notice")

    def say() -> None:
        row(board, "h").evaluate("row => row.scrollIntoView({block: 'start'})")
        row(board, "h").click()
        expect(place).not_to_be_in_viewport()
        expect(note).to_have_class(re.compile("shown"))
        expect(note.locator(".text")).to_have_text(WAITING)

    for width, height in [(360, 640), (390, 844), (844, 390)]:
        board.page.set_viewport_size({"width": width, "height": height})
        say()
        note.get_by_role("button", name="Undo").click()
        expect(note).not_to_have_class(re.compile("shown"))
        expect(board.page.locator("main")).to_have_attribute("data-judging", "ready")
    say()
    expect(note).not_to_have_class(re.compile("shown"), timeout=8_000)
    expect(said(board)).to_have_text(WAITING)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_board: NewBoard, scheme: str) -> None:
    board = drawn(new_board(color_scheme=scheme).open(), "7")
    found = {}

    def look(state: str) -> None:
        board.rest()
        options = {"resultTypes": ["violations"]} | RULES
        response = Axe().run(board.page, options=options).response
        found[state] = [
            f"{violation['id']}: {node['html'][:120]}"
            for violation in response["violations"]
            for node in violation["nodes"]
        ]

    board.press("Incorrect")
    expect(board.page.locator("#picker")).to_be_visible()
    look("picker")
    board.page.locator("#picker button[value='1']").click()
    expect(said(board)).to_have_text(WAITING)
    look("said")
    expect(listed(board)).to_have_count(1)
    look("list")
    act(board, "delete")
    look("sure")
    board.press("Keep them")
    act(board, "forget")
    look("sure to forget")
    assert found == {state: [] for state in found}
