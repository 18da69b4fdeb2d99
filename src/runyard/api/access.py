"""Who may use which route, in one place: each route depends on exactly one of the rules below.

rule            who
--------------  ------------------------------------------------------------------------------
ANYBODY         everybody; who he is, is not looked at
READER          everybody; who has logged in or sends a token is known
RUN_READ        the scope executions:read, or nobody in particular where anonymous running is on
RUN_WRITE       the scope executions:write, likewise
PROJECTS_READ   the scope projects:read
PROJECTS_WRITE  the scope projects:write
PROJECTS_RUN    the scopes projects:read and executions:write
ACCOUNT_READ    the scope account:read
PERSON          who has logged in; no token
NEWCOMER        the same, also before a second factor that he must have is set up
ADMIN           the scope admin, which only administrators have
MACHINE         programs of the server's own machine, and the scope admin
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from runyard.api.application import Application
from runyard.api.middleware.origin import is_loopback
from runyard.api.problems import AuthenticationRequiredError
from runyard.domain.account import Principal, Scope
from runyard.domain.errors import ForbiddenError, TotpEnrolmentRequiredError

# A proxy on this machine speaks for clients elsewhere.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip")
# A WebSocket of a browser cannot send headers of its own, but it can name protocols.
SOCKET_PROTOCOL = "runyard"
SOCKET_TOKEN_PREFIX = "runyard.bearer."  # noqa: S105  What stands before one.


class Kind(StrEnum):
    ANYBODY = "anybody"
    READER = "reader"
    RUNNER = "runner"
    SCOPED = "scoped"
    PERSON = "person"
    NEWCOMER = "newcomer"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Rule:
    """A dependency: lets a request pass and keeps its principal, or raises what refuses it."""

    kind: Kind
    scopes: tuple[Scope, ...] = ()

    @property
    def name(self) -> str:
        return " ".join((self.kind, *self.scopes))

    async def __call__(self, connection: HTTPConnection) -> Principal:
        principal = await self._check(connection)
        connection.state.principal = principal
        return principal

    async def _check(self, connection: HTTPConnection) -> Principal:
        application = application_of(connection)
        if self.kind is Kind.ANYBODY:
            return Principal()
        if self.kind is Kind.MACHINE and is_from_this_machine(connection):
            return Principal()
        token = find_token(connection)
        if token is None:
            if self.kind is Kind.READER:
                return Principal()
            if self.kind is Kind.RUNNER and application.live_settings.is_anonymous_allowed:
                return _nobody_in_particular(connection, application)
            raise AuthenticationRequiredError(_explain(self.kind))
        principal = await application.accounts.authentication.authenticate(token)
        if principal.must_enrol_totp and self.kind not in {Kind.NEWCOMER, Kind.READER}:
            raise TotpEnrolmentRequiredError(
                "This server wants a second factor of your account; set up an authenticator first."
            )
        if self.kind in {Kind.PERSON, Kind.NEWCOMER} and principal.session_id is None:
            raise ForbiddenError("A token may not do this; log in with the password.")
        for scope in self.scopes:
            principal.require(scope)
        return principal


ANYBODY = Rule(Kind.ANYBODY)
READER = Rule(Kind.READER)
RUN_READ = Rule(Kind.RUNNER, (Scope.EXECUTIONS_READ,))
RUN_WRITE = Rule(Kind.RUNNER, (Scope.EXECUTIONS_WRITE,))
PROJECTS_READ = Rule(Kind.SCOPED, (Scope.PROJECTS_READ,))
PROJECTS_WRITE = Rule(Kind.SCOPED, (Scope.PROJECTS_WRITE,))
PROJECTS_RUN = Rule(Kind.SCOPED, (Scope.PROJECTS_READ, Scope.EXECUTIONS_WRITE))
ACCOUNT_READ = Rule(Kind.SCOPED, (Scope.ACCOUNT_READ,))
PERSON = Rule(Kind.PERSON)
NEWCOMER = Rule(Kind.NEWCOMER)
ADMIN = Rule(Kind.SCOPED, (Scope.ADMIN,))
MACHINE = Rule(Kind.MACHINE, (Scope.ADMIN,))


async def principal_of(connection: HTTPConnection) -> Principal:
    """Return what the route's rule found out."""
    return cast("Principal", connection.state.principal)


CurrentPrincipal = Annotated[Principal, Depends(principal_of)]


def application_of(connection: HTTPConnection) -> Application:
    return cast("Application", connection.app.state.application)


def find_token(connection: HTTPConnection) -> str | None:
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    if connection.scope["type"] == "websocket":
        for protocol in connection.scope.get("subprotocols", ()):
            if protocol.startswith(SOCKET_TOKEN_PREFIX):
                return str(protocol).removeprefix(SOCKET_TOKEN_PREFIX)
    return None


def is_from_this_machine(connection: HTTPConnection) -> bool:
    peer = connection.client.host if connection.client else ""
    return is_loopback(peer) and not any(name in connection.headers for name in PROXY_HEADERS)


def _nobody_in_particular(connection: HTTPConnection, application: Application) -> Principal:
    """In development the one user of the machine, elsewhere it could be anybody."""
    if not is_from_this_machine(connection):
        return Principal()
    return Principal(owner_id=application.settings.anonymous_owner_id)


def _explain(kind: Kind) -> str:
    if kind is Kind.RUNNER:
        return (
            "Running without an account is off on this server; log in, or send an API token as"
            " 'Authorization: Bearer …'."
        )
    return "Log in, or send an API token as 'Authorization: Bearer …'."
