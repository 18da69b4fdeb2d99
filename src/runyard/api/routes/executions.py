"""Submitting executions and asking about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from runyard.api.access import RUN_READ, RUN_WRITE, CurrentPrincipal
from runyard.api.addresses import find_client_address
from runyard.api.answering import JSON, respond_attachment, respond_execution, respond_submitted
from runyard.api.dependencies import (
    CurrentApplication,
    ExecutionId,
    Executions,
    Stopping,
    read_body,
)
from runyard.api.openapi import attachment, json_body, problems
from runyard.api.schemas.answers import ExecutionAnswer, ExecutionsAnswer
from runyard.api.schemas.rendering import dump, render_page
from runyard.api.schemas.requests import ExecutionBody, StdinBody, build_submission, decode
from runyard.api.streams import EVENT_STREAM, respond_events
from runyard.domain.errors import ConflictError, InvalidPathError, NotFoundError
from runyard.domain.execution import State
from runyard.domain.files import check_path
from runyard.services.accounts.attempts import group_address

PAGE_SIZE_MAX = 100
PAGE_SIZE = 20
SEQUENCE_MAX = 2**53
ID_CHARACTERS_MAX = 64

router = APIRouter(prefix="/executions", tags=["executions"])
MAY_READ, MAY_WRITE = [Depends(RUN_READ)], [Depends(RUN_WRITE)]


@router.post(
    "",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=ExecutionAnswer,
    openapi_extra=json_body(ExecutionBody),
    responses=problems(401, 404, 409, 415, 429, 503),
)
async def submit(
    request: Request,
    application: CurrentApplication,
    executions: Executions,
    principal: CurrentPrincipal,
) -> Response:
    """Run code. The answer is the finished execution if it ended within `wait` seconds."""
    body = await read_body(request, ExecutionBody)
    # Before the contents are decoded: an unknown runtime is what a person should hear of first.
    runtime = application.runtimes.find(body.runtime)
    policy = application.policies.find(principal, runtime.id)
    if principal.owner_id is None:
        settings = application.settings
        address = find_client_address(request, settings.trusted_proxies)
        rule = application.live_settings.anonymous_rule
        await application.accounts.attempts.spend((rule, group_address(address)))
    execution = await executions.submit(build_submission(body), policy=policy)
    return await respond_submitted(request, application, execution, wait_seconds=body.wait)


@router.get("", dependencies=MAY_READ, response_model=ExecutionsAnswer, responses=problems(401))
async def list_executions(
    executions: Executions,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    before: Annotated[str, Query(max_length=ID_CHARACTERS_MAX, pattern=r"^[0-9A-Z]*$")] = "",
    project: Annotated[
        str, Query(max_length=ID_CHARACTERS_MAX, pattern=r"^[0-9A-Z]*$", description="Only of it.")
    ] = "",
) -> Response:
    """List one's executions, newest first."""
    found = await executions.list(
        project_id=project or None, limit=limit + 1, before=before or None
    )
    return Response(dump(render_page(found, limit=limit)), media_type=JSON)


@router.get(
    "/{execution_id}",
    dependencies=MAY_READ,
    response_model=ExecutionAnswer,
    responses=problems(401, 404),
)
async def view(execution_id: ExecutionId, executions: Executions) -> Response:
    """Show one execution with what it printed and used so far."""
    return respond_execution(await executions.get(execution_id))


@router.get(
    "/{execution_id}/events",
    dependencies=MAY_READ,
    response_class=StreamingResponse,
    responses={
        **problems(401, 404),
        200: {
            "description": "Numbered events until the execution is finished.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
        204: {"description": "The execution is finished and there are no later events."},
    },
)
async def follow(
    execution_id: ExecutionId,
    executions: Executions,
    stopping: Stopping,
    after: Annotated[int, Query(ge=0, le=SEQUENCE_MAX)] = 0,
    last_event_id: Annotated[int, Header(ge=0, le=SEQUENCE_MAX)] = 0,
) -> Response:
    """Follow an execution as server-sent events; past events come first.

    After a broken connection `Last-Event-ID` or `after` names the last event that was seen.
    """
    execution = await executions.get(execution_id)
    events = executions.follow(execution_id, after=max(after, last_event_id))
    first = None
    if execution.state is State.FINISHED:
        first = await anext(events, None)
        if first is None:
            # Tells a browser's EventSource not to connect again.
            return Response(status_code=204)
    return respond_events(first, events, stopping=stopping)


@router.post(
    "/{execution_id}/cancel",
    dependencies=MAY_WRITE,
    response_model=ExecutionAnswer,
    responses=problems(401, 404, 503),
)
async def cancel(execution_id: ExecutionId, executions: Executions) -> Response:
    """Ask for the end of an execution. A finished one stays as it is."""
    return respond_execution(await executions.cancel(execution_id))


@router.post(
    "/{execution_id}/stdin",
    dependencies=MAY_WRITE,
    status_code=204,
    openapi_extra=json_body(StdinBody),
    responses=problems(401, 404, 409, 415, 503),
)
async def write_stdin(
    request: Request, execution_id: ExecutionId, executions: Executions
) -> Response:
    """Feed the stdin of an interactive execution."""
    body = await read_body(request, StdinBody)
    await executions.get(execution_id)
    data = decode(body.data, body.encoding, field="data")
    if data:
        await executions.write_stdin(execution_id, data)
    if body.eof:
        try:
            await executions.close_stdin(execution_id)
        except ConflictError:
            # What it was just given may have been all that it waited for.
            if not data:
                raise
    return Response(status_code=204)


@router.get(
    "/{execution_id}/artifacts/{name:path}",
    dependencies=MAY_READ,
    response_class=Response,
    responses={
        **problems(401, 404),
        200: attachment(),
    },
)
async def download_artifact(
    execution_id: ExecutionId, name: str, executions: Executions
) -> Response:
    """Hand over a file that the program left."""
    try:
        content = await executions.read_artifact(execution_id, check_path(name))
    except InvalidPathError as error:
        raise NotFoundError("The execution left no file of this name.") from error
    return respond_attachment(content, name)
