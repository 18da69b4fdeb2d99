"""Settings and the server's health, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runyard.api.access import ADMIN
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.platform_answers import (
    AdminHealthAnswer,
    SettingAnswer,
    SettingsAnswer,
    render_report,
    render_setting,
    render_settings,
)
from runyard.api.schemas.platform_requests import SettingBody

router = APIRouter(prefix="/admin", tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]
Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")]


@router.get(
    "/settings", dependencies=FOR_ADMINS, response_model=SettingsAnswer, responses=problems(401)
)
async def list_settings(application: CurrentApplication) -> Response:
    """List all settings as they hold now. Secrets are left out."""
    return respond(render_settings(application.live_settings.list()))


@router.put(
    "/settings/{name}",
    dependencies=FOR_ADMINS,
    response_model=SettingAnswer,
    openapi_extra=json_body(SettingBody),
    responses=problems(401, 404, 409, 415),
)
async def change_setting(
    name: Name, request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Change a setting while the server runs. What the environment sets is changed there only."""
    body = await read_body(request, SettingBody)
    return respond(render_setting(await application.live_settings.set(name, body.value, by=actor)))


@router.delete(
    "/settings/{name}",
    dependencies=FOR_ADMINS,
    response_model=SettingAnswer,
    responses=problems(401, 404, 409),
)
async def reset_setting(
    name: Name, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Let the default hold again."""
    return respond(render_setting(await application.live_settings.reset(name, by=actor)))


@router.get(
    "/health", dependencies=FOR_ADMINS, response_model=AdminHealthAnswer, responses=problems(401)
)
async def view_health(application: CurrentApplication) -> Response:
    """Look at every part of the server now, and say what to do about what is not well."""
    return respond(render_report(await application.health_checks.look()))
