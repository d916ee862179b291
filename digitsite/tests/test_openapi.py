"""Every route of the HTTP API, called with what its OpenAPI document allows and forbids."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error

import digitsite.urls  # noqa: F401 - adds the corrections to the API
from digitsite.tests.processes import Web
from recognizer.api import api

EXAMPLES = 30  # for each route and mode; always the same ones

DOCUMENT = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = [result.ok() for result in DOCUMENT.get_all_operations()]  # type: ignore[union-attr]


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
