"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runyard.api.access import ANYBODY
from runyard.api.answering import JSON
from runyard.api.dependencies import CurrentApplication
from runyard.api.openapi import problems
from runyard.api.schemas.answers import HealthAnswer, ReadinessAnswer
from runyard.api.schemas.rendering import dump

router = APIRouter(tags=["health"], dependencies=[Depends(ANYBODY)])


@router.get("/healthz", response_model=HealthAnswer, responses=problems())
async def live() -> Response:
    """Answer as long as the process does."""
    return Response(dump({"status": "ok"}), media_type=JSON)


@router.get(
    "/readyz",
    response_model=ReadinessAnswer,
    responses={**problems(), 503: {"model": ReadinessAnswer, "description": "Not ready."}},
)
async def ready(application: CurrentApplication) -> Response:
    """Say whether executions can be accepted and run."""
    health = await application.health()
    body = {"ready": health.is_ready, "checks": dict(health.checks)}
    return Response(dump(body), status_code=200 if health.is_ready else 503, media_type=JSON)
