"""Questions that people ask often: read by everybody, kept by administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response

from runyard.api.access import ADMIN, ANYBODY
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.faq import (
    FaqAnswer,
    FaqBody,
    FaqExportAnswer,
    FaqListAnswer,
    FaqListsAnswer,
    build_entries,
    render_entries,
    render_faq,
    render_list,
)
from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX
from runyard.services.faq import GENERAL

router = APIRouter(tags=["faq"])
FOR_ADMINS = [Depends(ADMIN)]
Name = Annotated[
    str,
    Path(
        max_length=RUNTIME_CHARACTERS_MAX,
        description='"general", or the id or an alias of a runtime.',
    ),
]
IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^("[0-9]{1,9}")?$',
        description="The version that the change is based on, in quotes; else it is not looked at.",
    ),
]


@router.get(
    "/faq", dependencies=[Depends(ANYBODY)], response_model=FaqAnswer, responses=problems(404)
)
async def read_faq(
    application: CurrentApplication,
    runtime: Annotated[
        str, Query(max_length=RUNTIME_CHARACTERS_MAX, description="An id or an alias.")
    ] = "",
) -> Response:
    """Answer what people ask often, about everything and about one runtime."""
    of_runtime = await application.faq.find(runtime) if runtime else None
    return respond(render_faq(await application.faq.find(), of_runtime))


@router.get(
    "/admin/faq", dependencies=FOR_ADMINS, response_model=FaqListsAnswer, responses=problems(401)
)
async def list_faq(application: CurrentApplication) -> Response:
    """Show the general list and those of all runtimes that have one."""
    found = await application.faq.list()
    return respond(FaqListsAnswer(items=[render_list(each) for each in found]))


@router.get(
    "/admin/faq/{name}",
    dependencies=FOR_ADMINS,
    response_model=FaqExportAnswer,
    responses=problems(401, 404),
)
async def export_faq(name: Name, application: CurrentApplication) -> Response:
    """Show one list as it can be imported again."""
    found = await application.faq.find(name)
    return respond(FaqExportAnswer(render_entries(found.entries)), etag=found.version)


@router.put(
    "/admin/faq",
    dependencies=FOR_ADMINS,
    response_model=FaqListAnswer,
    openapi_extra=json_body(FaqBody),
    responses=problems(401, 412, 415),
)
async def replace_general_faq(
    request: Request,
    application: CurrentApplication,
    actor: CurrentActor,
    if_match: IfMatch = "",
) -> Response:
    """Put a list in the place of the general one."""
    return await replace_faq(GENERAL, request, application, actor, if_match)


@router.put(
    "/admin/faq/{name}",
    dependencies=FOR_ADMINS,
    response_model=FaqListAnswer,
    openapi_extra=json_body(FaqBody),
    responses=problems(401, 404, 412, 415),
)
async def replace_faq(
    name: Name,
    request: Request,
    application: CurrentApplication,
    actor: CurrentActor,
    if_match: IfMatch = "",
) -> Response:
    """Put a list in the place of the one there is."""
    body = await read_body(request, FaqBody)
    base = int(if_match.strip('"')) if if_match else None
    replaced = await application.faq.replace(name, build_entries(body), by=actor, base=base)
    return respond(render_list(replaced), etag=replaced.version)


@router.delete(
    "/admin/faq", dependencies=FOR_ADMINS, response_model=FaqListAnswer, responses=problems(401)
)
async def reset_general_faq(application: CurrentApplication, actor: CurrentActor) -> Response:
    """Return to the general list that ships with Runyard."""
    return await reset_faq(GENERAL, application, actor)


@router.delete(
    "/admin/faq/{name}",
    dependencies=FOR_ADMINS,
    response_model=FaqListAnswer,
    responses=problems(401, 404),
)
async def reset_faq(name: Name, application: CurrentApplication, actor: CurrentActor) -> Response:
    """Return to the list that ships with Runyard."""
    return respond(render_list(await application.faq.reset(name, by=actor)))
