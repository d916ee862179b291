"""What an HTTP request brought: JSON, a form, a picture or strokes, or a clear refusal of it.

Refusals have one JSON shape and never name an exception. The work on pictures happens on a small
pool of threads with a bounded queue. Knows nothing about routes or predictions.
"""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import signature
from typing import Any, Final, TypeVar, get_args

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from ninja import Schema
from ninja.errors import ValidationError as InvalidParameters
from pydantic import TypeAdapter, ValidationError

from recognizer import outages
from recognizer.alphabet import CHARSETS, LABEL_RULE, Charset, label_of
from recognizer.aside import Aside, Busy
from recognizer.images import ImageError, ImageLimits, rasterise_image
from recognizer.messages import place
from recognizer.rasterizer import Raster
from recognizer.strokes import Drawing, DrawingError, Ink, Limits

logger = logging.getLogger(__name__)

T = TypeVar("T")

View = Callable[..., Awaitable[Any]]

_IMAGE_STATUS: Final = {
    "too_large": 413,
    "unsupported": 415,
    "not_an_image": 400,
    "nothing_found": 422,
    "several_found": 422,
}
_images = Aside("images", most=16)


class ApiError(Exception):
    """An answer other than success; raised anywhere below a view."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, retry: float = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "field": field}}
        self.retry = retry


class ErrorDetail(Schema):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    field: str | None


class ErrorOut(Schema):
    """Every error of this API."""

    error: ErrorDetail


def error_response(request: HttpRequest, error: ApiError) -> HttpResponse:
    """Answer with an error."""
    response = JsonResponse(error.body, status=error.status)
    if error.status in (429, 503):
        response["Retry-After"] = str(max(1, round(error.retry)))
    return response


def database_response(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """Answer that the database does not, where nobody knew better."""
    what = outages.told(error)
    logger.warning("the database %s: %s", what, type(error).__name__)
    sentence = f"the database {what}: try again later"
    return error_response(request, ApiError(503, "unavailable", sentence, retry=5))


def validation_response(request: HttpRequest, error: InvalidParameters) -> HttpResponse:
    """Answer to a path or a query that does not fit, in the same shape."""
    first = error.errors[0]
    # The last name: after it come places in a list, as in `status=approved&status=zzz`.
    names = [part for part in first["loc"] if isinstance(part, str)]
    return error_response(request, ApiError(422, "field", str(first["msg"]), names[-1]))


def with_known_query(view: View) -> View:
    """Let a view refuse a query with what it does not name: misspelt, it would say too little.

    The view raises ApiError then. Its schemas are its queries: bodies are read by hand.
    """
    annotations = (get_args(each.annotation) for each in signature(view).parameters.values())
    schemas = [args[0] for args in annotations if args and issubclass(args[0], Schema)]
    known = sorted(name for schema in schemas for name in schema.model_fields)
    says = f"known parameters are: {', '.join(known)}" if known else "there are no parameters here"

    @wraps(view)
    async def refusing(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for name in request.GET:
            if name not in known:
                raise ApiError(422, "field", says, name)
        return await view(request, *args, **kwargs)

    return refusing


def json_body(request: HttpRequest, adapter: TypeAdapter[T]) -> T:
    """Read a JSON body.

    Raises:
        ApiError: it is too large, not JSON, or not what `adapter` wants.
    """
    try:
        return adapter.validate_json(request.body)
    except RequestDataTooBig as error:
        raise ApiError(413, "too_large", "the request is too large") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] in ("json_invalid", "model_attributes_type") and not first["loc"]:
            raise ApiError(400, "json", "the body is not a JSON object") from None
        raise unfit(error) from None


def unfit(error: ValidationError) -> ApiError:
    """Return the answer to fields that do not fit: what is wrong with the first, in its words."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = place(first["loc"]) or None
    return ApiError(422, "field", first["msg"].removeprefix("Value error, "), field)


def uploaded_file(request: HttpRequest, *fields: str) -> tuple[bytes, QueryDict]:
    """Read the file of a form; return its content and the other fields, which are among `fields`.

    Raises:
        ApiError: it is too large, malformed, has no file or two, or a field that is not known.
    """
    try:
        form, files = request.POST, request.FILES
    except RequestDataTooBig as error:
        raise ApiError(413, "too_large", "the request is too large") from error
    except (MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        raise ApiError(400, "multipart", "the form data is malformed") from error
    if "file" not in files:
        raise ApiError(422, "field", "the form has no file of that name", "file")
    for name in sorted((set(files) - {"file"}) | (set(form) - set(fields))):
        raise ApiError(422, "field", f"beside its file a form may have: {', '.join(fields)}", name)
    file, *more = files.getlist("file")
    if more:
        raise ApiError(422, "field", "the form has more than one file", "file")
    return file.read(), form


def charset_of(form: QueryDict) -> Charset:
    """Return the character set that a form names.

    Raises:
        ApiError: there is no such character set.
    """
    charset = next((known for known in CHARSETS if known == form.get("charset", "all")), None)
    if charset is None:
        raise ApiError(422, "field", f"charset is one of {', '.join(CHARSETS)}", "charset")
    return charset


def label_named(text: object) -> str:
    """Return the label that a request names.

    Raises:
        ApiError: it is not one of ours.
    """
    try:
        return label_of(str(text))
    except ValueError as error:
        raise ApiError(422, "field", LABEL_RULE, "label") from error


def decode_base64(text: str) -> bytes:
    """Decode a data URL or plain base64.

    Raises:
        ApiError: it is neither.
    """
    header, _, payload = text.rpartition(",")
    if header and not (header.startswith("data:") and header.endswith(";base64")):
        raise ApiError(400, "base64", "image is neither a data URL nor base64", "image")
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, "base64", "image is not valid base64", "image") from error


def ink_of(strokes: list[list[list[float]]]) -> Ink:
    """Check strokes and return them for the rasteriser.

    Raises:
        ApiError: there are too many, or a coordinate is out of range.
    """
    limits = Limits(settings.MAX_STROKES, settings.MAX_POINTS)
    try:
        return Drawing.of(strokes, limits).ink()
    except DrawingError as error:
        raise ApiError(422, error.code, str(error), "strokes") from error


async def read_image(content: bytes, field: str) -> Raster:
    """Turn a picture into the network's image, on the pool.

    Args:
        content: of the file.
        field: the name under which it came, for refusals.

    Raises:
        ApiError: it is no picture of one character, or too many are waiting.
    """
    limits = ImageLimits(settings.IMAGE_BYTES, settings.IMAGE_PIXELS)
    try:
        return await _images.run(lambda: rasterise_image(content, limits))
    except Busy as error:
        raise ApiError(
            503, "busy", "too many pictures at once: try again shortly", retry=1
        ) from error
    except ImageError as error:
        raise ApiError(_IMAGE_STATUS[error.code], error.code, str(error), field) from error
