"""Undo, redo, clear, recent drawings and samples: by button and by key."""

import re

from playwright.sync_api import expect

from recognizer.tests.browser.board import LINE, NOTHING, Board
from recognizer.tests.browser.handwriting import written

CROSS = [(x, 1000 - y) for x, y in LINE]


def _disabled(board: Board, name: str) -> bool:
    button = board.page.get_by_role("button", name=name, exact=True)
    return button.get_attribute("aria-disabled") == "true"


def test_undo_and_redo_go_to_both_ends(board: Board) -> None:
    board.draw([LINE, CROSS])
    board.settle()
    both = board.sent_points()
    for _ in range(4):
        board.press("Undo")
    board.settle()
    assert board.sent_points() == []
    assert board.inked() == board.strokes() == 0
    assert _disabled(board, "Undo")
    for _ in range(4):
        board.press("Redo")
    board.settle()
    assert board.sent_points() == both
    assert board.strokes() == 2
    assert _disabled(board, "Redo")


def test_the_focus_stays_on_a_button_that_has_nothing_left_to_do(board: Board) -> None:
    board.mouse(LINE)
    board.press("Undo")
    board.press("Undo")
    assert board.page.evaluate("document.activeElement.dataset.command") == "undo"


def test_clear_twice_in_a_row_is_an_empty_canvas(board: Board) -> None:
    board.mouse(LINE)
    board.press("Clear")
    board.press("Clear")
    board.settle()
    assert board.sent_points() == []
    assert board.inked() == 0
    assert board.answer() == "Draw a digit or a letter"
    assert set(board.percentages().values()) == {NOTHING}
    board.mouse(LINE)
    board.settle()
    assert len(board.sent_points()) == 1


def _hold(board: Board, key: str) -> None:
    for _ in range(4):
        board.page.keyboard.down(key)
    board.page.keyboard.up(key)


def test_a_key_that_is_held_down_acts_once(board: Board) -> None:
    board.draw(written("3", 1))
    board.settle()
    board.canvas.focus()
    _hold(board, "n")
    expect(board.page.locator("main")).to_have_attribute("data-judging", "choosing")
    board.page.keyboard.press("Escape")
    board.canvas.focus()
    _hold(board, "v")
    expect(board.page.locator("#sees input")).to_be_checked()
    _hold(board, "s")
    expect(board.page.locator("#recent li")).to_have_count(1)


def test_enter_held_down_presses_a_button_once(board: Board) -> None:
    board.draw(written("3", 1))
    board.settle()
    board.page.get_by_role("button", name="Incorrect").focus()
    _hold(board, "Enter")
    expect(board.page.locator("main")).to_have_attribute("data-judging", "choosing")


def test_undo_goes_on_while_its_keys_are_held_down(board: Board) -> None:
    for _ in range(3):
        board.mouse(LINE)
    board.page.keyboard.down("Control")
    _hold(board, "z")
    board.page.keyboard.up("Control")
    assert board.strokes() == 0


def test_everything_has_a_key(board: Board) -> None:
    board.mouse(LINE)
    board.mouse(CROSS)
    keys = board.page.keyboard
    keys.press("Control+z")
    assert board.strokes() == 1
    keys.press("Control+Shift+z")
    assert board.strokes() == 2
    board.canvas.focus()
    keys.press("c")
    assert board.strokes() == 0
    keys.press("?")
    assert board.page.locator("#help-dialog").is_visible()
    keys.press("Escape")
    assert not board.page.locator("#help-dialog").is_visible()
    keys.press("v")
    assert board.page.locator("#sees input").is_checked()
    keys.press("u")
    assert not board.chooser().is_multiple()
    board.settle()


def test_single_keys_act_only_in_the_drawing_area_and_can_be_switched_off(board: Board) -> None:
    board.mouse(LINE)
    board.page.locator("#model").focus()
    board.page.keyboard.press("c")
    assert board.strokes() == 1
    board.canvas.focus()
    board.page.keyboard.press("?")
    board.page.locator("#single-keys").uncheck()
    board.page.keyboard.press("Escape")
    board.canvas.focus()
    board.page.keyboard.press("c")
    assert board.strokes() == 1
    board.settle()


def test_a_sample_gives_a_prediction_without_a_pointer(board: Board) -> None:
    board.choose("digits")
    board.canvas.focus()
    board.page.keyboard.press("s")
    board.wait(board.label, "an answer")
    board.wait(lambda: board.strokes() == 1, "the end of the sample")
    board.settle()
    assert board.label().isdigit()


def test_a_person_who_draws_ends_the_sample(board: Board) -> None:
    board.press("Sample")
    board.wait(board.strokes, "the sample")
    board.mouse(LINE)
    board.page.wait_for_timeout(100)
    board.settle()
    assert board.strokes() == len(board.sent_points()) == 2


def test_cleared_drawings_come_back_also_after_a_reload(board: Board) -> None:
    board.draw([LINE, CROSS])
    board.settle()
    both = board.sent_points()
    board.press("Clear")
    board.settle()
    board.page.reload()
    board.wait_for_state("Connected")
    board.page.locator("#recent li button").click()
    board.settle()
    assert board.sent_points() == both
    board.press("Forget")
    assert board.page.locator("#recent li").count() == 0


def test_what_was_cleared_by_mistake_is_undone(board: Board) -> None:
    board.draw([LINE, CROSS])
    board.settle()
    both, label = board.sent_points(), board.answer()
    board.canvas.focus()
    board.page.keyboard.press("c")
    assert not _disabled(board, "Undo")
    assert _disabled(board, "Clear")
    board.settle()
    board.page.keyboard.press("Control+z")
    board.settle()
    assert board.sent_points() == both
    assert board.answer() == label
    assert not _disabled(board, "Clear")


def test_a_drawing_brought_back_without_a_connection_keeps_its_name(board: Board) -> None:
    board.expected = "WebSocket connection to|Failed to load resource|net::ERR"
    board.draw(written("4", 1))
    board.settle()
    assert board.label() == "4"
    board.press("Clear")
    board.context.set_offline(True)
    board.wait_for_state("Offline")
    recent = board.page.locator("#recent li button")
    recent.click()
    board.press("Clear")
    expect(recent).to_have_accessible_name(re.compile("^Drawing of 4,"))


def test_a_full_storage_does_not_stop_who_chooses_the_characters(board: Board) -> None:
    board.page.evaluate(
        "void (Storage.prototype.setItem = () => {"
        " throw new DOMException('', 'QuotaExceededError'); })"
    )
    board.choose("digits")
    assert board.answer() == "Draw a digit"
    board.settle()


def test_a_drawing_is_found_again_after_the_page_was_left(board: Board) -> None:
    board.draw([LINE])
    board.settle()
    drawn = board.sent_points()
    board.page.reload()
    board.page.locator("#recent li button").click()
    board.settle()
    assert board.sent_points() == drawn
