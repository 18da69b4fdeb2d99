"""Runtimes, for administrators: added, edited, tried, deprecated, retired."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runyard.api.access import ADMIN
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, Stopping, read_body
from runyard.api.etags import IfMatch, parse_etag
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.runtime_answers import (
    AdminRuntimeAnswer,
    AdminRuntimesAnswer,
    TrialAnswer,
    render_administered,
    render_all_administered,
    render_trial,
)
from runyard.api.schemas.runtime_requests import LifecycleBody, TrialBody, build_program
from runyard.api.streams import EVENT_STREAM, respond_events
from runyard.api.trial_events import tell_trial
from runyard.domain.runtime import Support
from runyard.services.runtime_administration import AdministeredRuntime
from runyard.services.runtime_definition import RuntimeDefinition

router = APIRouter(prefix="/admin/runtimes", tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]
Id = Annotated[str, Path(max_length=64)]


@router.get(
    "", dependencies=FOR_ADMINS, response_model=AdminRuntimesAnswer, responses=problems(401)
)
async def list_administered_runtimes(application: CurrentApplication) -> Response:
    """List all runtimes with all that is known of them, most used first."""
    return respond(render_all_administered(await application.runtime_administration.list()))


@router.get(
    "/{runtime_id}",
    dependencies=FOR_ADMINS,
    response_model=AdminRuntimeAnswer,
    responses=problems(401, 404),
)
async def view_administered_runtime(runtime_id: Id, application: CurrentApplication) -> Response:
    """Show one runtime by its id."""
    return _respond(await application.runtime_administration.view(runtime_id))


@router.put(
    "/{runtime_id}",
    dependencies=FOR_ADMINS,
    response_model=AdminRuntimeAnswer,
    openapi_extra=json_body(RuntimeDefinition),
    responses=problems(401, 409, 412, 415, 428),
)
async def put_runtime(
    runtime_id: Id,
    request: Request,
    application: CurrentApplication,
    actor: CurrentActor,
    if_match: IfMatch = "",
) -> Response:
    """Add a runtime, or edit one: the fields that are given take the place of the catalogue's."""
    base = parse_etag(if_match, lowest=0)
    body = await read_body(request, RuntimeDefinition)
    found = await application.runtime_administration.put(runtime_id, body, base=base, by=actor)
    return _respond(found)


@router.delete(
    "/{runtime_id}",
    status_code=204,
    dependencies=FOR_ADMINS,
    responses=problems(401, 404, 409),
)
async def reset_runtime(
    runtime_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Have a runtime be as in the catalogue again, or remove one that was added."""
    await application.runtime_administration.reset(runtime_id, by=actor)
    return Response(status_code=204)


@router.post(
    "/{runtime_id}/lifecycle",
    dependencies=FOR_ADMINS,
    response_model=AdminRuntimeAnswer,
    openapi_extra=json_body(LifecycleBody),
    responses=problems(401, 404, 412, 415),
)
async def change_lifecycle(
    runtime_id: Id, request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Deprecate or retire a runtime, or take that back. `projects` says how many it concerns."""
    body = await read_body(request, LifecycleBody)
    support = Support(lifecycle=body.lifecycle, message=body.message, replacement=body.replacement)
    administration = application.runtime_administration
    return _respond(await administration.set_support(runtime_id, support, by=actor))


@router.post(
    "/{runtime_id}/default",
    dependencies=FOR_ADMINS,
    response_model=AdminRuntimeAnswer,
    responses=problems(401, 404, 409),
)
async def make_default(
    runtime_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Have the name of the runtime's language find this one."""
    return _respond(await application.runtime_administration.set_default(runtime_id, by=actor))


@router.post(
    "/{runtime_id}/test",
    dependencies=FOR_ADMINS,
    response_model=TrialAnswer,
    openapi_extra=json_body(TrialBody),
    responses={
        **problems(401, 404, 409, 415, 503),
        200: {
            "description": "The trial; as events, the last one has it as `trial`, or a `problem`.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
    },
)
async def try_runtime(
    runtime_id: Id, request: Request, application: CurrentApplication, stopping: Stopping
) -> Response:
    """Run the self-test or a program now, with a runtime as it is or as a draft would make it. With
    `Accept: text/event-stream` its steps and what they print are told as it happens.
    """
    body = await read_body(request, TrialBody)
    program = build_program(body.program, runtime_id)
    administration = application.runtime_administration
    if EVENT_STREAM not in request.headers.get("accept", ""):
        trial = await administration.try_out(runtime_id, body.definition, program)
        return respond(render_trial(trial))
    events = tell_trial(administration.watch(runtime_id, body.definition, program))
    # What is refused at once is refused as elsewhere.
    return respond_events(await anext(events), events, stopping=stopping)


def _respond(runtime: AdministeredRuntime) -> Response:
    return respond(render_administered(runtime), etag=runtime.revision)
