"""Prometheus metrics, for a scraper on this machine."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from runyard.api.dependencies import CurrentApplication, is_from_this_machine
from runyard.api.openapi import problems
from runyard.domain.errors import ForbiddenError

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **problems(),
        200: {
            "description": "Metrics in the text exposition format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def metrics(request: Request, application: CurrentApplication) -> Response:
    """Show counters and latencies; only to this machine itself."""
    if not is_from_this_machine(request):
        raise ForbiddenError("Metrics are shown to clients on this machine only.")
    return Response(application.metrics.render(), media_type=MEDIA_TYPE)
