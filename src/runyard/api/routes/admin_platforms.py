"""Platforms, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runyard.api.access import ADMIN
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.etags import IfMatch, parse_etag
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.platform_answers import (
    EnginesAnswer,
    PlatformAnswer,
    PlatformsAnswer,
    SmokeAnswer,
    TrialAnswer,
    render_engines,
    render_platform,
    render_platforms,
    render_smoke,
    render_trial,
)
from runyard.api.schemas.platform_requests import PlatformBody, PlatformStateBody, SmokeBody
from runyard.domain.runtime import RuntimeState
from runyard.services.trials import SMOKE_RUNTIMES_MAX

router = APIRouter(prefix="/admin", tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


def optional_json_body(schema: type[PlatformBody]) -> dict[str, Any]:
    described = json_body(schema)
    described["requestBody"]["required"] = False
    return described


@router.get(
    "/platforms", dependencies=FOR_ADMINS, response_model=PlatformsAnswer, responses=problems(401)
)
async def list_platforms(application: CurrentApplication) -> Response:
    """List the platforms by name."""
    return respond(render_platforms(await application.platforms.list()))


@router.get(
    "/engines", dependencies=FOR_ADMINS, response_model=EnginesAnswer, responses=problems(401)
)
async def list_engines(application: CurrentApplication) -> Response:
    """List the kinds of platforms that are installed, with the schemas of their options."""
    return respond(render_engines(application.platforms.kinds))


@router.get(
    "/platforms/{name}",
    dependencies=FOR_ADMINS,
    response_model=PlatformAnswer,
    responses=problems(401, 404),
)
async def view_platform(name: Name, application: CurrentApplication) -> Response:
    """Show one platform."""
    return _respond(render_platform(await application.platforms.view(name)))


@router.put(
    "/platforms/{name}",
    dependencies=FOR_ADMINS,
    response_model=PlatformAnswer,
    openapi_extra=json_body(PlatformBody),
    responses=problems(401, 409, 412, 415, 428, 503),
)
async def put_platform(
    name: Name,
    request: Request,
    application: CurrentApplication,
    actor: CurrentActor,
    if_match: IfMatch = "",
) -> Response:
    """Add a platform, which is disabled then, or change one. Its state stays."""
    base = parse_etag(if_match, lowest=0)
    draft = (await read_body(request, PlatformBody)).build()
    view = await application.platforms.put(name, draft, base=base, by=actor)
    return _respond(render_platform(view))


@router.delete(
    "/platforms/{name}",
    status_code=204,
    dependencies=FOR_ADMINS,
    responses=problems(401, 404, 409),
)
async def delete_platform(
    name: Name, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Delete a platform that is neither the default nor in use."""
    await application.platforms.delete(name, by=actor)
    return Response(status_code=204)


@router.post(
    "/platforms/{name}/state",
    dependencies=FOR_ADMINS,
    response_model=PlatformAnswer,
    openapi_extra=json_body(PlatformStateBody),
    responses=problems(401, 404, 415),
)
async def set_platform_state(
    name: Name, request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Enable, drain or disable a platform. Once it is drained, this server claims nothing more."""
    body = await read_body(request, PlatformStateBody)
    view = await application.platforms.set_state(name, body.state, by=actor)
    return _respond(render_platform(view))


@router.post(
    "/platforms/{name}/default",
    dependencies=FOR_ADMINS,
    response_model=PlatformAnswer,
    responses=problems(401, 404, 409, 503),
)
async def make_platform_default(
    name: Name, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Let servers run on this platform from their next start on."""
    return _respond(render_platform(await application.platforms.make_default(name, by=actor)))


@router.post(
    "/platforms/{name}/test",
    dependencies=FOR_ADMINS,
    response_model=TrialAnswer,
    openapi_extra=optional_json_body(PlatformBody),
    responses=problems(401, 404, 415, 503),
)
async def test_platform(name: Name, request: Request, application: CurrentApplication) -> Response:
    """Try step by step whether programs can be run on a platform, or on what the body describes."""
    if await request.body():
        draft = (await read_body(request, PlatformBody)).build()
    else:
        draft = await application.platforms.draft_of(name)
    return respond(render_trial(await application.trials.test(draft)))


@router.post(
    "/platforms/{name}/smoke",
    dependencies=FOR_ADMINS,
    response_model=SmokeAnswer,
    openapi_extra=json_body(SmokeBody),
    responses=problems(401, 404, 409, 415, 503),
)
async def smoke_platform(name: Name, request: Request, application: CurrentApplication) -> Response:
    """Run the self-tests of up to three runtimes on a platform."""
    body = await read_body(request, SmokeBody)
    draft = await application.platforms.draft_of(name)
    names = body.runtimes or [
        each.runtime.id
        for each in application.runtimes.list()
        if each.state is not RuntimeState.UNAVAILABLE
    ]
    runtimes = {each.id: each for each in map(application.runtimes.find, names)}
    chosen = list(runtimes.values())[:SMOKE_RUNTIMES_MAX]
    return respond(render_smoke(await application.trials.smoke(draft, chosen)))


def _respond(answer: PlatformAnswer) -> Response:
    return respond(answer, etag=answer.version)
