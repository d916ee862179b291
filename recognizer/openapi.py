"""What the OpenAPI document says of bodies that views read themselves: JSON, or a form with a file.

Django-ninja describes what it parses, and does not parse these. Knows nothing about any route.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

Described = dict[str, Any]
Either = Sequence[tuple[str, str]]  # pairs of fields; of each pair exactly one is sent

_HERE: Final = "#/$defs/"


def request_body(
    schema: type[BaseModel],
    fields: Described,
    example: Described,
    *,
    either: Either,
    either_of_form: Either = (),
) -> Described:
    """Return the extra part of a route's description.

    Args:
        schema: of the JSON body.
        fields: of the form, besides its file.
        example: a JSON body.
        either: what excludes one another in JSON.
        either_of_form: the same in the form.
    """
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, **fields},
        "additionalProperties": False,
        **_exclusive(either_of_form),
    }
    json = {**_whole(schema.model_json_schema()), **_exclusive(either)}
    content = {
        "application/json": {"schema": json, "example": example},
        "multipart/form-data": {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


def file(description: str, content_type: str, *, binary: bool = False) -> Described:
    """Return the extra part of the description of a route that answers with a file."""
    schema = {"type": "string", **({"format": "binary"} if binary else {})}
    content = {content_type: {"schema": schema}}
    return {"responses": {200: {"description": description, "content": content}}}


def _exclusive(either: Either) -> Described:
    pairs = [{"oneOf": [{"required": [name]} for name in pair]} for pair in either]
    return {"allOf": pairs} if pairs else {}


def _whole(schema: Described) -> Described:
    """Return a schema with its definitions in their places: the document has no `$defs`."""
    known = schema.pop("$defs", {})

    def fill(part: Any) -> Any:
        if isinstance(part, list):
            return [fill(each) for each in part]
        if not isinstance(part, dict):
            return part
        found = fill(known[part["$ref"].removeprefix(_HERE)]) if "$ref" in part else {}
        return found | {key: fill(value) for key, value in part.items() if key != "$ref"}

    filled: Described = fill(schema)
    return filled
