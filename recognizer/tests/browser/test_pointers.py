"""Mouse, finger and pen leave exactly the ink that was meant."""

import pytest
from playwright.sync_api import expect

from recognizer.tests.browser.board import LINE, Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.pens import Fingers, Pen

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def phone(new_board: NewBoard) -> Board:
    return new_board(**PHONE).open()


def _kinds(board: Board) -> None:
    """Make the page note the type of each pointer that goes down on the canvas."""
    board.page.evaluate(
        "window.kinds = []; document.getElementById('canvas')"
        ".addEventListener('pointerdown', e => kinds.push(e.pointerType))"
    )


def test_a_mouse_leaves_a_point_for_each_move(board: Board) -> None:
    _kinds(board)
    board.mouse(LINE)
    board.settle()
    (points,) = board.sent_points()
    assert len(points) >= len(LINE)
    assert board.page.evaluate("kinds") == ["mouse"]
    assert points[-1] == pytest.approx(LINE[-1], abs=3)


def test_a_finger_leaves_a_point_for_each_move(phone: Board) -> None:
    _kinds(phone)
    Fingers(phone).stroke(LINE)
    phone.settle()
    (points,) = phone.sent_points()
    # Chromium holds back the first few pixels of a touch until it is sure that it moves.
    assert len(points) >= len(LINE) - 3
    assert phone.page.evaluate("kinds") == ["touch"]
    assert points[0] == pytest.approx(LINE[0], abs=3)
    assert points[-1] == pytest.approx(LINE[-1], abs=3)


def test_a_pen_leaves_a_point_for_each_move(board: Board) -> None:
    _kinds(board)
    Pen(board).stroke(LINE)
    board.settle()
    (points,) = board.sent_points()
    assert len(points) >= len(LINE)
    assert board.page.evaluate("kinds") == ["pen"]


def test_a_tap_is_a_dot_on_the_canvas_and_on_the_wire(board: Board) -> None:
    board.mouse([(500, 500), (501, 500)])
    board.settle()
    assert board.sent_points() == [[[500, 500]]]
    assert board.inked() > 100


def test_the_page_does_not_scroll_under_the_finger(phone: Board) -> None:
    Fingers(phone).stroke([(500, 900 - 30 * step) for step in range(28)])
    phone.settle()
    assert phone.page.evaluate("scrollY") == 0
    assert phone.strokes() == 1


def test_a_pointer_that_leaves_the_canvas_comes_back_in_the_same_stroke(board: Board) -> None:
    board.mouse([(800, 500), (900, 500), (1300, 500), (1300, 700), (900, 700), (800, 700)])
    board.settle()
    (points,) = board.sent_points()
    assert max(x for x, _ in points) == 1100  # followed a little way, then held
    assert points[-1] == pytest.approx((800, 700), abs=3)


def test_a_pointer_let_go_outside_ends_its_stroke(board: Board) -> None:
    board.mouse([(800, 500), (1400, 500)])
    board.mouse(LINE)
    board.settle()
    assert board.strokes() == len(board.sent_points()) == 2


def test_a_cancelled_pointer_leaves_no_ink(phone: Board) -> None:
    fingers = Fingers(phone)
    fingers.down(0, LINE[0])
    for point in LINE[1:10]:
        fingers.move(0, point)
    phone.wait(phone.sent_points, "points on the wire")
    fingers.cancel()
    phone.settle()
    assert phone.strokes() == phone.inked() == 0
    assert phone.sent_points() == []


def test_two_fingers_leave_no_ink(phone: Board) -> None:
    fingers = Fingers(phone)
    fingers.down(0, (300, 300))
    fingers.move(0, (310, 320))
    fingers.down(1, (700, 700))
    for step in range(10):
        fingers.move(0, (310 - step * 10, 320 - step * 10))
        fingers.move(1, (700 + step * 10, 700 + step * 10))
    fingers.up(1)
    fingers.up(0)
    phone.settle()
    assert phone.strokes() == phone.inked() == 0
    assert phone.sent_points() == []
    fingers.stroke(LINE)
    phone.settle()
    assert phone.strokes() == 1


def test_beside_a_pen_the_hand_does_not_draw_until_it_is_asked_to(phone: Board) -> None:
    Pen(phone).stroke(LINE)
    fingers = Fingers(phone)
    fingers.stroke(LINE)
    phone.settle()
    assert phone.strokes() == 1
    phone.press("Use finger too")
    fingers.stroke(LINE)
    phone.settle()
    assert phone.strokes() == 2


def test_a_finger_that_does_not_draw_is_offered_to_whenever_it_tries(phone: Board) -> None:
    offer = phone.page.get_by_role("button", name="Use finger too")
    Pen(phone).stroke(LINE)
    phone.press("Dismiss")
    expect(offer).to_be_hidden()
    fingers = Fingers(phone)
    fingers.stroke(LINE)
    expect(offer).to_be_visible()
    phone.press("Dismiss")
    Pen(phone).stroke(LINE)
    expect(offer).to_be_hidden()
    fingers.stroke(LINE)
    offer.click()
    expect(offer).to_be_hidden()
    fingers.stroke(LINE)
    phone.settle()
    assert phone.strokes() == 3


def test_the_secondary_button_does_not_draw(board: Board) -> None:
    board.page.mouse.move(*board.place((500, 500)))
    board.page.mouse.down(button="right")
    board.page.mouse.move(*board.place((600, 600)))
    board.page.mouse.up(button="right")
    assert board.strokes() == board.inked() == 0
