"""One connection's state: frames change the drawing, answers cover them, versions stay put."""

import pytest

from recognizer.alphabet import INDEX
from recognizer.memory import Memory
from recognizer.messages import (
    BadFrame,
    CharsetFrame,
    ClearFrame,
    DrawingFrame,
    ForgetFrame,
    PointsFrame,
    UndoFrame,
    VerdictFrame,
)
from recognizer.predictor import Predictor
from recognizer.rasterizer import rasterise
from recognizer.session import DrawSession, predict_together
from recognizer.strokes import Limits
from recognizer.tests.standin import predictor


class Shelf:
    """What the process serves, to be swapped by a test."""

    def __init__(self) -> None:
        self.current = predictor(number=1)

    def __call__(self) -> Predictor:
        return self.current


def points(n: int | None, stroke: int, start: int, count: int = 3) -> PointsFrame:
    samples = [[float(start + k), float(2 * (start + k))] for k in range(count)]
    return PointsFrame(type="points", n=n, stroke=stroke, start=start, points=samples)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def session(shelf: Shelf) -> DrawSession:
    return DrawSession(shelf, Limits(strokes=3, points=10))


def test_an_answer_covers_the_largest_number_accepted(session: DrawSession) -> None:
    assert session.predict().covers == 0
    session.apply(points(4, 0, 0))
    assert session.predict().covers == 4
    session.apply(points(None, 0, 3))
    session.apply(points(2, 0, 0))
    assert session.predict().covers == 4
    session.apply(UndoFrame(type="undo", n=9))
    assert session.predict().covers == 9


def test_a_refused_frame_is_not_covered_and_changes_nothing(session: DrawSession) -> None:
    session.apply(points(1, 0, 0))
    for frame, code in (
        (points(2, 0, 7), "gap"),
        (points(3, 0, 3, count=20), "limit"),
        (DrawingFrame(type="drawing", n=4, strokes=[[[0.0, 1e9]]]), "field"),
        (DrawingFrame(type="drawing", n=5, strokes=[[[0.0, 0.0]]] * 4), "limit"),
    ):
        with pytest.raises(BadFrame) as caught:
            session.apply(frame)
        assert (caught.value.code, caught.value.n) == (code, frame.n)
    assert session.drawing.point_count == 3
    assert session.predict().covers == 1


@pytest.mark.parametrize(
    "frame", [VerdictFrame(type="verdict", label="7", n=3), ForgetFrame(type="forget", n=3)]
)
def test_verdicts_and_forgetting_are_covered_and_change_nothing(
    session: DrawSession, frame: VerdictFrame | ForgetFrame
) -> None:
    session.apply(points(1, 0, 0))
    session.apply(frame)
    assert session.drawing.point_count == 3
    assert session.predict().covers == 3


def test_a_memory_is_asked_and_the_answer_says_so(session: DrawSession, shelf: Shelf) -> None:
    session.apply(points(1, 0, 0))
    raster = rasterise(session.drawing.ink())
    features = shelf.current.features(raster)
    session.memory = Memory(1).remember(features, INDEX["7"], was_correction=True)
    answer = session.predict()
    assert (answer.label, answer.personal, answer.renamed) == ("7", True, True)
    assert "renamed" not in answer.model_dump_json()  # the protocol does not have it
    session.memory = None
    answer = session.predict()
    assert (answer.label, answer.personal) == ("3", False)


def test_a_memory_of_another_version_is_not_asked(session: DrawSession, shelf: Shelf) -> None:
    session.apply(points(1, 0, 0))
    features = shelf.current.features(rasterise(session.drawing.ink()))
    session.memory = Memory(2).remember(features, INDEX["7"], was_correction=True)
    assert not session.predict().personal


def test_a_character_set_stays_until_it_is_changed(session: DrawSession) -> None:
    session.apply(points(1, 0, 0))
    session.apply(CharsetFrame(type="charset", charset="letters"))
    session.apply(ClearFrame(type="clear"))
    session.apply(points(2, 0, 0))
    assert sum(session.predict().probabilities[:10]) == 0


def test_clearing_and_undoing_everything_answer_with_nothing(session: DrawSession) -> None:
    for frame in (ClearFrame(type="clear", n=2), UndoFrame(type="undo", n=3)):
        session.apply(points(1, 0, 0))
        session.apply(frame)
        answer = session.predict()
        assert (answer.label, answer.abstain, answer.covers) == (None, True, frame.n)


def test_a_drawing_keeps_the_version_that_its_first_answer_had(
    session: DrawSession, shelf: Shelf
) -> None:
    session.apply(points(1, 0, 0))
    assert session.predict().version == 1
    shelf.current = predictor(number=2)
    session.apply(points(2, 0, 3))
    assert session.predict().version == 1
    session.apply(ClearFrame(type="clear", n=3))
    assert session.predict().version == 2
    session.apply(points(4, 0, 0))
    assert session.predict().version == 2


def test_resuming_the_same_drawing_keeps_its_version(session: DrawSession, shelf: Shelf) -> None:
    session.apply(points(1, 0, 0))
    session.predict()
    shelf.current = predictor(number=2)
    resumed = [[[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [9.0, 9.0]]]
    session.apply(DrawingFrame(type="drawing", n=2, strokes=resumed))
    assert session.predict().version == 1


def test_another_whole_drawing_takes_the_current_version(
    session: DrawSession, shelf: Shelf
) -> None:
    session.apply(DrawingFrame(type="drawing", n=1, strokes=[[[5.0, 5.0], [6.0, 6.0]]]))
    session.predict()
    shelf.current = predictor(number=2)
    session.apply(DrawingFrame(type="drawing", n=2, strokes=[[[7.0, 5.0], [6.0, 6.0]]]))
    assert session.predict().version == 2


def test_probabilities_on_the_wire_are_those_of_the_predictor(
    session: DrawSession, shelf: Shelf
) -> None:
    session.apply(points(1, 0, 0))
    sent, exact = session.predict(), shelf.current.predict(session.drawing.ink())
    assert sent.probabilities == pytest.approx(exact.probabilities, abs=5.1e-7)
    assert sent.confidence == max(sent.probabilities)
    assert sum(sent.probabilities) == pytest.approx(1.0, abs=2e-5)
    assert all(len(str(probability)) <= len("0.123456") for probability in sent.probabilities)


def test_those_answered_together_each_keep_their_version(shelf: Shelf) -> None:
    limits = Limits(strokes=3, points=10)
    early, late, blank = (DrawSession(shelf, limits) for _ in range(3))
    early.apply(points(1, 0, 0))
    early.predict()
    shelf.current = predictor(number=2, logits={"4": 8.0})
    late.apply(points(6, 0, 0))
    frames = predict_together([late, early, blank])
    assert [(frame.version, frame.covers) for frame in frames] == [(2, 6), (1, 1), (2, 0)]
    assert [frame.label for frame in frames] == ["4", "3", None]
    shelf.current = predictor(number=3)
    assert [session.predict().version for session in (late, early, blank)] == [2, 1, 3]
