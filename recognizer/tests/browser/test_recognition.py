"""A person draws and reads the answer, while drawing and after."""

import json
import re
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import WebSocketRoute

from recognizer.alphabet import LABELS
from recognizer.tests.browser.board import Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import DIGITS, LETTERS, written
from recognizer.tests.browser.pens import Fingers


def test_digits_drawn_with_a_mouse_are_read(board: Board) -> None:
    board.choose("digits")
    for digit in DIGITS:
        board.draw(written(digit, 11))
        board.settle()
        assert re.fullmatch(rf"{digit} — >?\d+ %", board.answer())
        board.press("Clear")


def test_letters_drawn_with_a_finger_are_read(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 390, "height": 844}, has_touch=True).open()
    board.choose("letters")
    fingers = Fingers(board)
    for letter in LETTERS:
        for stroke in written(letter, 12):
            fingers.stroke(stroke)
        board.settle()
        assert board.label() == letter
        board.press("Clear")


def test_two_characters_side_by_side_are_called_that_until_they_are_one(board: Board) -> None:
    board.choose("letters")
    board.draw([[(300, 200), (300, 800)], [(700, 200), (700, 800)]])
    board.settle()
    assert board.answer() == "More than one character?"
    board.draw([[(300, 500), (700, 500)]])
    board.settle()
    assert board.label() == "h"


def test_answers_come_and_are_shown_while_the_pen_is_still_down(board: Board) -> None:
    """How many a second is for `benchmarks/live.py`; that they come at all is promised here."""
    board.page.evaluate(
        "window.changes = 0; new MutationObserver(() => { changes += 1; })"
        ".observe(document.querySelector('main'),"
        " {subtree: true, attributes: true, attributeFilter: ['value']})"
    )
    before = len(board.wire.predictions)
    end = time.monotonic() + 20
    step = 0
    x, y = board.place((500, 500))
    board.page.mouse.move(x, y)
    board.page.mouse.down()
    while len(board.wire.predictions) < before + 8 and time.monotonic() < end:
        step += 1
        board.page.mouse.move(x + 120 - (step * 7) % 240, y + 100 - (step * 3) % 200)
    assert len(board.wire.predictions) >= before + 8
    assert board.page.evaluate("changes") > 0
    board.page.mouse.up()


def test_the_last_answer_covers_the_last_point(board: Board) -> None:
    for digit in "470":
        board.draw(written(digit, 3))
        last = written(digit, 3)[-1][-1]
        board.settle()
        assert board.sent_points()[-1][-1] == pytest.approx(last, abs=3)
        assert board.wire.predictions[-1]["covers"] == board.wire.sent[-1]["n"]
        board.press("Clear")
        board.settle()


def test_the_numbers_shown_are_those_of_the_last_answer(board: Board) -> None:
    board.draw(written("4", 5))
    board.settle()
    best = max(board.wire.predictions[-1]["probabilities"])
    shown = board.percentages()
    assert len(shown) == 36
    text = ">99 %" if best >= 0.995 else f"{round(best * 100)} %"
    assert shown["4"] == text
    bars: dict[str, float] = board.page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.row progress')].map(bar =>"
        " [bar.ariaLabel, bar.value / 100]))"
    )
    for label, share in zip(LABELS, board.wire.predictions[-1]["probabilities"], strict=True):
        assert bars[label] == pytest.approx(share, abs=0.0051)
    assert board.page.locator(".row.best .symbol").all_inner_texts() == ["4"]


def test_a_share_is_told_with_one_rounding_and_never_as_certain_or_impossible(
    board: Board,
) -> None:
    board.draw(written("4", 5))
    board.settle()
    shown = board.percentages()
    assert not {"0 %", "100 %"} & set(shown.values())
    for label in ("4", "9", "z"):
        row = board.page.locator(".row").filter(
            has=board.page.get_by_role("progressbar", name=label, exact=True)
        )
        bar = row.locator("progress")
        assert row.get_attribute("title") == f"{label}: {shown[label]}"
        assert bar.get_attribute("aria-valuetext") == shown[label]
        number = float(bar.get_attribute("value") or "nan")
        at_the_ends = {"<1 %": 0, ">99 %": 100}
        assert number == at_the_ends.get(shown[label]) or f"{number:.0f} %" == shown[label]
        assert number == round(number)
    board.press("Clear")
    assert not board.page.locator(".row[title]:not([title=''])").count()


def answered(board: Board, shares: dict[str, float]) -> Board:
    """Open the page; every answer will be "not sure", with these probabilities."""

    def answer(message: str | bytes) -> str | bytes:
        frame = json.loads(message)
        if frame["type"] == "prediction":
            frame |= {"label": None, "abstain": True, "confidence": max(shares.values())}
            frame["probabilities"] = [shares.get(label, 0.0) for label in LABELS]
        return json.dumps(frame)

    def between(page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()
        page_side.on_message(server.send)
        server.on_message(lambda message: page_side.send(answer(message)))

    board.page.route_web_socket("**/ws/draw/", between)
    return board.open()


def test_a_bar_is_as_long_as_its_share(new_board: NewBoard) -> None:
    shares = {"4": 0.5, "9": 0.25, "7": 0.2, "1": 0.05, "0": 0.0}
    board = answered(new_board(reduced_motion="reduce"), shares)
    board.draw(written("4", 1))
    board.settle()
    board.wait(lambda: board.percentages()["4"] == "50 %", "the answer")
    for label, share in shares.items():
        bar = board.page.get_by_role("progressbar", name=label, exact=True).screenshot()
        pixels = np.asarray(Image.open(BytesIO(bar)).convert("RGB"), int)
        middle = pixels[len(pixels) // 2]
        track = middle[-3]  # no share is that long
        filled = (np.abs(middle - track).max(axis=1) > 20).mean()
        assert filled == pytest.approx(share, abs=0.012)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"0": 0.55, "o": 0.43}, "0 or o"),
        ({"0": 0.86, "o": 0.13}, "0 or o"),
        ({"4": 0.5}, "maybe 4"),
    ],
)
def test_not_sure_names_what_nobody_can_tell_apart(
    new_board: NewBoard, shares: dict[str, float], said: str
) -> None:
    board = answered(new_board(), shares)
    board.draw(written("0", 1))
    board.wait(lambda: board.answer() == f"Not sure: {said}", said)
    voice = board.page.locator("#voice")
    board.wait(lambda: voice.text_content() == f"Not sure: {said}.", "the voice")


def test_a_scribble_gets_no_name(board: Board) -> None:
    corners = [(100, 200), (900, 300), (120, 450), (880, 550), (150, 700), (500, 100), (520, 900)]
    board.mouse([*corners, (100, 880), (900, 120), (880, 880), (90, 150)])
    board.settle()
    assert board.answer().startswith("Not sure")
    assert board.page.locator(".row.best").count() == 0


def test_the_character_set_changes_what_may_be_read(board: Board) -> None:
    board.draw(written("0", 2))
    for charset, allowed in (("letters", "o"), ("digits", "0")):
        board.choose(charset)
        board.settle()
        board.wait(lambda: board.label() == allowed, allowed)  # noqa: B023 - used at once
    assert not any(symbol.isalpha() for symbol in board.percentages())
    board.page.reload()
    assert board.page.locator("#charset input[value=digits]").is_checked()


def test_with_letters_the_ten_likeliest_are_at_the_sides_and_all_in_the_grid(board: Board) -> None:
    board.choose("letters")
    board.draw(written("m", 2))
    board.settle()
    assert board.page.locator(".sides .symbol").first.text_content() == "m"
    sides = board.page.locator(".sides .symbol").all_text_contents()
    assert len(set(sides)) == 10
    assert all(symbol.isalpha() for symbol in sides)
    assert board.page.locator("#letters .row").count() == 26


def test_the_way_up_is_at_most_two_hundred_bytes_a_prediction(board: Board) -> None:
    for digit in "2385":
        board.draw(written(digit, 8))
    board.settle()
    header = 8 * len(board.wire.sent)
    assert (board.wire.sent_bytes + header) / len(board.wire.predictions) <= 200
