"""Every route of the HTTP API, called with what its OpenAPI document allows and forbids."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error

import digitsite.urls  # noqa: F401 - adds the corrections to the API
from digitsite.tests.processes import Web
from recognizer.api import api

SCHEMA = json.loads(json.dumps(api.get_openapi_schema()))  # as it is sent
EXAMPLES = 30  # for each route and mode; always the same ones

DOCUMENT = schemathesis.openapi.from_dict(SCHEMA)
OPERATIONS = [result.ok() for result in DOCUMENT.get_all_operations()]  # type: ignore[union-attr]


def references(part: Any) -> Iterator[str]:
    """Yield every reference in a part of the document."""
    if isinstance(part, dict):
        yield from (part[key] for key in part if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = set(references(SCHEMA))
    assert found
    for reference in found:
        start, *names = reference.split("/")
        assert start == "#"
        part: Any = SCHEMA
        for name in names:
            assert name in part, reference
            part = part[name]


def test_every_route_says_what_its_success_is() -> None:
    for path, methods in SCHEMA["paths"].items():
        for method, described in methods.items():
            assert described["responses"]["200"]["content"], (method, path)


def routes() -> Iterator[tuple[str, str]]:
    """Yield method and path of every route."""
    for path, methods in SCHEMA["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{id}", str(UUID(int=1, version=4)))


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), list(routes()))
def test_every_route_refuses_a_parameter_that_it_does_not_know(method: str, path: str) -> None:
    """Ignored, a misspelt one would be answered with something else than was asked for."""
    answer = Client().generic(method, path, query_params={"colour": "blue"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("field", "colour")
    assert error["message"].startswith(("known parameters are: ", "there are no parameters here"))


def test_every_route_says_that_it_may_refuse_a_parameter() -> None:
    for path, methods in SCHEMA["paths"].items():
        for method, described in methods.items():
            assert "422" in described["responses"], (method, path)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "corrections", "200 201 400 403 409 413 415 422 429 503 507"),
        ("get", "corrections", "200 422 503"),
        ("delete", "corrections", "200 403 422 507"),
        ("get", "corrections/{id}", "200 404 422 503"),
        ("delete", "corrections/{id}", "200 403 404 422 503 507"),
        ("get", "corrections.csv", "200 403 404 422 503"),
        ("post", "predict", "200 400 413 415 422 429 503"),
    ],
)
def test_a_route_names_the_answers_that_it_has(method: str, path: str, statuses: str) -> None:
    responses = SCHEMA["paths"][f"/api/v1/{path}"][method]["responses"]
    assert sorted(responses) == statuses.split()


def test_a_correction_is_strokes_or_a_picture_with_a_label_or_a_yes() -> None:
    body = SCHEMA["paths"]["/api/v1/corrections"]["post"]["requestBody"]["content"]
    schema = body["application/json"]["schema"]
    valid = jsonschema_rs.validator_for(schema).is_valid
    strokes, said = {"strokes": [[[0, 0], [1, 1]]]}, {"label": "7"}
    assert valid(strokes | said | {"device": "pen"})
    assert valid({"image": "x", "correct": True})
    assert not valid(strokes)
    assert not valid(said)
    for more in ({"image": "x"}, {"correct": True}, {"device": "brain"}):
        assert not valid(strokes | said | more)


def takes_something(operation: Any) -> bool:
    """Whether a request can be wrong: it has parameters or a body."""
    described = operation.definition.raw
    return bool(described.get("parameters") or "requestBody" in described)


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or takes_something(operation)
    ],
)
def test_no_request_makes_the_server_fail(
    server: Web, operation: Any, mode: GenerationMode
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Case[Any]) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{server.port}", checks=[not_a_server_error], timeout=60
        )

    call()
