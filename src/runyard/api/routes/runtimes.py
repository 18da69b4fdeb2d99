"""What can be run here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from runyard.api.access import ANYBODY
from runyard.api.answering import JSON
from runyard.api.dependencies import CurrentApplication
from runyard.api.openapi import problems
from runyard.api.schemas.answers import RuntimeAnswer, RuntimesAnswer
from runyard.api.schemas.rendering import dump, render_runtime
from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX

router = APIRouter(prefix="/runtimes", tags=["runtimes"], dependencies=[Depends(ANYBODY)])


@router.get("", response_model=RuntimesAnswer, responses=problems())
async def list_runtimes(application: CurrentApplication) -> Response:
    """List every runtime; those that do not work here say why."""
    items = [render_runtime(status) for status in application.runtimes.list()]
    return Response(dump({"items": items}), media_type=JSON)


@router.get("/{name}", response_model=RuntimeAnswer, responses=problems(404))
async def view_runtime(
    name: Annotated[str, Path(max_length=RUNTIME_CHARACTERS_MAX)],
    application: CurrentApplication,
) -> Response:
    """Show one runtime by its id, an alias, or its language for the default one."""
    return Response(dump(render_runtime(application.runtimes.view(name))), media_type=JSON)
