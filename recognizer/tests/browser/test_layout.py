"""The look that was designed: aligned, still, quick."""

import re

import pytest
from playwright.sync_api import Route

from recognizer.tests.browser.board import Board
from recognizer.tests.browser.conftest import NewBoard
from recognizer.tests.browser.handwriting import written

PARTS = ("#canvas", ".left", ".right", "#answer", ".tools", ".letters", "#sees", "#recent")


def _boxes(board: Board) -> dict[str, tuple[float, float, float]]:
    """Return left, top and width of each part; the answer line may be as wide as it is."""
    boxes = {}
    scrolled = board.page.evaluate("scrollY")
    for part in PARTS:
        box = board.page.locator(part).bounding_box()
        assert box is not None
        boxes[part] = (box["x"], box["y"] + scrolled, box["width"])
    x, _, _ = boxes.pop("#answer")
    assert x == boxes["#canvas"][0]
    return boxes


def test_canvas_and_columns_share_their_edges(board: Board) -> None:
    parts = [board.page.locator(part).bounding_box() for part in ("#canvas", ".left", ".right")]
    tops = {part["y"] for part in parts if part}
    heights = {part["height"] for part in parts if part}
    assert len(tops) == len(heights) == 1


@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_nothing_moves_while_answers_come_and_go(
    new_board: NewBoard, viewport: tuple[int, int]
) -> None:
    board = new_board(viewport={"width": viewport[0], "height": viewport[1]}).open()
    empty = _boxes(board)
    board.draw(written("4", 1))
    board.settle()
    assert _boxes(board) == empty
    board.draw(written("8", 1))
    board.settle()
    assert _boxes(board) == empty
    board.page.locator("#sees input").check()
    board.wait(board.page.locator("#sees img").is_visible, "the raster")
    assert _boxes(board) == empty
    board.wait(lambda: "speaks for" in board.page.locator("#why").inner_text(), "the reason")
    assert _boxes(board) == empty


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (667, 375),
        (740, 360),
        (844, 390),
        (896, 414),
        (915, 412),
        (932, 430),
        (640, 400),
        (640, 450),
        (960, 540),
    ],
)
def test_in_a_low_window_canvas_and_answer_are_on_one_screen(
    new_board: NewBoard, width: int, height: int
) -> None:
    board = new_board(viewport={"width": width, "height": height}).open()
    board.draw(written("4", 1))
    board.settle()
    seen = ("#canvas", "#answer .label", "#answer .share", "#verdict", ".tools")
    for part in seen:
        box = board.page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
        assert box["x"] + box["width"] <= width, part
    assert board.page.evaluate("document.documentElement.scrollWidth") == width
    canvas, verdict = (board.page.locator(part).bounding_box() for part in ("#canvas", "#verdict"))
    assert canvas is not None
    assert verdict is not None
    assert canvas["width"] == canvas["height"] >= 0.7 * min(height, width / 2)
    assert verdict["x"] > canvas["x"] + canvas["width"]


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 720), (1366, 768), (1440, 900)])
def test_on_a_laptop_everything_is_on_one_screen(
    new_board: NewBoard, width: int, height: int
) -> None:
    board = new_board(viewport={"width": width, "height": height}).open()
    board.page.locator(".count").evaluate("e => e.textContent = '50+'")
    seen = "document.documentElement"
    assert board.page.evaluate(f"{seen}.scrollHeight <= innerHeight")
    assert board.page.evaluate(f"{seen}.scrollWidth <= innerWidth")
    canvas = board.canvas.bounding_box()
    assert canvas is not None
    assert canvas["width"] == canvas["height"] >= 400


@pytest.mark.parametrize(("width", "height"), [(900, 700), (912, 1368)])
def test_on_a_narrow_screen_all_that_answers_is_to_be_seen(
    new_board: NewBoard, width: int, height: int
) -> None:
    board = new_board(viewport={"width": width, "height": height}).open()
    letters, canvas = board.page.locator("#letters").bounding_box(), board.canvas.bounding_box()
    assert letters is not None
    assert canvas is not None
    assert letters["y"] + letters["height"] <= height
    assert canvas["width"] >= 400
    assert board.page.evaluate("document.documentElement.scrollWidth") == width


# Left and right of the text that an element shows.
SPAN = """e => {
    const text = document.createRange();
    text.selectNodeContents(e);
    const { left, right } = text.getBoundingClientRect();
    return [left, right];
}"""


@pytest.mark.parametrize("width", [320, 360, 390, 900, 1024, 1280, 1366])
def test_names_and_numbers_keep_clear_of_what_is_beside_them(
    new_board: NewBoard, width: int
) -> None:
    board = new_board(viewport={"width": width, "height": 768}).open()
    for tool in board.page.locator(".tools button").all():
        box = tool.bounding_box()
        assert box is not None
        left, right = tool.evaluate(SPAN)
        assert min(left - box["x"], box["x"] + box["width"] - right) >= 7
    row = board.page.locator("#letters .row", has=board.page.get_by_text("w", exact=True))
    row.evaluate(
        "e => { e.classList.add('best'); e.querySelector('.percent').textContent = '>99 %'; }"
    )
    _, end = row.locator(".symbol").evaluate(SPAN)
    start, _ = row.locator(".percent").evaluate(SPAN)
    assert start - end >= 4


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 450), (667, 375)])
def test_the_longest_answers_stay_on_one_line_beside_the_buttons(
    new_board: NewBoard, width: int, height: int
) -> None:
    board = new_board(viewport={"width": width, "height": height}).open()
    for answer in (["w", "— >99 %"], ["q", "— 74 %, or g"]):
        board.page.locator("#answer").evaluate(
            """(line, [label, share]) => {
                line.querySelector(".label").textContent = label;
                line.querySelector(".text").textContent = "";
                line.querySelector(".share").textContent = share;
            }""",
            answer,
        )
        lines = board.page.locator("#answer .share").evaluate("e => e.getClientRects().length")
        assert lines == 1
        share, verdict = (
            board.page.locator(part).bounding_box() for part in ("#answer .share", "#verdict")
        )
        assert share is not None
        assert verdict is not None
        assert share["x"] + share["width"] <= verdict["x"], answer


def test_the_character_sets_stay_where_they_are_when_one_is_chosen(board: Board) -> None:
    labels = board.page.locator("#charset label")
    places = set()
    for label in labels.all():
        label.click()
        places.add(tuple(str(one.bounding_box()) for one in labels.all()))
    assert len(places) == 1


@pytest.mark.parametrize("width", [320, 390, 900, 1000, 1280, 1920])
def test_the_longest_reason_fits_into_its_place(new_board: NewBoard, width: int) -> None:
    board = new_board(viewport={"width": width, "height": 800}).open()
    card = board.page.locator("#sees")
    before = card.bounding_box()
    board.page.locator("#why").evaluate(
        "p => p.textContent = 'Bright ink speaks for w, striped against it. "
        "Without the framed ink (bottom right) it would be unsure.'"
    )
    assert card.bounding_box() == before


def test_there_is_room_for_saying_right_or_wrong(board: Board) -> None:
    answer, canvas = (board.page.locator(part).bounding_box() for part in ("#answer", "#canvas"))
    board.choose("all")
    assert answer is not None
    assert canvas is not None
    assert canvas["width"] - answer["width"] > 150


def test_nothing_comes_from_elsewhere_and_the_icon_and_manifest_are_there(
    new_board: NewBoard,
) -> None:
    board = new_board()
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    board.page.route(re.compile(".*"), note)
    board.open()
    assert all(url.startswith((board.origin, "data:", "blob:")) for url in asked)
    for link in ("icon", "apple-touch-icon", "manifest"):
        address = board.page.locator(f"link[rel={link}]").get_attribute("href")
        assert address is not None
        assert board.page.request.get(f"{board.origin}{address}").ok


def test_the_browser_s_own_frame_takes_the_colour_of_the_chosen_theme(board: Board) -> None:
    board.page.locator(".menu-button").click()
    board.page.locator("#theme").select_option("dark")
    colours = board.page.locator("meta[name=theme-color]").evaluate_all(
        "metas => metas.map(m => m.content)"
    )
    assert colours == ["#14161a", "#14161a"]


def test_it_can_be_drawn_upon_within_a_second(board: Board) -> None:
    board.page.reload()
    ready = board.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    assert ready < 2000  # on a busy test machine; a second on a quiet one


def test_the_figures_of_the_model_fit_on_a_phone(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 360, "height": 740}).open()
    board.page.locator("#model").click()
    body = board.page.locator("#model-dialog .body")
    body.locator("dd", has_text="%").first.wait_for()
    assert body.evaluate("e => e.scrollWidth <= e.clientWidth")
    lines = body.locator("dd", has_text="%").evaluate_all(
        """all => all.map(e => {
            const text = document.createRange();
            text.selectNodeContents(e);
            return text.getClientRects().length;
        })"""
    )
    assert set(lines) == {1}  # no figure is broken in two


def test_what_versions_learned_is_shown_as_a_line_and_as_numbers(new_board: NewBoard) -> None:
    board = new_board(viewport={"width": 360, "height": 740})

    def answer(route: Route) -> None:
        known = route.fetch().json()
        for number, right, taught in ((2, 0.975, 20), (3, 0.981, 45)):
            metrics = {"base": right, "corrections": taught}
            known["versions"].insert(
                0, known["versions"][-1] | {"number": number, "metrics": metrics}
            )
        route.fulfill(json=known)

    board.page.route("**/api/v1/versions", answer)
    board.open().page.locator("#model").click()
    body = board.page.locator("#model-dialog .body")
    line = body.locator("svg")
    line.wait_for()
    rows = body.locator("tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["Version", "Right", "Corrections"],
        ["3", "98.1", "%", "45"],
        ["2", "97.5", "%", "20"],
    ]
    assert line.locator("polyline").get_attribute("points") == "0,100 100,0"
    assert body.evaluate("e => e.scrollWidth <= e.clientWidth")
