"""What routes are given: the application, the checked body, the checked id."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection

from runyard.api.application import Application
from runyard.api.middleware.origin import is_loopback
from runyard.api.problems import (
    AuthenticationRequiredError,
    InvalidFieldsError,
    InvalidJsonError,
    UnsupportedMediaTypeError,
    collect_field_errors,
)
from runyard.domain.errors import NotFoundError
from runyard.domain.identifiers import is_identifier

JSON = "application/json"
# A proxy on this machine speaks for clients elsewhere.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip")
Body = TypeVar("Body", bound=BaseModel)


async def application_of(connection: HTTPConnection) -> Application:
    return cast("Application", connection.app.state.application)


async def stopping_of(connection: HTTPConnection) -> asyncio.Event:
    """Set once the server is about to end, so that endless answers end first."""
    return cast("asyncio.Event", connection.app.state.stopping)


async def require_runner(
    application: Annotated[Application, Depends(application_of)],
) -> None:
    """Refuse who may not run code; without accounts that is everybody or nobody."""
    if not application.settings.is_anonymous_allowed:
        raise AuthenticationRequiredError(
            "Anonymous running is off on this server; "
            "RUNYARD_PROFILE=development or RUNYARD_ANONYMOUS=true turns it on."
        )


def owner_of(request: Request, application: Application) -> str | None:
    """Return whose the executions are that this request submits; None if that is not known."""
    if not is_from_this_machine(request):
        return None
    return application.settings.anonymous_owner_id


def is_from_this_machine(request: Request) -> bool:
    peer = request.client.host if request.client else ""
    return is_loopback(peer) and not any(name in request.headers for name in PROXY_HEADERS)


async def checked_id(
    execution_id: Annotated[
        str, Path(description="The execution's id.", examples=["01JD0000000000000000000000"])
    ],
) -> str:
    if not is_identifier(execution_id):
        raise NotFoundError("There is no execution with this id.")
    return execution_id


CurrentApplication = Annotated[Application, Depends(application_of)]
Stopping = Annotated[asyncio.Event, Depends(stopping_of)]
ExecutionId = Annotated[str, Depends(checked_id)]


async def read_body(request: Request, schema: type[Body]) -> Body:
    """Parse the body from its bytes: strict, without a detour over Python's lenient parser.

    Asking for application/json also makes a browser ask first before a foreign page may send it.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise UnsupportedMediaTypeError(
            f"The body is {media_type[:80] or 'of no type'}; send it as {JSON}."
        )
    content = await request.body()
    try:
        return schema.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            raise InvalidJsonError(found[0]["msg"]) from error
        raise InvalidFieldsError(collect_field_errors(found)) from error
