"""One's own account: password, second factor, sessions and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response, StreamingResponse

from runyard.api.access import ACCOUNT_READ, NEWCOMER, PERSON, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication, read_body
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.account_answers import (
    EndedAnswer,
    NewTokenAnswer,
    OpenSessionsAnswer,
    OwnAccountAnswer,
    RecoveryCodesAnswer,
    TokensAnswer,
    TotpOfferAnswer,
    render_account,
    render_session,
    render_token,
)
from runyard.api.schemas.account_requests import (
    ChangePasswordBody,
    CodeBody,
    PasswordBody,
    ProofBody,
    TokenBody,
)
from runyard.services.accounts.export import open_export

router = APIRouter(prefix="/account", tags=["account"])
FOR_PERSONS, FOR_NEWCOMERS = [Depends(PERSON)], [Depends(NEWCOMER)]
Id = Annotated[str, Path(max_length=64)]


@router.get(
    "",
    dependencies=[Depends(ACCOUNT_READ)],
    response_model=OwnAccountAnswer,
    responses=problems(401),
)
async def view_account(application: CurrentApplication, principal: CurrentPrincipal) -> Response:
    """Show one's account as it is now."""
    account = await application.accounts.directory.find(principal.known_account.id)
    left = await application.accounts.second_factor.count_recovery_codes(account.id)
    return respond(
        OwnAccountAnswer(
            **render_account(account).model_dump(),
            must_enrol_totp=principal.must_enrol_totp,
            recovery_codes_left=left,
            scopes=None if principal.token_id is None else sorted(principal.scopes),
        )
    )


@router.post(
    "/password",
    status_code=204,
    dependencies=FOR_PERSONS,
    openapi_extra=json_body(ChangePasswordBody),
    responses=problems(401, 415, 429),
)
async def change_password(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Choose another password. Every other session ends; tokens stay."""
    body = await read_body(request, ChangePasswordBody)
    await application.accounts.sign_up.change_password(
        principal.known_account,
        former=body.former,
        password=body.password,
        session_id=principal.session_id or "",
    )
    return Response(status_code=204)


@router.post(
    "/totp",
    status_code=201,
    dependencies=FOR_NEWCOMERS,
    response_model=TotpOfferAnswer,
    openapi_extra=json_body(PasswordBody),
    responses=problems(401, 409, 415, 429),
)
async def offer_totp(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Get what an authenticator is set up with. It counts once one of its codes is confirmed."""
    body = await read_body(request, PasswordBody)
    account = principal.known_account
    await application.accounts.sessions.confirm_password(account.id, body.password)
    offer = await application.accounts.second_factor.offer(account)
    answer = TotpOfferAnswer(secret=offer.secret, uri=offer.uri, qr_svg=offer.qr_svg)
    return respond(answer, status=201)


@router.post(
    "/totp/confirm",
    dependencies=FOR_NEWCOMERS,
    response_model=RecoveryCodesAnswer,
    openapi_extra=json_body(CodeBody),
    responses=problems(401, 409, 415, 429),
)
async def confirm_totp(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Have the authenticator asked for from now on. The answer has the recovery codes."""
    body = await read_body(request, CodeBody)
    account_id = principal.known_account.id
    codes = await application.accounts.second_factor.confirm(account_id, body.code)
    return respond(RecoveryCodesAnswer(recovery_codes=list(codes)))


@router.post(
    "/totp/remove",
    status_code=204,
    dependencies=FOR_PERSONS,
    openapi_extra=json_body(ProofBody),
    responses=problems(401, 415, 429),
)
async def remove_totp(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Be asked for no second factor any more."""
    account_id = await _prove(request, application, principal)
    await application.accounts.second_factor.remove(account_id)
    return Response(status_code=204)


@router.post(
    "/recovery-codes",
    dependencies=FOR_PERSONS,
    response_model=RecoveryCodesAnswer,
    openapi_extra=json_body(ProofBody),
    responses=problems(401, 409, 415, 429),
)
async def renew_recovery_codes(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Get other recovery codes; those there were are void."""
    account_id = await _prove(request, application, principal)
    codes = await application.accounts.second_factor.renew_recovery_codes(account_id)
    return respond(RecoveryCodesAnswer(recovery_codes=list(codes)))


@router.get(
    "/sessions",
    dependencies=FOR_PERSONS,
    response_model=OpenSessionsAnswer,
    responses=problems(401),
)
async def list_sessions(application: CurrentApplication, principal: CurrentPrincipal) -> Response:
    """List where one is logged in."""
    found = await application.accounts.sessions.list(principal.known_account.id)
    items = [render_session(each, current_id=principal.session_id) for each in found]
    return respond(OpenSessionsAnswer(items=items))


@router.delete(
    "/sessions", dependencies=FOR_PERSONS, response_model=EndedAnswer, responses=problems(401)
)
async def end_other_sessions(
    application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Log out everywhere but here."""
    count = await application.accounts.sessions.end_others(
        principal.known_account.id, keep_id=principal.session_id or ""
    )
    return respond(EndedAnswer(ended=count))


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    dependencies=FOR_PERSONS,
    responses=problems(401, 404),
)
async def end_session(
    session_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Log out at one place."""
    await application.accounts.sessions.end(principal.known_account.id, session_id)
    return Response(status_code=204)


@router.get(
    "/tokens", dependencies=FOR_PERSONS, response_model=TokensAnswer, responses=problems(401)
)
async def list_tokens(application: CurrentApplication, principal: CurrentPrincipal) -> Response:
    """List the tokens one has made, without their secrets."""
    found = await application.accounts.api_tokens.list(principal.known_account.id)
    return respond(TokensAnswer(items=[render_token(each) for each in found]))


@router.post(
    "/tokens",
    status_code=201,
    dependencies=FOR_PERSONS,
    response_model=NewTokenAnswer,
    openapi_extra=json_body(TokenBody),
    responses=problems(401, 409, 415),
)
async def create_token(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Make a token for a program. The answer tells it, this once."""
    body = await read_body(request, TokenBody)
    new = await application.accounts.api_tokens.create(
        principal.known_account, name=body.name, scopes=frozenset(body.scopes), days=body.days
    )
    answer = NewTokenAnswer(**render_token(new.token).model_dump(), token=new.secret)
    return respond(answer, status=201)


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    dependencies=FOR_PERSONS,
    responses=problems(401, 404),
)
async def delete_token(
    token_id: Id, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Refuse a token from now on."""
    await application.accounts.api_tokens.delete(principal.known_account.id, token_id)
    return Response(status_code=204)


@router.get(
    "/export",
    dependencies=FOR_PERSONS,
    response_class=StreamingResponse,
    responses={
        **problems(401, 429),
        200: {
            "description": "A ZIP archive.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def export_account(application: CurrentApplication, principal: CurrentPrincipal) -> Response:
    """Take away what is one's own: the account, sessions, tokens, projects and executions."""
    account = principal.known_account
    pieces = await open_export(
        account,
        accounts=application.accounts,
        projects=application.projects,
        data=application.data,
        executions=application.executions,
    )
    return StreamingResponse(
        pieces,
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="runyard-{account.name}.zip"',
            "Cache-Control": "private, no-store",
        },
    )


@router.post(
    "/delete",
    status_code=204,
    dependencies=FOR_NEWCOMERS,
    openapi_extra=json_body(ProofBody),
    responses=problems(401, 409, 415, 429),
)
async def delete_account(
    request: Request,
    application: CurrentApplication,
    principal: CurrentPrincipal,
    actor: CurrentActor,
) -> Response:
    """Delete one's account with everything that is its own. There is no way back."""
    account_id = await _prove(request, application, principal)
    await application.accounts.directory.delete(account_id, by=actor)
    return Response(status_code=204)


async def _prove(
    request: Request, application: CurrentApplication, principal: CurrentPrincipal
) -> str:
    """Have a person prove again who it is; return the id of the account."""
    body = await read_body(request, ProofBody)
    account_id = principal.known_account.id
    credentials = await application.accounts.sessions.confirm_password(account_id, body.password)
    await application.accounts.second_factor.require(credentials, body.code)
    return account_id
