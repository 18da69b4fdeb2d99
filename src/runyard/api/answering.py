"""How routes answer: with a model, or with an execution that was asked for."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from runyard.api.application import Application
from runyard.api.schemas.rendering import dump, render_execution
from runyard.domain.execution import Execution, State

JSON = "application/json"
API_PREFIX = "/api/v1"


def respond(answer: BaseModel, *, status: int = 200, etag: int | None = None) -> Response:
    headers = {} if etag is None else {"ETag": f'"{etag}"'}
    return Response(answer.model_dump_json(), status_code=status, media_type=JSON, headers=headers)


def respond_execution(
    execution: Execution, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        dump(render_execution(execution)), status_code=status, headers=headers, media_type=JSON
    )


def respond_attachment(content: bytes, path: str) -> Response:
    """Answer with a file that a program left."""
    name = quote(path.rpartition("/")[2], safe="")
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            # A program wrote this: wherever it is shown, nothing in it may run.
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )


async def respond_submitted(
    request: Request, application: Application, execution: Execution, *, wait_seconds: float
) -> Response:
    """Answer with what was submitted, finished if it ends in time."""
    policy = application.policies.find(request.state.principal, execution.request.runtime_id)
    wait = min(wait_seconds, policy.wait_seconds_max)
    if wait > 0 and execution.state is not State.FINISHED:
        execution = await application.executions.wait(execution.id, seconds_max=wait)
    # Wherever the application is mounted.
    prefix, _, _ = request.scope["path"].partition(f"{API_PREFIX}/")
    location = f"{prefix}{API_PREFIX}/executions/{execution.id}"
    return respond_execution(execution, status=201, headers={"Location": location})
