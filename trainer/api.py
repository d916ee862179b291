"""HTTP `/api/v1/runs`: what is being learned now, and what came of it lately."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest
from ninja import Router, Schema

from recognizer import outages
from recognizer.payloads import ApiError, ErrorOut
from trainer import progress

router = Router(tags=["versions"])


class RunOut(Schema):
    """One training run."""

    id: int
    status: str
    done: int  # steps
    total: int
    judging: bool
    base_version: int
    version: int | None
    added: int  # corrections that the champion had not learned
    removed: int  # corrections that it should not have
    created: str
    started: str | None
    finished: str | None


class RunsOut(Schema):
    """The latest runs, newest first."""

    runs: list[RunOut]


@router.get("/runs", response={200: RunsOut, 422: ErrorOut, 503: ErrorOut})
async def list_runs(request: HttpRequest) -> dict[str, Any]:
    """List the latest training runs; nobody's drawings are named."""
    try:
        return {"runs": await sync_to_async(progress.latest)()}
    except DatabaseError as error:
        sentence = f"the database {outages.told(error)}: try again"
        raise ApiError(503, "unavailable", sentence) from None
