"""What the network sees, and which ink decided: while it is switched on, and once the pen rests."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from recognizer.tests.browser.board import LINE, Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written
from recognizer.tests.browser.test_upload import by_button, picture

SEEN, EXPLAINED = [28, 28], [224, 224]


def image(board: Board) -> Locator:
    return board.page.locator("#sees img")


def why(board: Board) -> str:
    return board.page.locator("#why").inner_text()


def size(board: Board) -> list[int]:
    found: list[int] = image(board).evaluate("i => [i.naturalWidth, i.naturalHeight]")
    return found


def asked(board: Board) -> list[str]:
    """Return the paths of what the page has asked for from now on."""
    paths: list[str] = []
    board.page.on("request", lambda request: paths.append(request.url.removeprefix(board.origin)))
    return paths


def explained(board: Board, label: str) -> None:
    board.wait(lambda: f"speaks for {label}" in why(board), f"what speaks for {label}")
    assert image(board).is_visible()
    assert size(board) == EXPLAINED


def test_the_raster_follows_the_pen_and_the_reason_comes_when_it_rests(board: Board) -> None:
    board.choose("digits")
    board.page.locator("#sees input").check()
    assert not image(board).is_visible()
    board.draw(written("8", 1))
    explained(board, "8")
    board.wait(lambda: "framed ink (" in why(board), "what counts most")
    before = image(board).get_attribute("src")
    board.mouse(LINE, up=False)
    board.wait(lambda: size(board) == SEEN, "the raster alone")
    assert "speaks" not in why(board)
    board.page.mouse.up()
    board.wait(lambda: size(board) == EXPLAINED, "a newer reason")
    assert image(board).get_attribute("src") != before
    board.press("Clear")
    assert not image(board).is_visible()
    assert "speaks" not in why(board)


def test_who_does_not_look_asks_for_nothing(new_board: NewBoard) -> None:
    board = new_board()
    paths = asked(board)
    board.open()
    board.draw(written("8", 1))
    board.settle()
    board.page.wait_for_timeout(600)
    assert not [path for path in paths if "sees" in path or "/api/" in path]


def test_nobody_asks_for_reasons_while_the_pen_moves(board: Board) -> None:
    board.page.locator("#sees input").check()
    paths = asked(board)
    board.mouse(written("7", 1)[0], up=False)
    board.wait(image(board).is_visible, "the raster")
    board.page.wait_for_timeout(600)
    assert "/api/v1/explain" not in paths
    board.page.mouse.up()
    board.wait(lambda: "speaks for" in why(board), "the reason")
    assert paths.count("/api/v1/explain") == 1


def test_another_character_set_has_another_reason(board: Board) -> None:
    board.choose("digits")
    board.page.locator("#sees input").check()
    board.draw(written("0", 2))
    explained(board, "0")
    board.choose("letters")
    explained(board, "o")


def test_it_is_switched_by_key_and_explained_to_who_cannot_see(board: Board) -> None:
    board.draw(written("7", 2))
    board.settle()
    board.canvas.focus()
    board.page.keyboard.press("v")
    expect(board.page.get_by_role("switch", name="Show")).to_be_checked()
    board.wait(lambda: "speaks for" in why(board), "the reason")
    expect(image(board)).to_have_accessible_description(why(board))
    board.page.keyboard.press("v")
    assert not image(board).is_visible()


def test_of_a_dot_there_is_nothing_to_say(board: Board) -> None:
    board.page.locator("#sees input").check()
    board.mouse([(500, 500), (501, 500)])
    board.wait(image(board).is_visible, "the dot")
    board.page.wait_for_timeout(600)
    assert "speaks" not in why(board)


def test_where_reasons_are_refused_the_raster_stays(board: Board) -> None:
    board.expected = "429|Failed to load"
    error = json.dumps({"error": {"code": "rate", "message": "slow down", "field": None}})
    refusal: dict[str, Any] = {"status": 429, "content_type": "application/json", "body": error}
    board.page.route("**/api/v1/explain", lambda route: route.fulfill(**refusal))
    board.page.locator("#sees input").check()
    board.draw(written("3", 1))
    board.wait(lambda: "cannot be asked" in why(board), "the refusal")
    assert image(board).is_visible()
    assert size(board) == SEEN
    board.settle()
    assert board.label() == "3"


def test_a_late_reason_for_an_older_drawing_is_not_shown(board: Board) -> None:
    held: list[Route] = []
    board.page.route("**/api/v1/explain", lambda route: held.append(route))  # noqa: PLW0108
    board.page.locator("#sees input").check()
    board.draw(written("3", 1))
    board.wait(lambda: held, "the question")
    board.draw(written("1", 3))
    held.pop(0).continue_()
    board.wait(lambda: held, "the question about the new drawing")
    assert "speaks" not in why(board)
    assert size(board) == SEEN
    held.pop().continue_()
    board.wait(lambda: "speaks" in why(board), "the reason")


@pytest.mark.parametrize("module", ["sees", "samples", "picture"])
def test_what_cannot_be_fetched_is_told_and_drawing_goes_on(
    new_board: NewBoard, module: str
) -> None:
    board = new_board()
    board.expected = "Failed to load|net::ERR"
    board.page.route(f"**/js/{module}.*", lambda route: route.abort())
    board.open()
    if module == "sees":
        board.page.locator("#sees input").click()
    elif module == "samples":
        board.press("Sample")
    else:
        by_button(board, "seven.png", "image/png", picture("7"))
    expect(board.page.locator("#notice .text")).to_contain_text("could not be loaded")
    expect(board.page.locator("#sees input")).not_to_be_checked()
    assert board.strokes() == 0
    board.draw(written("2", 1))
    board.settle()
    assert board.answer()
