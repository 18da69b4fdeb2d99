"""Secret environment variables of one's projects. No answer has a value."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runyard.api.access import PROJECTS_READ, PROJECTS_WRITE, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.project_answers import (
    SecretAnswer,
    SecretsAnswer,
    render_secret,
    render_secrets,
)
from runyard.api.schemas.project_requests import SecretBody
from runyard.services.secrets import NAME_CHARACTERS_MAX

router = APIRouter(prefix="/projects/{project_id}/secrets", tags=["projects"])
MAY_READ, MAY_WRITE = [Depends(PROJECTS_READ)], [Depends(PROJECTS_WRITE)]
Id = Annotated[str, Path(max_length=64)]
Name = Annotated[str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX)]


@router.get("", dependencies=MAY_READ, response_model=SecretsAnswer, responses=problems(401, 404))
async def list_secrets(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """List the names of a project's secret variables."""
    return respond(render_secrets(await application.secrets.list(principal, project_id)))


@router.put(
    "/{name}",
    dependencies=MAY_WRITE,
    response_model=SecretAnswer,
    openapi_extra=json_body(SecretBody),
    responses=problems(401, 404, 409, 415),
)
async def set_secret(
    project_id: Id,
    name: Name,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
) -> Response:
    """Set a variable that the project's programs are given and that nobody reads again."""
    body = await read_body(request, SecretBody)
    secret = await application.secrets.put(principal, project_id, name, body.value)
    return respond(render_secret(secret))


@router.delete(
    "/{name}", status_code=204, dependencies=MAY_WRITE, responses=problems(401, 404, 409)
)
async def delete_secret(
    project_id: Id, name: Name, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Delete a variable. Runs that have begun keep it."""
    await application.secrets.delete(principal, project_id, name)
    return Response(status_code=204)
