"""Everybody's executions, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from runyard.api.access import ADMIN
from runyard.api.answering import JSON, respond, respond_execution
from runyard.api.dependencies import CurrentActor, CurrentApplication, ExecutionId, read_body
from runyard.api.moments import Moment
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.account_requests import TEXT_CHARACTERS_MAX
from runyard.api.schemas.answers import ExecutionAnswer
from runyard.api.schemas.oversight import (
    OverviewAnswer,
    OwnedExecutionsAnswer,
    StopBody,
    StoppedAnswer,
    render_overview,
    render_owned_page,
)
from runyard.api.schemas.rendering import dump
from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX
from runyard.domain.execution import Outcome, State
from runyard.store.oversight import ExecutionSearch

PAGE_SIZE_MAX = 100
PAGE_SIZE = 50
ID_PATTERN = r"^[0-9A-Z]{0,26}$"

router = APIRouter(prefix="/admin", tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]


@router.get(
    "/executions",
    dependencies=FOR_ADMINS,
    response_model=OwnedExecutionsAnswer,
    responses=problems(401, 404),
)
async def list_all_executions(
    application: CurrentApplication,
    *,
    state: Annotated[State | None, Query()] = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    owner: Annotated[
        str,
        Query(
            max_length=TEXT_CHARACTERS_MAX,
            description='An account\'s id, name or address, or "anonymous".',
        ),
    ] = "",
    runtime: Annotated[
        str, Query(max_length=RUNTIME_CHARACTERS_MAX, description="An id or an alias.")
    ] = "",
    project: Annotated[str, Query(pattern=ID_PATTERN)] = "",
    since: Annotated[Moment | None, Query(description="Submitted then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Submitted earlier.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    before: Annotated[str, Query(pattern=ID_PATTERN)] = "",
) -> Response:
    """List everybody's executions, newest first."""
    search = ExecutionSearch(
        state=state,
        outcome=outcome,
        runtime_id=_find_runtime(application, runtime) if runtime else None,
        project_id=project or None,
        since=since,
        until=until,
        before=before or None,
        limit=limit + 1,
    )
    found = await application.oversight.list(search, owner=owner or None)
    return Response(dump(render_owned_page(found, limit=limit)), media_type=JSON)


@router.post(
    "/executions/stop",
    dependencies=FOR_ADMINS,
    response_model=StoppedAnswer,
    openapi_extra=json_body(StopBody),
    responses=problems(401, 404, 415),
)
async def stop_executions(
    request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Stop what an owner has unfinished, queued ones included, 200 for each request."""
    body = await read_body(request, StopBody)
    stopped, left = await application.oversight.stop(body.owner, by=actor)
    return respond(StoppedAnswer(stopped=stopped, left=left))


@router.post(
    "/executions/{execution_id}/cancel",
    dependencies=FOR_ADMINS,
    response_model=ExecutionAnswer,
    responses=problems(401, 404),
)
async def cancel_execution(
    execution_id: ExecutionId, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Stop one execution. A finished one stays as it is."""
    return respond_execution(await application.oversight.cancel(execution_id, by=actor))


@router.get(
    "/overview", dependencies=FOR_ADMINS, response_model=OverviewAnswer, responses=problems(401)
)
async def view_overview(application: CurrentApplication) -> Response:
    """Tell what is going on, and what the last hour and the last day were like."""
    return respond(render_overview(await application.oversight.figures()))


def _find_runtime(application: CurrentApplication, name: str) -> str:
    """Return the id of one that is known by an alias; there may be executions of a former one."""
    for status in application.runtimes.list():
        if name.lower() in {status.runtime.id, *status.runtime.aliases}:
            return status.runtime.id
    return name.replace("\0", "")
