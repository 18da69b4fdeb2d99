"""What administrators did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from runyard.api.access import ADMIN
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentApplication
from runyard.api.moments import Moment
from runyard.api.openapi import problems
from runyard.api.schemas.admin_answers import AuditAnswer, render_audit
from runyard.store.audit import AuditSearch

PAGE_SIZE_MAX = 200
PAGE_SIZE = 50
ID_PATTERN = r"^[0-9A-Z]{0,26}$"

router = APIRouter(prefix="/admin", tags=["administration"])


@router.get(
    "/audit", dependencies=[Depends(ADMIN)], response_model=AuditAnswer, responses=problems(401)
)
async def list_audit_entries(
    application: CurrentApplication,
    *,
    actor: Annotated[str, Query(pattern=ID_PATTERN, description="An account's id.")] = "",
    action: Annotated[
        str,
        Query(pattern=r"^[a-z_.]{0,64}$", description="One, or the group before its dot."),
    ] = "",
    query: Annotated[str, Query(max_length=100, description="A part of whom or what.")] = "",
    since: Annotated[Moment | None, Query(description="Made then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Made earlier.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    before: Annotated[str, Query(pattern=ID_PATTERN)] = "",
) -> Response:
    """List what administrators changed, newest first. Entries are never changed or deleted."""
    found = await application.audit.list(
        AuditSearch(
            actor_id=actor or None,
            action=action.removesuffix("."),
            query=query.replace("\0", ""),
            since=since,
            until=until,
            before=before or None,
            limit=limit + 1,
        )
    )
    return respond(render_audit(found, limit=limit))
