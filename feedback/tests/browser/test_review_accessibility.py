"""The admin leaves nobody out: axe, both themes, narrow windows."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from feedback.tests.browser.conftest import NewScreen
from feedback.tests.browser.screen import Screen
from recognizer.tests.browser.board import REST

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(screen: Screen) -> list[str]:
    screen.page.evaluate(REST)
    found = Axe().run(screen.page, options={"resultTypes": ["violations"]} | RULES).response
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_queue(new_screen: NewScreen, scheme: str) -> None:
    screen = new_screen(color_scheme=scheme).review("axe")
    screen.settle()
    states = {"queue": violations(screen)}
    screen.press("l")
    states["naming"] = violations(screen)
    screen.press("Escape", "x", "j")
    states["selection"] = violations(screen)
    screen.press("x", "k", "x", "/")
    states["filter"] = violations(screen)
    screen.press("Escape", "?")
    states["help"] = violations(screen)
    screen.press("Escape")
    screen.page.locator("#blind").check()
    states["blind"] = violations(screen)
    assert {name: found for name, found in states.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_other_pages(new_screen: NewScreen, scheme: str) -> None:
    screen = new_screen(color_scheme=scheme)
    states = {"home": violations(screen)}
    for name, path in {
        "list": "?status=pending&_facets=True",
        "charts": "charts/",
        "audit": "../reviewevent/",
    }.items():
        states[name] = violations(screen.open(path))
    screen.open("?status=pending")
    screen.page.locator("#action-toggle").check()
    screen.page.select_option("select[name=action]", "approve")
    states["selected"] = violations(screen)
    screen.page.click("button[name=index]")
    screen.page.locator(".contact-sheet").wait_for()
    states["confirmation"] = violations(screen)
    screen.open("?status=approved").page.locator(".field-picture a").first.click()
    screen.page.locator(".card").wait_for()
    states["item"] = violations(screen)
    assert {name: found for name, found in states.items() if found} == {}


@pytest.mark.parametrize("width", [320, 390, 768])
def test_the_queue_does_not_scroll_sideways(new_screen: NewScreen, width: int) -> None:
    screen = new_screen(viewport={"width": width, "height": 800}, has_touch=True).review("axe")
    assert screen.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_charts_are_no_wider_than_a_phone(new_screen: NewScreen) -> None:
    screen = new_screen(viewport={"width": 390, "height": 800}, has_touch=True).open("charts/")
    for numbers in screen.page.locator(".numbers summary").all():
        numbers.click()
    assert screen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_everything_is_there_without_a_key(new_screen: NewScreen) -> None:
    screen = new_screen().review("axe")
    screen.page.locator("#keys").uncheck()
    names = ["Approve", "Reject", "Relabel", "Skip", "Undo", "Replay"]
    for name in names:
        assert screen.page.get_by_role("button", name=name).first.is_visible()
    first = screen.current
    screen.page.get_by_role("button", name="Relabel").click()
    screen.page.locator("#symbols").get_by_role("button", name="7", exact=True).click()
    screen.wait(lambda: screen.current != first, "the next card")
    screen.settle()
    assert screen.status(first) == "approved"


LINES = """([name, text]) => {
  const cells = [...document.querySelectorAll(`#result_list td.field-${name}`)];
  return Math.max(...cells.map((cell) => {
    if (text) cell.textContent = text;
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size;
  }));
}"""


@pytest.mark.parametrize("width", [1280, 1440])
def test_a_row_of_the_list_is_read_at_a_glance(new_screen: NewScreen, width: int) -> None:
    screen = new_screen(viewport={"width": width, "height": 900}).open("")
    lines = {
        name: screen.page.evaluate(LINES, [name, text])
        for name, text in {
            "effect": "in version 3, live since 05:19",
            "confidence_percent": ">99 %",
            "status": "",
        }.items()
    }
    assert lines == {"effect": 2, "confidence_percent": 1, "status": 1}
    assert (
        screen.page.evaluate(
            "(box => box.scrollWidth - box.clientWidth)(document.querySelector('.results'))"
        )
        <= 0
    )
