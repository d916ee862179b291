"""Pictures by button, drop and paste."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Route, expect

from recognizer.tests.browser.board import LINE, Board
from recognizer.tests.browser.handwriting import written

REFUSED = "Failed to load resource: the server responded with a status of 4"


def picture(label: str | None, size: tuple[int, int] = (640, 480), kind: str = "PNG") -> bytes:
    """Return a picture of a character on uneven paper."""
    rng = np.random.default_rng(5)
    width, height = size
    paper = 205 + rng.normal(0, 3, (height, width)) + np.linspace(-25, 25, width)
    image = Image.fromarray(paper.clip(0, 255).astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(image)
    scale = min(size) / 1000
    for stroke in written(label, 4) if label else []:
        points = [(x * scale, y * scale) for x, y in stroke]
        pen.line(points, fill=(30, 35, 70), width=round(36 * scale), joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def by_button(board: Board, name: str, kind: str, content: bytes) -> None:
    board.press("Upload")
    board.chooser().set_files({"name": name, "mimeType": kind, "buffer": content})


def by_event(event: str, field: str) -> Callable[[Board, str, str, bytes], None]:
    def send(board: Board, name: str, kind: str, content: bytes) -> None:
        board.page.evaluate(
            """([event, field, name, type, content]) => {
                const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
                const carried = new DataTransfer();
                carried.items.add(new File([bytes], name, {type}));
                const options = {[field]: carried, bubbles: true, cancelable: true};
                const made = event === "paste"
                    ? new ClipboardEvent(event, options) : new DragEvent(event, options);
                document.getElementById("canvas").dispatchEvent(made);
            }""",
            [event, field, name, kind, base64.b64encode(content).decode()],
        )

    return send


WAYS = {
    "button": by_button,
    "drop": by_event("drop", "dataTransfer"),
    "paste": by_event("paste", "clipboardData"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_read_and_shown_beside_what_the_network_sees(board: Board, way: str) -> None:
    board.choose("digits")
    WAYS[way](board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "the answer")
    original, seen = board.page.locator(".picture img").all()
    assert original.is_visible()
    assert seen.evaluate("i => i.naturalWidth") == 28
    board.press("Back to drawing")
    assert not original.is_visible()
    assert board.answer() == "Draw a digit"
    board.settle()


def test_keys_work_once_a_picture_was_pasted_on_a_page_that_was_not_touched(board: Board) -> None:
    WAYS["paste"](board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "the answer")
    back = board.page.get_by_role("button", name="Back to drawing")
    expect(back).to_be_focused()
    board.page.keyboard.press("n")
    expect(board.page.locator("#picker")).to_be_visible()
    board.page.keyboard.press("Escape")
    expect(board.page.locator("#picker")).to_be_hidden()
    back.focus()
    board.page.keyboard.press("Enter")
    expect(board.canvas).to_be_focused()
    board.page.keyboard.press("s")
    board.wait(board.strokes, "a sample")
    board.settle()


def test_a_picture_takes_the_focus_from_nobody(board: Board) -> None:
    model = board.page.locator("#model")
    model.focus()
    WAYS["paste"](board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "the answer")
    expect(model).to_be_focused()


def test_a_large_photograph_is_made_small_before_it_is_sent(board: Board) -> None:
    sizes: list[int] = []
    board.page.on(
        "request",
        lambda request: (
            sizes.append(int(request.headers.get("content-length", 0) or 0))
            if request.method == "POST"
            else None
        ),
    )
    by_button(board, "photo.jpg", "image/jpeg", picture("3", (4000, 3000), "JPEG"))
    board.wait(lambda: board.label() == "3", "the answer")
    width = board.page.locator(".picture .original").evaluate("i => i.naturalWidth")
    assert width == 1024


def test_the_drawing_waits_behind_the_picture(board: Board) -> None:
    board.draw(written("4", 5))
    board.settle()
    by_button(board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "the picture's answer")
    board.page.keyboard.press("Escape")
    assert board.label() == "4"
    assert board.strokes() == len(written("4", 5))


def shown(board: Board, label: str) -> None:
    """Put a picture over the drawing, and wait for what it is taken for."""
    by_button(board, f"{label}.png", "image/png", picture(label))
    board.wait(lambda: board.label() == label, "the picture's answer")


def test_what_is_under_a_picture_cannot_be_undone_unseen(board: Board) -> None:
    board.draw(written("4", 5))
    board.settle()
    board.press("Undo")
    strokes = board.strokes()
    shown(board, "7")
    redo = board.page.locator("[data-command=redo]")
    expect(redo).to_have_attribute("aria-disabled", "true")
    board.page.keyboard.press("Control+Shift+z")
    assert board.page.locator(".picture").is_visible()
    board.page.keyboard.press("Control+z")
    assert not board.page.locator(".picture").is_visible()
    assert board.strokes() == strokes
    expect(redo).to_have_attribute("aria-disabled", "false")


def test_a_picture_over_an_empty_canvas_can_be_cleared_away(board: Board) -> None:
    clear = board.page.locator("[data-command=clear]")
    expect(clear).to_have_attribute("aria-disabled", "true")
    shown(board, "7")
    expect(clear).to_have_attribute("aria-disabled", "false")
    board.press("Clear")
    assert not board.page.locator(".picture").is_visible()
    expect(clear).to_have_attribute("aria-disabled", "true")


def test_what_is_explained_is_the_picture_and_not_the_drawing_beneath(board: Board) -> None:
    board.page.locator("#sees input").check()
    why = board.page.locator("#why")
    board.draw(written("4", 5))
    board.wait(lambda: "speaks for 4" in why.inner_text(), "the drawing's reason")
    shown(board, "7")
    board.wait(lambda: "speaks for" in why.inner_text(), "the picture's reason")
    expect(why).to_contain_text("speaks for 7")
    board.page.keyboard.press("Escape")
    board.wait(lambda: "speaks for 4" in why.inner_text(), "the drawing's reason again")


def test_the_drawing_under_a_picture_is_found_again_after_the_page_was_left(board: Board) -> None:
    board.draw(written("4", 5))
    board.settle()
    drawn = board.sent_points()
    shown(board, "7")
    board.page.reload()
    board.page.locator("#recent li button").click()
    board.settle()
    assert board.sent_points() == drawn


def test_a_picture_is_asked_about_again_when_the_character_set_changes(board: Board) -> None:
    by_button(board, "o.png", "image/png", picture("0"))
    board.wait(lambda: board.answer() not in ("", "Looking at your picture"), "an answer")
    board.choose("letters")
    board.wait(lambda: board.label() == "o", "the letter")


def test_what_was_said_of_one_file_goes_when_the_next_one_comes(board: Board) -> None:
    board.expected = REFUSED
    note = board.page.locator("#notice .text")
    by_button(board, "blank.png", "image/png", picture(None))
    board.wait(lambda: "Nothing" in (note.text_content() or ""), "the complaint")
    by_button(board, "seven.png", "image/png", picture("7"))
    board.wait(lambda: board.label() == "7", "the answer")
    assert not note.text_content()


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\nnonsense", picture(None)])
def test_a_file_that_cannot_be_read_has_nobody_else_s_answer_beside_it(
    board: Board, content: bytes
) -> None:
    board.expected = REFUSED
    shown(board, "7")
    by_button(board, "other.png", "image/png", content)
    note = board.page.locator("#notice .text")
    board.wait(note.text_content, "the complaint")
    assert not board.page.locator(".picture").is_visible()
    assert board.answer() == "Draw a digit or a letter"


def test_a_complaint_that_comes_late_leaves_the_next_picture_alone(board: Board) -> None:
    board.expected = REFUSED
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    board.page.route("**/api/v1/predict", hold, times=1)
    by_button(board, "blank.png", "image/png", picture(None))
    board.wait(lambda: held, "the first request")
    shown(board, "7")
    held[0].continue_()
    board.page.wait_for_timeout(500)
    assert board.label() == "7"
    assert board.page.locator(".picture").is_visible()
    assert not board.page.locator("#notice .text").text_content()


@pytest.mark.parametrize(
    ("name", "kind", "content", "words"),
    [
        ("notes.txt", "text/plain", b"hello", "not a picture"),
        ("broken.png", "image/png", b"\x89PNG\r\n\x1a\nnonsense", "not a picture"),
        ("blank.png", "image/png", picture(None), "Nothing"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(
    board: Board, name: str, kind: str, content: bytes, words: str
) -> None:
    board.expected = REFUSED
    by_event("drop", "dataTransfer")(board, name, kind, content)
    note = board.page.locator("#notice .text")
    board.wait(lambda: words in (note.text_content() or ""), words)
    assert not board.page.locator(".picture").is_visible()
    board.mouse(LINE)
    board.settle()
    assert board.strokes() == 1
