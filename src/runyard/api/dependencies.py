"""What routes are given: the application, the checked body, the checked id."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection

from runyard.api import access
from runyard.api.access import CurrentPrincipal
from runyard.api.addresses import find_client_address
from runyard.api.answering import JSON
from runyard.api.application import Application
from runyard.api.problems import (
    InvalidFieldsError,
    InvalidJsonError,
    UnsupportedMediaTypeError,
    collect_field_errors,
)
from runyard.domain.audit import Actor
from runyard.domain.errors import NotFoundError
from runyard.domain.identifiers import is_identifier
from runyard.services.accounts.sessions import Visitor
from runyard.services.viewing import ViewedExecutions

# Tells a browser in which somebody has logged in before.
DEVICE_COOKIE = "runyard_device"
Body = TypeVar("Body", bound=BaseModel)


async def application_of(connection: HTTPConnection) -> Application:
    return access.application_of(connection)


async def stopping_of(connection: HTTPConnection) -> asyncio.Event:
    """Set once the server is about to end, so that endless answers end first."""
    return cast("asyncio.Event", connection.app.state.stopping)


async def executions_of(
    application: Annotated[Application, Depends(application_of)], principal: CurrentPrincipal
) -> ViewedExecutions:
    policy = application.policies.find(principal)
    return ViewedExecutions(application.executions, principal, policy=policy)


async def visitor_of(request: Request) -> Visitor:
    """Return what is known of a client before it has proved anything."""
    settings = access.application_of(request).settings
    return Visitor(
        address=find_client_address(request, settings.trusted_proxies),
        user_agent=request.headers.get("user-agent", ""),
        device=request.cookies.get(DEVICE_COOKIE),
    )


async def actor_of(request: Request, principal: CurrentPrincipal) -> Actor:
    """Return whom the audit log names."""
    account = principal.known_account
    settings = access.application_of(request).settings
    return Actor(
        account_id=account.id,
        name=account.name,
        address=find_client_address(request, settings.trusted_proxies),
        request_id=request.state.request_id,
    )


async def checked_id(
    execution_id: Annotated[
        str, Path(description="The execution's id.", examples=["01JD0000000000000000000000"])
    ],
) -> str:
    if not is_identifier(execution_id):
        raise NotFoundError("There is no execution with this id.")
    return execution_id


Executions = Annotated[ViewedExecutions, Depends(executions_of)]
CurrentVisitor = Annotated[Visitor, Depends(visitor_of)]
CurrentActor = Annotated[Actor, Depends(actor_of)]
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
