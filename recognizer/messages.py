"""Every frame of the wire protocol as a typed model: the contract of `/ws/draw/` on one page.

Frames are JSON text. Unknown types, unknown fields, NaN and Infinity are refused. Knows nothing
about sockets, drawings or predictions; the same models serve tests and clients written in Python.
"""

import json
import operator
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from recognizer.alphabet import LABEL_RULE, Charset

PROTOCOL: Final = 1

Device = Literal["mouse", "touch", "pen", "upload", "api", "unknown"]
ErrorCode = Literal["json", "type", "field", "gap", "limit", "rate", "empty", "unavailable"]
Number = Annotated[int, Field(ge=0, le=2**53)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _label_text(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        raise PydanticCustomError("label", LABEL_RULE) from error


# A digit may come as a number; no other number is a label, and neither is a truth value.
LabelText = Annotated[str | Annotated[int, Field(ge=0, le=9)], WrapValidator(_label_text)]
Sample = Annotated[list[Finite], Field(min_length=2, max_length=3)]  # x, y and perhaps t in ms


class BadFrame(ValueError):
    """A frame that is not of the protocol; `code` and `n` go into the error frame."""

    def __init__(self, code: ErrorCode, message: str, n: int | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.n = n


class _ClientFrame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    n: Number | None = None


class PointsFrame(_ClientFrame):
    """Append to stroke `stroke` from point index `start`."""

    type: Literal["points"]
    stroke: Number
    start: Number
    points: list[Sample]


class DrawingFrame(_ClientFrame):
    """Replace the whole drawing: resume after a reconnect, one-shot clients."""

    type: Literal["drawing"]
    strokes: list[list[Sample]]


class UndoFrame(_ClientFrame):
    """Remove the last stroke."""

    type: Literal["undo"]


class ClearFrame(_ClientFrame):
    """Start a new drawing."""

    type: Literal["clear"]


class CharsetFrame(_ClientFrame):
    """Renormalise probabilities over a character set from now on."""

    type: Literal["charset"]
    charset: Charset


class VerdictFrame(_ClientFrame):
    """Feedback on the drawing as the server has it: its true label, or that it was right."""

    type: Literal["verdict"]
    label: LabelText | None = None
    correct: bool | None = None
    id: UUID | None = None  # proposed by the client: sent twice, it is one correction
    device: Device = "unknown"

    @model_validator(mode="after")
    def _one_of_two(self) -> "VerdictFrame":
        if (self.label is None) == (self.correct is None):
            raise ValueError("a verdict has either a label or correct")
        return self


class ForgetFrame(_ClientFrame):
    """Reset the personal memory."""

    type: Literal["forget"]


ClientFrame = (
    PointsFrame | DrawingFrame | UndoFrame | ClearFrame | CharsetFrame | VerdictFrame | ForgetFrame
)
_CLIENT: Final[TypeAdapter[ClientFrame]] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")]
)


def parse(text: str) -> ClientFrame:
    """Read one frame from a client.

    Raises:
        BadFrame: with code `json`, `type` or `field`, and the frame's `n` if it has a usable one.
    """
    try:
        return _CLIENT.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise _explain(first["type"], first["loc"], first["msg"], number_of(text)) from None


def _explain(kind: str, where: Sequence[int | str], why: str, n: int | None) -> BadFrame:
    if kind in ("json_invalid", "json_type"):
        return BadFrame("json", "the frame is not valid JSON")
    if kind == "dict_type":
        return BadFrame("json", "a frame is a JSON object")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        known = ", ".join(sorted(_TYPES))
        return BadFrame("type", f"the frame's type is not one of: {known}", n)
    path, why = place(where[1:]), why.removeprefix("Value error, ")
    return BadFrame("field", f"{path}: {why}" if path else why, n)


def place(where: Sequence[int | str]) -> str:
    """Return a field's name and the place in its list, of where pydantic found a mistake.

    No field of ours has fields of its own: what else pydantic names is which of several types it
    tried.
    """
    return ".".join(str(part) for part in where if part == where[0] or isinstance(part, int))


def number_of(text: str) -> int | None:
    """Return the `n` of a frame that is otherwise wrong, so that its sender can place the error."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    n = frame.get("n") if isinstance(frame, dict) else None
    return n if isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= 2**53 else None


_TYPES: Final = ("points", "drawing", "undo", "clear", "charset", "verdict", "forget")


class _ServerFrame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsInfo(_ServerFrame):
    """What this server accepts; a client that stays within never sees `limit` or `rate`."""

    frame_bytes: int
    strokes: int
    points: int
    frames_per_second: int
    frame_burst: int
    interval_ms: int
    image_bytes: int
    image_pixels: int


class HelloFrame(_ServerFrame):
    """The first frame of a connection."""

    type: Literal["hello"] = "hello"
    protocol: Literal[1] = PROTOCOL
    version: int | None  # None while no model can be served
    labels: tuple[str, ...]
    charset: Charset
    limits: LimitsInfo


class PredictionFrame(_ServerFrame):
    """A calibrated answer that covers every client frame up to `covers`."""

    type: Literal["prediction"] = "prediction"
    covers: int
    version: int
    label: str | None
    confidence: float
    abstain: bool
    probabilities: tuple[float, ...]  # (36,)
    personal: bool = False
    # The label is the personal memory's and not the network's; not sent, but kept with a verdict.
    renamed: bool = Field(default=False, exclude=True)
    # Abstains because the strokes are several characters; sent only where that is so.
    several: bool = Field(default=False, exclude_if=operator.not_)


class ErrorFrame(_ServerFrame):
    """What was wrong with a frame; the socket stays open."""

    type: Literal["error"] = "error"
    code: ErrorCode
    message: str
    n: int | None = None


class ReceiptFrame(_ServerFrame):
    """What has become of a correction; `deleted` is the last that is told of it.

    Once it is live, `version` is the one that learned from it, and `serving` how many of how many
    processes answer with what it taught.
    """

    type: Literal["receipt"] = "receipt"
    id: UUID
    status: str
    version: int | None = None
    serving: tuple[int, int] | None = None
    # What a reviewer says that it is; sent only where that is not what its sender said.
    label: str | None = Field(default=None, exclude_if=operator.not_)
    # It is approved, and learning is paused; sent only where that is so.
    paused: bool = Field(default=False, exclude_if=operator.not_)


class VersionFrame(_ServerFrame):
    """A hot swap reached this process: `serving` is how many of how many processes have it."""

    type: Literal["version"] = "version"
    version: int
    serving: tuple[int, int]


ServerFrame = Annotated[
    HelloFrame | PredictionFrame | ErrorFrame | ReceiptFrame | VersionFrame,
    Field(discriminator="type"),
]
