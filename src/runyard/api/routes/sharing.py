"""Projects that others may read: shared by their owners, found, copied, starred."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from runyard.api.access import PROJECTS_WRITE, READER, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.project_answers import (
    GalleryAnswer,
    NewProjectAnswer,
    ProjectAnswer,
    SharedAnswer,
    StarsAnswer,
    render_gallery,
    render_project,
    render_revision,
    render_shared,
)
from runyard.api.schemas.project_requests import SharingBody
from runyard.domain.project import TAG_CHARACTERS_MAX
from runyard.store.sharing import Order, Search

PAGE_SIZE_MAX = 60
PAGE_SIZE = 24
OFFSET_MAX = 10_000
QUERY_CHARACTERS_MAX = 100
# Nothing that a database would choke on.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

router = APIRouter(tags=["sharing"])
FOR_READERS, MAY_WRITE = [Depends(READER)], [Depends(PROJECTS_WRITE)]
Id = Annotated[str, Path(max_length=64)]
Language = Annotated[str | None, Query(max_length=QUERY_CHARACTERS_MAX, pattern=PRINTABLE)]
Word = Annotated[str | None, Query(max_length=TAG_CHARACTERS_MAX, pattern=r"^[a-z0-9+#-]+$")]


@router.patch(
    "/projects/{project_id}/sharing",
    dependencies=MAY_WRITE,
    response_model=ProjectAnswer,
    openapi_extra=json_body(SharingBody),
    responses=problems(401, 404, 415),
)
async def share(
    project_id: Id,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
) -> Response:
    """Say who may read the newest revision of a project: nobody, who has the link, or everybody."""
    body = await read_body(request, SharingBody)
    project = await application.sharing.share(
        principal, project_id, visibility=body.visibility, tags=body.tags
    )
    return respond(render_project(project))


@router.get(
    "/gallery", dependencies=FOR_READERS, response_model=GalleryAnswer, responses=problems(401)
)
async def search_gallery(
    application: CurrentApplication,
    *,
    query: Annotated[str, Query(max_length=QUERY_CHARACTERS_MAX, pattern=PRINTABLE)] = "",
    language: Language = None,
    tag: Word = None,
    sort: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
) -> Response:
    """Find public projects."""
    search = Search(
        query=query.strip().lower(), tag=tag, order=sort, limit=limit + 1, offset=offset
    )
    found = await application.sharing.search(search, language=language)
    return respond(render_gallery(found, limit=limit, offset=offset))


@router.get(
    "/shared/{key}",
    dependencies=FOR_READERS,
    response_model=SharedAnswer,
    responses=problems(401, 404),
)
async def read_shared(
    key: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Read a project that is public, by its id, or unlisted, by its link."""
    reading = await application.sharing.read(principal, key)
    return respond(render_shared(reading, key))


@router.post(
    "/shared/{key}/fork",
    status_code=201,
    dependencies=MAY_WRITE,
    response_model=NewProjectAnswer,
    responses=problems(401, 404),
)
async def fork(key: Id, application: CurrentApplication, principal: CurrentPrincipal) -> Response:
    """Make a project of one's own of what one reads."""
    project, revision = await application.sharing.fork(principal, key)
    answer = NewProjectAnswer(project=render_project(project), revision=render_revision(revision))
    return respond(answer, status=201)


@router.post(
    "/shared/{key}/star",
    dependencies=MAY_WRITE,
    response_model=StarsAnswer,
    responses=problems(401, 404),
)
async def set_star(
    key: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Star a project."""
    count = await application.sharing.star(principal, key, is_set=True)
    return respond(StarsAnswer(star_count=count))


@router.delete(
    "/shared/{key}/star",
    dependencies=MAY_WRITE,
    response_model=StarsAnswer,
    responses=problems(401, 404),
)
async def take_star_back(
    key: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Take one's star back."""
    count = await application.sharing.star(principal, key, is_set=False)
    return respond(StarsAnswer(star_count=count))
