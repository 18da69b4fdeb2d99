"""What may be asked for: the policies that administrators set, and what holds for who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from runyard.api.access import ADMIN, RUN_READ, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.application import Application
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.etags import IfMatch, parse_etag
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.policies import (
    EffectivePolicyAnswer,
    LayerAnswer,
    LayersAnswer,
    OwnLimitsAnswer,
    PolicyBody,
    read_values,
    render_explained,
    render_layer,
    render_layers,
    render_own,
)
from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX
from runyard.domain.account import Role
from runyard.services.policies import Subject

router = APIRouter(tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]
Layer = Annotated[str, Path(max_length=100, description="defaults, role:…, account:…, runtime:…")]
RuntimeName = Annotated[str, Query(max_length=RUNTIME_CHARACTERS_MAX)]


@router.get(
    "/limits",
    dependencies=[Depends(RUN_READ)],
    response_model=OwnLimitsAnswer,
    responses=problems(401, 404, 409),
    tags=["executions"],
)
async def view_limits(
    application: CurrentApplication, principal: CurrentPrincipal, runtime: RuntimeName = ""
) -> Response:
    """Show what one may ask for, with a runtime if one is named, and what one spent today."""
    policy = application.policies.find(principal, _find_runtime_id(application, runtime))
    spending = None
    if principal.account is not None:
        spending = await application.executions.find_spending(principal.account.id)
    return respond(render_own(policy, spending))


@router.get(
    "/admin/policies",
    dependencies=FOR_ADMINS,
    response_model=LayersAnswer,
    responses=problems(401),
)
async def list_policies(application: CurrentApplication) -> Response:
    """List what is set, and what the server was started with."""
    policies = application.policies
    return respond(render_layers(policies.base, await policies.list_layers()))


@router.get(
    "/admin/effective-policy",
    dependencies=FOR_ADMINS,
    response_model=EffectivePolicyAnswer,
    responses=problems(401, 404, 409),
)
async def explain_policy(
    application: CurrentApplication,
    *,
    account: Annotated[str, Query(max_length=64, description="Its id.")] = "",
    role: Annotated[Role | None, Query(description="Of whom no account is named.")] = None,
    runtime: RuntimeName = "",
) -> Response:
    """Show every value that holds for an account, for a role, or for who has no account, with the
    layer that decided it.
    """
    runtime_id = _find_runtime_id(application, runtime)
    if account:
        role = (await application.accounts.directory.find(account.replace("\0", ""))).role
    subject = Subject(role=role, account_id=account or None, runtime_id=runtime_id)
    return respond(render_explained(application.policies.explain(subject)))


@router.get(
    "/admin/policies/{layer}",
    dependencies=FOR_ADMINS,
    response_model=LayerAnswer,
    responses=problems(401, 404),
)
async def view_policy(layer: Layer, application: CurrentApplication) -> Response:
    """Show what one layer says."""
    document = await application.policies.view(layer)
    return respond(render_layer(document), etag=document.version)


@router.put(
    "/admin/policies/{layer}",
    dependencies=FOR_ADMINS,
    response_model=LayerAnswer,
    openapi_extra=json_body(PolicyBody),
    responses=problems(401, 404, 409, 412, 415),
)
async def set_policy(
    layer: Layer,
    request: Request,
    application: CurrentApplication,
    actor: CurrentActor,
    *,
    if_match: IfMatch = "",
) -> Response:
    """Set what one layer says, in place of what it said. It holds at once, for what is asked for
    from then on. If-Match, with 0 for a layer that says nothing yet, keeps two from overwriting
    each other.
    """
    body = await read_body(request, PolicyBody)
    base = parse_etag(if_match, lowest=0) if if_match else None
    document = await application.policies.put(layer, read_values(body), by=actor, base=base)
    return respond(render_layer(document), etag=document.version)


@router.delete(
    "/admin/policies/{layer}",
    status_code=204,
    dependencies=FOR_ADMINS,
    responses=problems(401, 404),
)
async def delete_policy(
    layer: Layer, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Let one layer say nothing."""
    await application.policies.delete(layer, by=actor)
    return Response(status_code=204)


def _find_runtime_id(application: Application, name: str) -> str | None:
    return application.runtimes.find(name).id if name else None
