"""One's projects: made, changed, thrown away, run."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from runyard.api.access import PROJECTS_READ, PROJECTS_RUN, PROJECTS_WRITE, CurrentPrincipal
from runyard.api.answering import respond, respond_submitted
from runyard.api.archives import pack_archive, read_archive
from runyard.api.dependencies import CurrentApplication, read_body
from runyard.api.etags import NUMBER_MAX, IfMatch, parse_etag
from runyard.api.openapi import archive_body, json_body, problems
from runyard.api.problems import UnsupportedMediaTypeError
from runyard.api.schemas.answers import ExecutionAnswer
from runyard.api.schemas.project_answers import (
    DifferencesAnswer,
    NewProjectAnswer,
    ProjectAnswer,
    ProjectsAnswer,
    RevisionAnswer,
    RevisionsAnswer,
    render_differences,
    render_project,
    render_projects,
    render_revision,
    render_revisions,
)
from runyard.api.schemas.project_requests import (
    ProjectBody,
    ProjectChangeBody,
    RunProjectBody,
    SaveBody,
    build_change,
    build_first_change,
)
from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX, build_run
from runyard.domain.project import PROJECT_NAME_CHARACTERS_MAX, Change, Setup

PAGE_SIZE_MAX = 100
PAGE_SIZE = 20
MOMENT_MAX = 2**53
ZIP = "application/zip"

router = APIRouter(prefix="/projects", tags=["projects"])
imports = APIRouter(prefix="/project-imports", tags=["projects"])
MAY_READ, MAY_WRITE, MAY_RUN = (
    [Depends(PROJECTS_READ)],
    [Depends(PROJECTS_WRITE)],
    [Depends(PROJECTS_RUN)],
)
Id = Annotated[str, Path(max_length=64)]
Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]


@router.get("", dependencies=MAY_READ, response_model=ProjectsAnswer, responses=problems(401))
async def list_projects(
    application: CurrentApplication,
    principal: CurrentPrincipal,
    *,
    limit: Limit = PAGE_SIZE,
    before: Annotated[int | None, Query(ge=0, le=MOMENT_MAX)] = None,
    trash: Annotated[bool, Query(description="What was thrown away instead.")] = False,
) -> Response:
    """List one's projects, those changed last first."""
    found = await application.projects.list(
        principal, in_trash=trash, limit=limit + 1, before_us=before
    )
    return respond(render_projects(found, limit=limit))


@router.post(
    "",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=NewProjectAnswer,
    openapi_extra=json_body(ProjectBody),
    responses=problems(401, 404, 409, 415),
)
async def create_project(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Make a project with its first revision."""
    body = await read_body(request, ProjectBody)
    project, revision = await application.projects.create(
        principal, name=body.name, description=body.description, change=build_first_change(body)
    )
    answer = NewProjectAnswer(project=render_project(project), revision=render_revision(revision))
    return respond(answer, status=201, etag=revision.number)


@imports.post(
    "",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=NewProjectAnswer,
    openapi_extra=archive_body(),
    responses=problems(401, 404, 409, 415),
)
async def import_project(
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    name: Annotated[str, Query(min_length=1, max_length=PROJECT_NAME_CHARACTERS_MAX)],
    runtime: Annotated[str, Query(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)],
) -> Response:
    """Make a project of the files in a ZIP archive."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != ZIP:
        raise UnsupportedMediaTypeError(f"The body is no archive; send it as {ZIP}.")
    files = await asyncio.to_thread(
        read_archive, await request.body(), policy=application.settings.policy
    )
    change = Change(put=files, setup=Setup(runtime=runtime), replaces=True)
    project, revision = await application.projects.create(
        principal, name=name, description="", change=change
    )
    answer = NewProjectAnswer(project=render_project(project), revision=render_revision(revision))
    return respond(answer, status=201, etag=revision.number)


@router.get(
    "/{project_id}",
    dependencies=MAY_READ,
    response_model=ProjectAnswer,
    responses=problems(401, 404),
)
async def view_project(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Show one project."""
    project = await application.projects.find(principal, project_id)
    return respond(render_project(project), etag=project.revision)


@router.patch(
    "/{project_id}",
    dependencies=MAY_WRITE,
    response_model=ProjectAnswer,
    openapi_extra=json_body(ProjectChangeBody),
    responses=problems(401, 404, 409, 415),
)
async def change_project(
    project_id: Id,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
) -> Response:
    """Change the name or the description, or say whether /data is kept from run to run."""
    body = await read_body(request, ProjectChangeBody)
    project = await application.projects.change(
        principal,
        project_id,
        name=body.name,
        description=body.description,
        keeps_data=body.keeps_data,
    )
    return respond(render_project(project))


@router.delete(
    "/{project_id}",
    dependencies=MAY_WRITE,
    response_model=ProjectAnswer,
    responses=problems(401, 404),
)
async def throw_project_away(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Put a project into the trash, for 30 days."""
    return respond(render_project(await application.projects.throw_away(principal, project_id)))


@router.post(
    "/{project_id}/take-back",
    dependencies=MAY_WRITE,
    response_model=ProjectAnswer,
    responses=problems(401, 404),
)
async def take_project_back(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Take a project out of the trash."""
    return respond(render_project(await application.projects.take_back(principal, project_id)))


@router.post(
    "/{project_id}/delete",
    status_code=204,
    dependencies=MAY_WRITE,
    responses=problems(401, 404, 409),
)
async def delete_project(
    project_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Delete a project that is in the trash. There is no way back."""
    await application.projects.delete(principal, project_id)
    return Response(status_code=204)


@router.get(
    "/{project_id}/revisions",
    dependencies=MAY_READ,
    response_model=RevisionsAnswer,
    responses=problems(401, 404),
)
async def list_revisions(
    project_id: Id,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    limit: Limit = PAGE_SIZE,
    before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
) -> Response:
    """List what a project was saved as, newest first."""
    found = await application.projects.list_revisions(
        principal, project_id, limit=limit + 1, before=before
    )
    return respond(render_revisions(found, limit=limit))


@router.post(
    "/{project_id}/revisions",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=RevisionAnswer,
    openapi_extra=json_body(SaveBody),
    responses=problems(401, 404, 409, 412, 415, 428),
)
async def save(
    project_id: Id,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    if_match: IfMatch = "",
) -> Response:
    """Make the next revision. If-Match keeps two who save from overwriting each other."""
    base = parse_etag(if_match)
    body = await read_body(request, SaveBody)
    revision = await application.projects.save(principal, project_id, build_change(body), base=base)
    return respond(render_revision(revision), status=201, etag=revision.number)


@router.get(
    "/{project_id}/revisions/{number}",
    dependencies=MAY_READ,
    response_model=RevisionAnswer,
    responses=problems(401, 404),
)
async def view_revision(
    project_id: Id,
    number: Number,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    *,
    contents: Annotated[bool, Query(description="Have the files' contents too.")] = False,
) -> Response:
    """Show what a project was at a time."""
    projects = application.projects
    if contents:
        revision, files = await projects.read_revision(principal, project_id, number)
    else:
        revision, files = await projects.find_revision(principal, project_id, number), ()
    return respond(render_revision(revision, files), etag=revision.number)


@router.get(
    "/{project_id}/revisions/{number}/changes",
    dependencies=MAY_READ,
    response_model=DifferencesAnswer,
    responses=problems(401, 404),
)
async def compare(
    project_id: Id,
    number: Number,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    since: Annotated[int, Query(ge=1, le=NUMBER_MAX)],
) -> Response:
    """Tell which files differ between two revisions."""
    later = await application.projects.find_revision(principal, project_id, number)
    former = await application.projects.find_revision(principal, project_id, since)
    return respond(render_differences(former, later))


@router.post(
    "/{project_id}/revisions/{number}/restore",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=RevisionAnswer,
    responses=problems(401, 404, 409, 412, 428),
)
async def restore_revision(
    project_id: Id,
    number: Number,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    if_match: IfMatch = "",
) -> Response:
    """Make the next revision of the content of an earlier one."""
    base = parse_etag(if_match)
    revision = await application.projects.restore(principal, project_id, number, base=base)
    return respond(render_revision(revision), status=201, etag=revision.number)


@router.get(
    "/{project_id}/revisions/{number}/archive",
    dependencies=MAY_READ,
    response_class=Response,
    responses={
        **problems(401, 404),
        200: {
            "description": "The files in a ZIP archive.",
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def export_revision(
    project_id: Id,
    number: Number,
    application: CurrentApplication,
    principal: CurrentPrincipal,
) -> Response:
    """Take the files of a revision away."""
    project = await application.projects.find(principal, project_id)
    _, files = await application.projects.read_revision(principal, project_id, number)
    name = quote(f"{project.name}-{number}.zip", safe="")
    return Response(
        await asyncio.to_thread(pack_archive, files),
        media_type=ZIP,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "private, no-store",
        },
    )


@router.post(
    "/{project_id}/run",
    status_code=201,
    dependencies=MAY_RUN,
    response_model=ExecutionAnswer,
    openapi_extra=json_body(RunProjectBody),
    responses=problems(401, 404, 409, 415, 503),
)
async def run_project(
    project_id: Id,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
) -> Response:
    """Run a revision. The answer is the finished execution if it ended within `wait` seconds.

    What runs already is returned if the same is asked for; else it is superseded, unless this
    server does otherwise.
    """
    body = await read_body(request, RunProjectBody)
    execution = await application.projects.run(
        principal, project_id, body.revision, build_run(body)
    )
    return await respond_submitted(request, application, execution, wait_seconds=body.wait)
