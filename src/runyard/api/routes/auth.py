"""Getting in and out: signing up, logging in, staying in, and links that do it once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runyard.api.access import ANYBODY, PERSON, CurrentPrincipal
from runyard.api.addresses import is_secure
from runyard.api.answering import respond
from runyard.api.dependencies import (
    DEVICE_COOKIE,
    CurrentApplication,
    CurrentVisitor,
    read_body,
)
from runyard.api.openapi import json_body, problems
from runyard.api.schemas.account_answers import (
    DeviceOfferAnswer,
    NewTokenAnswer,
    OptionsAnswer,
    ResetAnswer,
    SessionAnswer,
    WaitingDeviceAnswer,
    render_account,
    render_token,
)
from runyard.api.schemas.account_requests import (
    ChoosePasswordBody,
    DeviceBody,
    DeviceCodeBody,
    LoginBody,
    ResetBody,
    SetUpBody,
    SignUpBody,
)
from runyard.domain.errors import InvalidTokenError
from runyard.services.accounts import device_login
from runyard.services.accounts.sessions import DEVICE_DAYS, SESSION_DAYS, LoggedIn
from runyard.services.accounts.sign_up import Applicant

REFRESH_COOKIE = "runyard_refresh"
# The cookie goes nowhere else.
COOKIE_PATH = "/api/v1/auth"
_DAY_SECONDS = 86_400

router = APIRouter(prefix="/auth", tags=["authentication"])
FOR_ANYBODY, FOR_PERSONS = [Depends(ANYBODY)], [Depends(PERSON)]
UserCode = Annotated[str, Path(max_length=20)]


@router.get(
    "/options", dependencies=FOR_ANYBODY, response_model=OptionsAnswer, responses=problems()
)
async def tell_options(application: CurrentApplication) -> Response:
    """Say how one gets an account here, and whether one needs one."""
    answer = OptionsAnswer(
        sign_up=application.accounts.sign_up.mode,
        anonymous=application.live_settings.is_anonymous_allowed,
        mail=application.accounts.post.is_on,
    )
    return respond(answer)


@router.post(
    "/sign-up",
    status_code=201,
    dependencies=FOR_ANYBODY,
    response_model=SessionAnswer,
    openapi_extra=json_body(SignUpBody),
    responses=problems(401, 409, 415, 429),
)
async def sign_up(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Make an account for oneself and log in."""
    body = await read_body(request, SignUpBody)
    applicant = Applicant(name=body.name, email=body.email, password=body.password)
    opened = await application.accounts.sign_up.sign_up(applicant, body.invitation, visitor)
    return _answer(request, application, opened, status=201)


@router.post(
    "/setup",
    status_code=201,
    dependencies=FOR_ANYBODY,
    response_model=SessionAnswer,
    openapi_extra=json_body(SetUpBody),
    responses=problems(401, 409, 415, 429),
)
async def set_up(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Make the first administrator, with the link that the server printed when it started."""
    body = await read_body(request, SetUpBody)
    applicant = Applicant(name=body.name, email=body.email, password=body.password)
    opened = await application.accounts.sign_up.set_up(applicant, body.ticket, visitor)
    return _answer(request, application, opened, status=201)


@router.post(
    "/login",
    dependencies=FOR_ANYBODY,
    response_model=SessionAnswer,
    openapi_extra=json_body(LoginBody),
    responses=problems(401, 415, 429),
)
async def log_in(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Begin a session. `totp_required` asks for the same again with a code."""
    body = await read_body(request, LoginBody)
    opened = await application.accounts.sessions.log_in(
        body.login, body.password, body.code, visitor
    )
    return _answer(request, application, opened)


@router.post(
    "/refresh",
    dependencies=FOR_ANYBODY,
    response_model=SessionAnswer,
    responses=problems(401),
)
async def refresh(
    request: Request,
    application: CurrentApplication,
    visitor: CurrentVisitor,
) -> Response:
    """Get another access token for the refresh token in the cookie, which is replaced."""
    token = request.cookies.get(REFRESH_COOKIE, "")
    if not token:
        raise InvalidTokenError("There is no refresh token; log in.")
    opened = await application.accounts.sessions.refresh(token, visitor)
    return _answer(request, application, opened)


@router.post("/logout", status_code=204, dependencies=FOR_ANYBODY, responses=problems())
async def log_out(request: Request, application: CurrentApplication) -> Response:
    """End the session of the refresh token in the cookie. Who is not logged in, stays so."""
    token = request.cookies.get(REFRESH_COOKIE, "")
    if token:
        await application.accounts.sessions.log_out(token)
    answer = Response(status_code=204)
    answer.delete_cookie(REFRESH_COOKIE, path=COOKIE_PATH)
    return answer


@router.post(
    "/password-reset",
    status_code=202,
    dependencies=FOR_ANYBODY,
    response_model=ResetAnswer,
    openapi_extra=json_body(ResetBody),
    responses=problems(409, 415, 429, 503),
)
async def request_password_reset(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Ask for a mail with a link to choose a password. The answer is the same for every name."""
    body = await read_body(request, ResetBody)
    await application.accounts.post.request_reset(body.login, visitor)
    answer = ResetAnswer(message="If there is such an account, a mail with a link is on its way.")
    return respond(answer, status=202)


@router.post(
    "/password",
    status_code=204,
    dependencies=FOR_ANYBODY,
    openapi_extra=json_body(ChoosePasswordBody),
    responses=problems(401, 415, 429),
)
async def choose_password(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Choose a password with a link that an administrator made. Every session ends."""
    body = await read_body(request, ChoosePasswordBody)
    await application.accounts.sign_up.choose_password(body.ticket, body.password, visitor)
    return Response(status_code=204)


@router.post(
    "/device",
    status_code=201,
    dependencies=FOR_ANYBODY,
    response_model=DeviceOfferAnswer,
    openapi_extra=json_body(DeviceBody),
    responses=problems(415, 429),
)
async def begin_device(
    request: Request, application: CurrentApplication, visitor: CurrentVisitor
) -> Response:
    """Begin to log a program in that shows no page."""
    body = await read_body(request, DeviceBody)
    offer = await application.accounts.device_logins.begin(body.client, address=visitor.address)
    answer = DeviceOfferAnswer(
        device_code=offer.device_code,
        user_code=offer.user_code,
        expires_seconds=device_login.EXPIRES_SECONDS,
        interval_seconds=device_login.INTERVAL_SECONDS,
    )
    return respond(answer, status=201)


@router.post(
    "/device-token",
    status_code=201,
    dependencies=FOR_ANYBODY,
    response_model=NewTokenAnswer,
    openapi_extra=json_body(DeviceCodeBody),
    responses=problems(401, 409, 415),
)
async def take_device_token(request: Request, application: CurrentApplication) -> Response:
    """Get the program's token, once somebody has approved; until then the answer is a conflict."""
    body = await read_body(request, DeviceCodeBody)
    new = await application.accounts.device_logins.take(body.device_code)
    answer = NewTokenAnswer(**render_token(new.token).model_dump(), token=new.secret)
    return respond(answer, status=201)


@router.get(
    "/devices/{user_code}",
    dependencies=FOR_PERSONS,
    response_model=WaitingDeviceAnswer,
    responses=problems(401, 404, 429),
)
async def view_device(
    user_code: UserCode, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Tell which program waits with a code."""
    login = await application.accounts.device_logins.view(principal.known_account, user_code)
    answer = WaitingDeviceAnswer(client=login.client, scopes=sorted(login.scopes))
    return respond(answer)


@router.post(
    "/devices/{user_code}/approve",
    status_code=204,
    dependencies=FOR_PERSONS,
    responses=problems(401, 404, 409, 429),
)
async def approve_device(
    user_code: UserCode, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Let the program that shows this code act for one's account."""
    await application.accounts.device_logins.decide(
        principal.known_account, user_code, approve=True
    )
    return Response(status_code=204)


@router.post(
    "/devices/{user_code}/deny",
    status_code=204,
    dependencies=FOR_PERSONS,
    responses=problems(401, 404, 429),
)
async def deny_device(
    user_code: UserCode, application: CurrentApplication, principal: CurrentPrincipal
) -> Response:
    """Send the program that shows this code away."""
    await application.accounts.device_logins.decide(
        principal.known_account, user_code, approve=False
    )
    return Response(status_code=204)


def _answer(
    request: Request, application: CurrentApplication, opened: LoggedIn, *, status: int = 200
) -> Response:
    principal = application.accounts.authentication.describe(
        opened.account, session_id=opened.session_id
    )
    answer = SessionAnswer(
        access_token=opened.access_token,
        expires_seconds=opened.access_seconds,
        account=render_account(opened.account),
        must_enrol_totp=principal.must_enrol_totp,
    )
    response = respond(answer, status=status)
    # No page's script can read them, and no other site's page can have them sent.
    secure = is_secure(request, application.settings.trusted_proxies)
    response.set_cookie(
        REFRESH_COOKIE,
        opened.refresh_token,
        max_age=SESSION_DAYS * _DAY_SECONDS,
        path=COOKIE_PATH,
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    if opened.device is not None:
        response.set_cookie(
            DEVICE_COOKIE,
            opened.device,
            max_age=DEVICE_DAYS * _DAY_SECONDS,
            path=COOKIE_PATH,
            secure=secure,
            httponly=True,
            samesite="strict",
        )
    return response
