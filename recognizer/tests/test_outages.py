"""What an error of the database is called: away, behind the code, or a fault of ours."""

import pytest
from django.db import (
    DatabaseError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)

from recognizer import outages


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM missing",
        "SELECT refused FROM recognizer_modelversion",
        "INSERT INTO recognizer_modelversion (refused) VALUES (1)",
        "UPDATE recognizer_modelversion SET refused = 1",
    ],
)
def test_what_lacks_a_table_or_a_column_is_behind(statement: str) -> None:
    with pytest.raises(Error) as raised, connection.cursor() as cursor:
        cursor.execute(statement)
    assert outages.is_behind(raised.value)
    assert outages.is_outage(raised.value)
    assert outages.told(raised.value) == "is not up to date"
    assert outages.advice(raised.value) == "run `manage.py prepare`"


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("connection failed: refused\n\tIs the server running?"),
        InterfaceError("the connection is closed"),
        DatabaseError("file is not a database"),  # as SQLite has it
    ],
)
def test_what_cannot_be_used_does_not_answer(error: Error) -> None:
    assert outages.is_outage(error)
    assert not outages.is_behind(error)
    assert outages.told(error) == "does not answer"
    assert outages.reason(error) == str(error).splitlines()[0]


def test_a_standby_that_takes_no_writes_cannot_be_used() -> None:
    refused = Exception()
    refused.sqlstate = "25006"  # type: ignore[attr-defined] # as psycopg has it
    error = InternalError("cannot execute INSERT in a read-only transaction")
    assert not outages.is_outage(error)
    error.__cause__ = refused
    assert outages.is_outage(error)


@pytest.mark.parametrize("error", [ProgrammingError("syntax error"), IntegrityError("a duplicate")])
def test_a_fault_of_ours_is_no_outage(error: Error) -> None:
    assert not outages.is_outage(error)


def test_an_error_without_words_is_named() -> None:
    assert outages.reason(DatabaseError()) == "DatabaseError"
