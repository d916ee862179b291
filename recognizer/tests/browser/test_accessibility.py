"""Nobody is left out: axe, keyboard, screen readers, zoom, motion."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from recognizer.tests.browser.board import LINE, Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written
from recognizer.tests.browser.test_upload import by_button, by_event, picture

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _violations(board: Board) -> list[str]:
    board.rest()  # axe would judge half-way colours
    found = Axe().run(board.page, options={"resultTypes": ["violations"]} | RULES).response
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(new_board: NewBoard, scheme: str) -> None:
    board = new_board(color_scheme=scheme).open()
    states: dict[str, list[str]] = {"empty": _violations(board)}
    board.draw(written("4", 1))
    board.page.locator("#sees input").check()
    board.settle()
    board.wait(lambda: "speaks for" in board.page.locator("#why").inner_text(), "the reason")
    states["drawn"] = _violations(board)
    board.choose("letters")
    board.settle()
    states["letters"] = _violations(board)
    board.choose("all")
    board.press("Clear")
    by_button(board, "seven.png", "image/png", picture("7"))
    board.wait(board.label, "the answer")
    states["picture"] = _violations(board)
    board.press("Back to drawing")
    for name in ("connection", "model"):
        board.page.locator(f"#{name}").click()
        states[name] = _violations(board)
        board.page.keyboard.press("Escape")
    board.page.locator(".menu-button").click()
    states["menu"] = _violations(board)
    board.press("Keyboard")
    states["help"] = _violations(board)
    assert {name: found for name, found in states.items() if found} == {}


def test_axe_finds_nothing_on_a_phone_without_a_connection(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 390, "height": 844}, has_touch=True).open()
    board.expected = "WebSocket connection to|Failed to load resource|net::ERR"
    board.context.set_offline(True)
    board.wait_for_state("Offline")
    expect(board.page.locator("#banner")).not_to_be_empty(timeout=20_000)
    by_event("drop", "dataTransfer")(board, "notes.txt", "text/plain", b"hello")
    expect(board.page.locator("#notice .text")).not_to_be_empty()
    assert _violations(board) == []


def test_the_tab_key_goes_through_the_page_in_reading_order(board: Board) -> None:
    seen = []
    for _ in range(15):
        board.page.keyboard.press("Tab")
        seen.append(
            board.page.evaluate(
                "(e => e.id || e.value || e.dataset.command ||"
                " e.getAttribute('aria-keyshortcuts') || e.className)(document.activeElement)"
            )
        )
    assert seen[:5] == ["skip", "brand", "all", "connection", "model"]
    assert seen[6:9] == ["canvas", "Y", "N"]
    assert seen[9:14] == ["undo", "redo", "clear", "upload", "sample"]


def test_the_skip_link_leads_to_the_drawing_area(board: Board) -> None:
    board.page.keyboard.press("Tab")
    board.page.keyboard.press("Enter")
    board.page.keyboard.press("Tab")
    assert board.page.evaluate("document.activeElement.id") == "canvas"


def test_the_answer_is_read_out_once_it_rests(board: Board) -> None:
    board.page.evaluate(
        "window.said = []; const v = document.getElementById('voice');"
        "new MutationObserver(() => said.push(v.textContent)).observe(v, {childList: true})"
    )
    board.choose("digits")
    board.draw(written("3", 2))
    board.settle()
    board.wait(lambda: any(board.page.evaluate("said")), "the voice")
    said = [text for text in board.page.evaluate("said") if text]
    assert len(said) == 1
    assert said[0].startswith("Looks like 3, ")
    assert said[0].endswith(" percent.")


def test_every_bar_has_its_symbol_for_a_name(board: Board) -> None:
    board.draw(written("3", 2))
    board.settle()
    bar = board.page.get_by_role("progressbar", name="3", exact=True)
    assert float(bar.get_attribute("value") or 0) > 90


@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (640, 400)], ids=["320 px", "1280 px at 200 %"]
)
def test_nothing_scrolls_sideways_and_nothing_is_too_small(
    new_board: NewBoard, width: int, height: int
) -> None:
    board = new_board(viewport={"width": width, "height": height}, has_touch=True).open()
    board.draw(written("3", 2))
    board.settle()
    assert board.page.evaluate("document.documentElement.scrollWidth") == width
    small = board.page.evaluate(
        "[...document.querySelectorAll('.tools button, .chip, .segments span')]"
        ".filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(r => r.height < 38 || r.width < 43).length"
    )
    assert small == 0
    outside = board.page.evaluate(
        "[...document.querySelectorAll('main *, header *')].filter(e => e.checkVisibility() &&"
        " !e.closest('.unseen, svg') && e.getBoundingClientRect().right > innerWidth + 0.5)"
        ".map(e => e.className || e.tagName)"
    )
    assert outside == []


def test_in_forced_colours_what_is_on_or_chosen_differs_from_what_is_not(
    new_board: NewBoard,
) -> None:
    board = new_board(forced_colors="active", reduced_motion="reduce").open()
    colour = "e => getComputedStyle(e).backgroundColor"
    chosen, other = (
        board.page.locator(f"#charset input[value={charset}] + span").evaluate(colour)
        for charset in ("all", "digits")
    )
    assert chosen != other
    switch = board.page.locator("#sees input")
    off, knob = switch.evaluate(colour), "e => getComputedStyle(e, '::before').backgroundColor"
    assert switch.evaluate(knob) != off
    switch.check()
    assert switch.evaluate(colour) not in (off, switch.evaluate(knob))


@pytest.mark.parametrize("wanted", ["no-preference", "reduce"])
def test_who_wants_no_motion_gets_none(new_board: NewBoard, wanted: str) -> None:
    board = new_board(reduced_motion=wanted).open()
    moved: list[str] = []
    # The bars are inside of `progress`, where only the browser's own protocol looks.
    session = board.context.new_cdp_session(board.page)
    session.on("Animation.animationStarted", lambda told: moved.append(told["animation"]["name"]))
    session.send("Animation.enable")
    board.press("Sample")
    board.wait(board.strokes, "the sample")
    board.settle()
    board.page.locator("#sees input").check()
    board.page.wait_for_timeout(300)
    assert ("translate" in moved) == (wanted == "no-preference")
    assert bool(moved) == (wanted == "no-preference")


def test_the_canvas_counts_its_strokes_aloud(board: Board) -> None:
    assert board.canvas.get_attribute("aria-label") == "Drawing area, empty"
    board.mouse(LINE)
    assert board.canvas.get_attribute("aria-label") == "Drawing area, 1 stroke"
