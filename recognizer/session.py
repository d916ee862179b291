"""One connection's drawing, character set and the predictor that it is pinned to.

Applies the frames of the protocol and answers them; all of it synchronous and in memory. Knows
nothing about sockets, Django or timing.
"""

from collections.abc import Callable, Sequence

from recognizer.alphabet import Charset
from recognizer.memory import Memory
from recognizer.messages import (
    BadFrame,
    CharsetFrame,
    ClearFrame,
    ClientFrame,
    DrawingFrame,
    ForgetFrame,
    PointsFrame,
    PredictionFrame,
    UndoFrame,
    VerdictFrame,
)
from recognizer.predictor import Look, Prediction, Predictor
from recognizer.strokes import Drawing, DrawingError, Limits

# The grain of a probability on the wire: 36 of them still sum to 1 within 2e-5.
_PER_ONE = 1_000_000


class DrawSession:
    """What the server knows of one person's canvas.

    A drawing keeps the model version that its first point met, so no drawing is ever answered by
    two versions; the next drawing takes the current one.
    """

    def __init__(self, current: Callable[[], Predictor], limits: Limits) -> None:
        self.drawing = Drawing(limits)
        self.charset: Charset = "all"
        self.covers = 0  # the largest n accepted so far
        self.memory: Memory | None = None  # the person's own; whoever puts it here keeps it current
        self._current = current
        self._pinned: Predictor | None = None

    def apply(self, frame: ClientFrame) -> None:
        """Change the drawing or the character set as one frame says, whole or not at all.

        Raises:
            BadFrame: with the code of the reason; nothing has changed.
        """
        try:
            self._change(frame)
        except DrawingError as error:
            raise BadFrame(error.code, str(error), frame.n) from error
        if frame.n is not None:
            self.covers = max(self.covers, frame.n)
        if not self.drawing:
            self._pinned = None

    def predict(self) -> PredictionFrame:
        """Answer the drawing as it stands.

        Raises:
            Unavailable: no model version can be served.
        """
        return predict_together([self])[0]

    def predictor(self) -> Predictor:
        """Return the predictor that answers the drawing as it stands.

        Raises:
            Unavailable: no model version can be served.
        """
        return self._pinned or self._current()

    def pin(self) -> Predictor:
        """Return the same, and have it answer the drawing to its end, once there is one.

        Raises:
            Unavailable: no model version can be served.
        """
        predictor = self.predictor()
        if self.drawing:
            self._pinned = predictor
        return predictor

    def look(self) -> Look:
        """Return what there is to read."""
        return Look.at(self.drawing.ink(), self.charset, self.memory)

    def framed(self, prediction: Prediction) -> PredictionFrame:
        """Return the frame that answers the drawing as it stands with a prediction."""
        return PredictionFrame(
            covers=self.covers,
            version=prediction.version,
            label=prediction.label,
            confidence=_rounded(prediction.confidence),
            abstain=prediction.abstain,
            probabilities=tuple([_rounded(p) for p in prediction.probabilities]),
            personal=prediction.personal,
            renamed=prediction.renamed,
            several=prediction.several,
        )

    def _change(self, frame: ClientFrame) -> None:
        match frame:
            case PointsFrame():
                self.drawing.append(frame.stroke, frame.start, frame.points)
            case DrawingFrame():
                first = self._first_point()
                self.drawing.replace(frame.strokes)
                if self._first_point() != first:  # another drawing, not this one resumed
                    self._pinned = None
            case UndoFrame():
                self.drawing.undo()
            case ClearFrame():
                self.drawing.clear()
            case CharsetFrame():
                self.charset = frame.charset
            case VerdictFrame() | ForgetFrame():
                pass  # about the drawing, not a change of it: the consumer takes them

    def _first_point(self) -> list[float] | None:
        return next(iter(self.drawing)).samples()[0] if self.drawing else None


def predict_together(sessions: Sequence[DrawSession]) -> list[PredictionFrame]:
    """Answer several drawings as they stand, in order; those of one version in one go.

    Raises:
        Unavailable: for one of them no model version can be served.
    """
    predictors = [session.pin() for session in sessions]
    frames: dict[int, PredictionFrame] = {}
    for predictor in {id(one): one for one in predictors}.values():
        own = [k for k, one in enumerate(predictors) if one is predictor]
        predictions = predictor.predict_all([sessions[k].look() for k in own])
        for k, prediction in zip(own, predictions, strict=True):
            frames[k] = sessions[k].framed(prediction)
    return [frames[k] for k in range(len(sessions))]


def _rounded(probability: float) -> float:
    """Round to what is sent; a third of the time that `round` with a number of digits takes."""
    return int(probability * _PER_ONE + 0.5) / _PER_ONE
