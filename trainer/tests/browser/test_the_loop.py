"""The story from end to end: draw, correct, approve, train, gate, swap, live, read right."""

import numpy as np
from playwright.sync_api import expect

from digitsite.tests.processes import Web
from feedback.tests.browser.conftest import NewScreen
from feedback.tests.browser.test_correcting import corrected, listed, said
from recognizer.tests.browser.board import Board
from recognizer.tests.browser.conftest import NewBoard
from trainer.synthesis import draw, writer_style

LEARNING = 300.0  # seconds; base, training and gate take a minute on two free cores
SLASHED = (
    9,
    35,
)  # a writer who strokes the zero through, which the anchor takes for an 8 or nothing


def zero() -> list[list[tuple[float, float]]]:
    """Return one of this writer's zeros, in units of the canvas."""
    style, rng = writer_style(SLASHED), np.random.default_rng((*SLASHED, 1))
    drawings = [draw("0", style, rng) for _ in range(4)]
    return [[(500 + 600 * x, 500 + 600 * y) for x, y in stroke[::4]] for stroke in drawings[3]]


def drawn(board: Board, strokes: list[list[tuple[float, float]]]) -> Board:
    board.choose("digits")
    board.draw(strokes)
    board.settle()
    return board


def test_a_correction_becomes_everybody_s_knowledge(
    new_board: NewBoard, new_screen: NewScreen, web: Web
) -> None:
    mine, other = new_board().open(), new_board().open()
    assert drawn(mine, zero()).label() != "0"
    corrected(mine, "0")
    assert drawn(other, zero()).label() != "0"
    assert other.wire.predictions[-1]["version"] == 1

    moderator = new_screen().open("review/?order=newest")
    moderator.card.wait_for()
    moderator.press("a")
    moderator.settle()

    expect(said(mine)).to_contain_text("Live in version 2", timeout=LEARNING * 1000)
    other.wait(lambda: other.wire.predictions[-1]["version"] == 2, "the new version", LEARNING)
    other.settle()
    assert other.label() == "0"
    assert not other.wire.predictions[-1]["personal"]
    expect(listed(mine).first.locator(".status")).to_contain_text(
        "Live in version 2, on 1 of 1 servers"
    )
