"""What one's projects keep in /data from one run to the next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from runyard.api.access import PROJECTS_READ, PROJECTS_WRITE, CurrentPrincipal
from runyard.api.answering import respond, respond_attachment
from runyard.api.dependencies import CurrentApplication
from runyard.api.openapi import attachment, problems
from runyard.api.schemas.project_answers import KeptFilesAnswer, render_data

router = APIRouter(prefix="/projects/{project_id}/data", tags=["projects"])
MAY_READ, MAY_WRITE = [Depends(PROJECTS_READ)], [Depends(PROJECTS_WRITE)]
Id = Annotated[str, Path(max_length=64)]


@router.get("", dependencies=MAY_READ, response_model=KeptFilesAnswer, responses=problems(401, 404))
async def list_data(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """List the files in a project's /data."""
    files = await application.data.list(principal, project_id)
    return respond(render_data(files, size_bytes_max=application.data.bytes_of_project))


@router.delete("", status_code=204, dependencies=MAY_WRITE, responses=problems(401, 404, 409))
async def clear_data(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Delete all files in a project's /data, while nothing runs in it."""
    await application.data.clear(principal, project_id)
    return Response(status_code=204)


@router.get(
    "/{path:path}",
    dependencies=MAY_READ,
    response_class=Response,
    responses={**problems(401, 404), 200: attachment()},
)
async def download_data(
    project_id: Id, path: str, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Hand over a file that a program left in /data."""
    content = await application.data.read(principal, project_id, path)
    return respond_attachment(content, path)


@router.delete(
    "/{path:path}", status_code=204, dependencies=MAY_WRITE, responses=problems(401, 404, 409)
)
async def delete_data(
    project_id: Id, path: str, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Delete one file in a project's /data, while nothing runs in it."""
    await application.data.delete(principal, project_id, path)
    return Response(status_code=204)
