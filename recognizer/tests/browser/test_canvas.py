"""Ink survives whatever happens to the canvas, and means the same on every screen."""

import numpy as np

from recognizer.tests.browser.board import LINE, Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written

# The backing store has the pixels of the screen.
FITS = """(canvas => Math.abs(canvas.width - canvas.clientWidth * devicePixelRatio) <= 1)
    (document.getElementById('canvas'))"""


def test_the_canvas_is_large_enough(new_board: NewBoard) -> None:
    for width, height in ((900, 600), (1280, 800), (1920, 1080)):
        board = new_board(viewport={"width": width, "height": height}).open()
        box = board.canvas.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 400
        assert box["width"] == box["height"]


def test_ink_stays_when_the_screen_is_turned_or_resized(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 390, "height": 844}, device_scale_factor=2).open()
    board.draw(written("8", 1))
    board.settle()
    sent = board.sent_points()
    before = board.inked() / board.page.evaluate("document.getElementById('canvas').width ** 2")
    for size in ((844, 390), (1280, 800), (320, 640)):
        board.page.set_viewport_size({"width": size[0], "height": size[1]})
        board.wait(lambda: board.page.evaluate(FITS), "the canvas")
        pixels = board.page.evaluate("document.getElementById('canvas').width ** 2")
        assert abs(board.inked() / pixels - before) < 0.01
    assert board.sent_points() == sent
    assert board.strokes() == len(sent)


def test_the_backing_store_has_the_pixels_of_the_screen(new_board: NewBoard) -> None:
    for scale in (1, 2, 3):
        board = new_board(device_scale_factor=scale).open()
        width, shown = board.page.evaluate(
            "[document.getElementById('canvas').width,"
            " document.getElementById('canvas').clientWidth * devicePixelRatio]"
        )
        assert abs(width - shown) <= 1


def test_the_network_sees_the_same_whatever_the_pixels_are(new_board: NewBoard) -> None:
    rasters = []
    for scale in (1, 2, 3):
        board = new_board(device_scale_factor=scale).open()
        board.draw(written("3", 4))
        rasters.append(board.settle().raster().astype(int))
    for other in rasters[1:]:
        assert np.abs(other - rasters[0]).max() <= 1


def test_ink_takes_the_colour_of_the_theme(board: Board) -> None:
    def darkness() -> int:
        value: int = board.page.evaluate(
            "() => { const c = document.getElementById('canvas');"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "for (let i = 3; i < d.length; i += 4) if (d[i] === 255) return d[i - 3]; return -1; }"
        )
        return value

    board.mouse(LINE)
    board.settle()
    assert darkness() < 60
    board.page.locator(".menu-button").click()
    board.page.locator("#theme").select_option("dark")
    board.wait(lambda: darkness() > 200, "light ink")
    board.page.reload()
    assert board.page.locator("html").get_attribute("data-theme") == "dark"


def test_the_admin_s_theme_is_not_ours(board: Board) -> None:
    board.page.goto(f"{board.origin}/admin/login/")
    board.wait(
        lambda: board.page.evaluate("() => localStorage.getItem('theme')") == "auto", "its theme"
    )
    board.open()
    html = board.page.locator("html")
    assert html.get_attribute("data-theme") is None
    board.page.locator(".menu-button").click()
    board.page.locator("#theme").select_option("dark")
    assert html.get_attribute("data-theme") == "dark"
