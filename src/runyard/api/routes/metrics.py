"""Prometheus metrics, for a scraper on this machine."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runyard.api.access import MACHINE
from runyard.api.dependencies import CurrentApplication
from runyard.api.openapi import problems

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"], dependencies=[Depends(MACHINE)])


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **problems(401),
        200: {
            "description": "Metrics in the text exposition format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def metrics(application: CurrentApplication) -> Response:
    """Show counters and latencies; to this machine itself and to administrators."""
    return Response(application.metrics.render(), media_type=MEDIA_TYPE)
