"""Accounts and invitations, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from runyard.api.access import ADMIN, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.account_answers import (
    AccountAnswer,
    AccountsAnswer,
    AccountUsageAnswer,
    EndedAnswer,
    InvitationsAnswer,
    NewInvitationAnswer,
    PasswordLinkAnswer,
    render_account,
    render_accounts,
    render_invitation,
    render_usage,
)
from runyard.api.schemas.account_requests import (
    AccountChangeBody,
    InvitationBody,
    NewAccountBody,
    PasswordLinkBody,
)
from runyard.domain.account import NAME_CHARACTERS_MAX, Role
from runyard.domain.errors import InvalidRequestError
from runyard.services.accounts.letters import PASSWORD_PATH, SIGN_UP_PATH
from runyard.services.accounts.sign_up import Applicant
from runyard.store.accounts import AccountSearch

PAGE_SIZE_MAX = 200
PAGE_SIZE = 50

router = APIRouter(prefix="/admin", tags=["administration"])
FOR_ADMINS = [Depends(ADMIN)]
Id = Annotated[str, Path(max_length=64)]


@router.get(
    "/accounts", dependencies=FOR_ADMINS, response_model=AccountsAnswer, responses=problems(401)
)
async def list_accounts(
    application: CurrentApplication,
    *,
    query: Annotated[str, Query(max_length=100, description="A part of name or address.")] = "",
    role: Annotated[Role | None, Query()] = None,
    suspended: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
    after: Annotated[str, Query(max_length=NAME_CHARACTERS_MAX)] = "",
) -> Response:
    """List accounts by name."""
    search = AccountSearch(
        query=query.replace("\0", ""),
        role=role,
        is_suspended=suspended,
        after=after.replace("\0", "") or None,
        limit=limit + 1,
    )
    found = await application.accounts.directory.list(search)
    return respond(render_accounts(found, limit=limit))


@router.post(
    "/accounts",
    status_code=201,
    dependencies=FOR_ADMINS,
    response_model=AccountAnswer,
    openapi_extra=json_body(NewAccountBody),
    responses=problems(401, 409, 415),
)
async def create_account(
    request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Make an account for somebody."""
    body = await read_body(request, NewAccountBody)
    applicant = Applicant(name=body.name, email=body.email, password=body.password)
    account = await application.accounts.sign_up.create(applicant, role=body.role, by=actor)
    return respond(render_account(account), status=201)


@router.get(
    "/accounts/{account_id}",
    dependencies=FOR_ADMINS,
    response_model=AccountAnswer,
    responses=problems(401, 404),
)
async def view_account(account_id: Id, application: CurrentApplication) -> Response:
    """Show one account."""
    return respond(render_account(await application.accounts.directory.find(account_id)))


@router.patch(
    "/accounts/{account_id}",
    dependencies=FOR_ADMINS,
    response_model=AccountAnswer,
    openapi_extra=json_body(AccountChangeBody),
    responses=problems(401, 404, 409, 415),
)
async def change_account(
    account_id: Id, request: Request, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Change the role, or suspend an account: it is logged out, and its tokens are refused."""
    body = await read_body(request, AccountChangeBody)
    account = await application.accounts.directory.change(
        account_id, by=actor, role=body.role, is_suspended=body.suspended
    )
    return respond(render_account(account))


@router.delete(
    "/accounts/{account_id}",
    status_code=204,
    dependencies=FOR_ADMINS,
    responses=problems(401, 404, 409),
)
async def delete_account(
    account_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Delete an account with everything that is its own. There is no way back."""
    await application.accounts.directory.delete(account_id, by=actor)
    return Response(status_code=204)


@router.get(
    "/accounts/{account_id}/usage",
    dependencies=FOR_ADMINS,
    response_model=AccountUsageAnswer,
    responses=problems(401, 404),
)
async def view_account_usage(account_id: Id, application: CurrentApplication) -> Response:
    """Show what an account spent today, and what it has; deleting it deletes that too."""
    holdings = await application.accounts.directory.count_holdings(account_id)
    return respond(render_usage(holdings, await application.executions.find_spending(account_id)))


@router.delete(
    "/accounts/{account_id}/sessions",
    dependencies=FOR_ADMINS,
    response_model=EndedAnswer,
    responses=problems(401, 404),
)
async def end_account_sessions(
    account_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Log somebody out everywhere. Tokens of programs stay."""
    ended = await application.accounts.directory.end_sessions(account_id, by=actor)
    return respond(EndedAnswer(ended=ended))


@router.post(
    "/accounts/{account_id}/password-link",
    status_code=201,
    dependencies=FOR_ADMINS,
    response_model=PasswordLinkAnswer,
    openapi_extra=json_body(PasswordLinkBody, is_required=False),
    responses=problems(401, 404, 409, 415, 429),
)
async def make_password_link(
    account_id: Id,
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    actor: CurrentActor,
) -> Response:
    """Make a link with which somebody chooses a password anew, once. Earlier ones are void."""
    is_given = bool(await request.body())
    body = await read_body(request, PasswordLinkBody) if is_given else PasswordLinkBody()
    accounts = application.accounts
    account = await accounts.directory.find(account_id)
    if body.mail:
        await accounts.post.allow(principal.known_account)
    new = await accounts.sign_up.offer_password(account_id, by=actor)
    answer = PasswordLinkAnswer(
        ticket=new.secret,
        path=f"{PASSWORD_PATH}#{new.secret}",
        mailed=body.mail and await accounts.post.send_password_link(account, new),
        expires_at=new.ticket.expires_at,
    )
    return respond(answer, status=201)


@router.post(
    "/accounts/{account_id}/totp/remove",
    dependencies=FOR_ADMINS,
    response_model=AccountAnswer,
    responses=problems(401, 404),
)
async def remove_totp(
    account_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Ask somebody who lost the authenticator and the recovery codes for neither any more."""
    account = await application.accounts.directory.remove_totp(account_id, by=actor)
    return respond(render_account(account))


@router.get(
    "/invitations",
    dependencies=FOR_ADMINS,
    response_model=InvitationsAnswer,
    responses=problems(401),
)
async def list_invitations(application: CurrentApplication) -> Response:
    """List the invitations that nobody has used, newest first."""
    found = await application.accounts.sign_up.list_invitations()
    return respond(InvitationsAnswer(items=[render_invitation(each) for each in found]))


@router.post(
    "/invitations",
    status_code=201,
    dependencies=FOR_ADMINS,
    response_model=NewInvitationAnswer,
    openapi_extra=json_body(InvitationBody),
    responses=problems(401, 409, 415, 429),
)
async def invite(
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    actor: CurrentActor,
) -> Response:
    """Let one person sign up, whatever else holds for signing up here."""
    body = await read_body(request, InvitationBody)
    accounts = application.accounts
    if body.mail:
        if body.email is None:
            raise InvalidRequestError("email: name the address to send it to.", field="email")
        await accounts.post.allow(principal.known_account)
    new = await accounts.sign_up.invite(email=body.email, role=body.role, by=actor)
    answer = NewInvitationAnswer(
        **render_invitation(new.ticket).model_dump(),
        ticket=new.secret,
        path=f"{SIGN_UP_PATH}#{new.secret}",
        mailed=body.mail and await accounts.post.send_invitation(new),
    )
    return respond(answer, status=201)


@router.delete(
    "/invitations/{invitation_id}",
    status_code=204,
    dependencies=FOR_ADMINS,
    responses=problems(401, 404),
)
async def withdraw_invitation(
    invitation_id: Id, application: CurrentApplication, actor: CurrentActor
) -> Response:
    """Void an invitation that nobody has used."""
    await application.accounts.sign_up.withdraw_invitation(invitation_id, by=actor)
    return Response(status_code=204)
