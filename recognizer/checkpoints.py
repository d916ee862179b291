"""Version folders: what is in one, whether it is whole, and how to open it for serving.

A version is a folder of three files: `model.onnx` (serving), `weights.safetensors` (training) and
`card.json`, which names the other two by SHA-256; `card.md` beside them is the card for people.
Nothing here unpickles anything. Knows nothing about Django, torch or who serves what.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import onnxruntime as ort
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recognizer.alphabet import CHARSETS, LABELS, Charset
from recognizer.directions import PLANES
from recognizer.rasterizer import SIDE

CARD: Final = "card.json"
MODEL: Final = "model.onnx"
WEIGHTS: Final = "weights.safetensors"
MAX_BYTES: Final = 64 * 2**20

Temperature = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class CheckpointError(Exception):
    """A version folder that cannot be served."""


class CheckpointMissing(CheckpointError):
    """There is no version folder, or a file of it is not there or not readable."""


class CheckpointCorrupt(CheckpointError):
    """The files are not what their card says: truncated, altered, or not finite."""


class CheckpointIncompatible(CheckpointError):
    """A whole folder made for another product, another set of labels or another schema."""


class Abstention(BaseModel):
    """When to answer "not sure": below either threshold."""

    confidence: Annotated[dict[Charset, Finite], Field(min_length=len(CHARSETS))]
    energy: Finite  # logsumexp of the 36 logits (Liu et al. 2020, energy-based OOD detection)


class Card(BaseModel):
    """What `card.json` says of a version; the parts that only people read stay untyped."""

    model_config = ConfigDict(frozen=True, extra="allow")

    schema_: Literal[1] = Field(alias="schema")
    number: Annotated[int, Field(ge=1)]
    name: str
    created: str
    labels: tuple[str, ...]
    architecture: dict[str, Any]
    temperature: Annotated[dict[Charset, Temperature], Field(min_length=len(CHARSETS))]
    abstain: Abstention
    data: dict[str, Any]
    metrics: dict[str, Any]
    sha256: dict[str, str]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text.

    Raises:
        CheckpointMissing: the file is not there or not readable.
        CheckpointCorrupt: it is larger than any file of ours.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointCorrupt(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointMissing(f"{path} cannot be read ({error.strerror})") from error


def read_card(folder: Path) -> Card:
    """Read `card.json`.

    Raises:
        CheckpointMissing: there is no card.
        CheckpointCorrupt: it is not JSON.
        CheckpointIncompatible: it lacks what this product needs, or has other labels.
    """
    path = folder / CARD
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointMissing(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise CheckpointCorrupt(f"{path} is not valid JSON") from error
    try:
        card = Card.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CheckpointIncompatible(f"{path}: {where}: {first['msg']}") from error
    if card.labels != LABELS:
        raise CheckpointIncompatible(f"{path} has other labels than this product")
    return card


def verify(folder: Path) -> Card:
    """Check that a version folder is whole and return its card.

    Raises:
        CheckpointError: a subclass that says what is wrong.
    """
    card = read_card(folder)
    for name in (MODEL, WEIGHTS):
        if card.sha256.get(name) != digest(folder / name):
            raise CheckpointCorrupt(f"{folder / name} does not match the SHA-256 in its card")
    return card


def open_session(folder: Path, card: Card) -> ort.InferenceSession:
    """Open the serving model on one thread and try it once.

    One thread: a process answers many sockets, and for one small image threads cost more than
    they bring.

    Raises:
        CheckpointMissing: the file is not readable.
        CheckpointCorrupt: its bytes are not those of the card, or it answers with NaN.
        CheckpointIncompatible: its inputs or outputs are not ours.
    """
    path = folder / MODEL
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointMissing(f"{path} cannot be read ({error.strerror})") from error
    # The bytes that were checked are the bytes that are loaded: no second read of the file.
    if hashlib.sha256(content).hexdigest() != card.sha256.get(MODEL):
        raise CheckpointCorrupt(f"{path} does not match the SHA-256 in its card")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        image = np.zeros((1, planes_of(session), SIDE, SIDE), np.float32)
        logits, features = session.run(["logits", "features"], {"image": image})
    except Exception as error:  # onnxruntime's own errors share no public base class
        raise CheckpointIncompatible(f"{path} cannot be served: {error}") from error
    if planes_of(session) not in {1, PLANES}:
        raise CheckpointIncompatible(f"{path} wants {planes_of(session)} planes of a drawing")
    if logits.shape != (1, len(LABELS)) or features.ndim != 2:
        raise CheckpointIncompatible(f"{path} answers with shape {logits.shape}")
    if not (np.isfinite(logits).all() and np.isfinite(features).all()):
        raise CheckpointCorrupt(f"{path} answers with values that are not finite")
    return session


def planes_of(session: ort.InferenceSession) -> int:
    """Return how many planes of a drawing a model takes: 1, the image, or 5, with directions."""
    return int(session.get_inputs()[0].shape[1])
