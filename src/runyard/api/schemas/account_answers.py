"""What the server answers about accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from runyard.api.schemas.answers import StrictAnswer
from runyard.api.schemas.policies import SpentAnswer, render_spending
from runyard.domain.account import Account, ApiToken, Role, Scope, Session
from runyard.services.accounts.sign_up import SignUpMode
from runyard.store.holdings import Holdings
from runyard.store.interface import Spending
from runyard.store.tickets import Ticket


class AccountAnswer(StrictAnswer):
    id: str
    name: str
    email: str
    role: Role
    suspended: bool
    totp: bool = Field(description="Whether a second factor is asked for at the login.")
    created_at: datetime


class OwnAccountAnswer(AccountAnswer):
    must_enrol_totp: bool = Field(
        description="Whether an authenticator has to be set up before anything else."
    )
    recovery_codes_left: int
    scopes: list[Scope] | None = Field(description="Of the token that asks; null: of a session.")


class AccountsAnswer(StrictAnswer):
    """By name; pass `next_after` as `after` for the following page."""

    items: list[AccountAnswer]
    next_after: str | None


class AccountUsageAnswer(StrictAnswer):
    spent_today: SpentAnswer = Field(description="Since midnight in UTC.")
    sessions: int = Field(description="That are open.")
    tokens: int
    projects: int = Field(description="Those in the trash included.")
    project_bytes: int
    executions: int = Field(description="That are kept.")
    unfinished: int = Field(description="Of them, those that wait or run.")


class SessionAnswer(StrictAnswer):
    """The refresh token is in a cookie of this answer."""

    access_token: str
    expires_seconds: int
    account: AccountAnswer
    must_enrol_totp: bool


class OpenSessionAnswer(StrictAnswer):
    id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool


class OpenSessionsAnswer(StrictAnswer):
    items: list[OpenSessionAnswer]


class EndedAnswer(StrictAnswer):
    ended: int


class TotpOfferAnswer(StrictAnswer):
    secret: str
    uri: str
    qr_svg: str


class RecoveryCodesAnswer(StrictAnswer):
    """Told this once."""

    recovery_codes: list[str]


class TokenAnswer(StrictAnswer):
    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class NewTokenAnswer(TokenAnswer):
    token: str = Field(description="Told this once.")


class TokensAnswer(StrictAnswer):
    items: list[TokenAnswer]


class OptionsAnswer(StrictAnswer):
    """What somebody without an account can do here."""

    sign_up: SignUpMode
    anonymous: bool
    mail: bool = Field(description="Whether one can have a link sent to choose a password.")


class ResetAnswer(StrictAnswer):
    message: str


class TestMailAnswer(StrictAnswer):
    # pytest collects classes of this name otherwise.
    __test__ = False

    recipient: str
    sent: bool
    reason: str | None = Field(description="Why the mail server did not take it.")


class DeviceOfferAnswer(StrictAnswer):
    device_code: str
    user_code: str
    expires_seconds: int
    interval_seconds: int


class WaitingDeviceAnswer(StrictAnswer):
    client: str
    scopes: list[Scope]


class InvitationAnswer(StrictAnswer):
    id: str
    email: str | None
    role: Role
    created_at: datetime
    expires_at: datetime


class NewInvitationAnswer(InvitationAnswer):
    ticket: str = Field(description="Told this once.")
    path: str = Field(description="To be put behind the address of the web pages.")
    mailed: bool = Field(description="Whether a mail with the link was taken by the mail server.")


class InvitationsAnswer(StrictAnswer):
    items: list[InvitationAnswer]


class PasswordLinkAnswer(StrictAnswer):
    ticket: str = Field(description="Told this once.")
    path: str = Field(description="To be put behind the address of the web pages.")
    mailed: bool = Field(description="Whether a mail with the link was taken by the mail server.")
    expires_at: datetime


def render_account(account: Account) -> AccountAnswer:
    return AccountAnswer(
        id=account.id,
        name=account.name,
        email=account.email,
        role=account.role,
        suspended=account.is_suspended,
        totp=account.has_totp,
        created_at=account.created_at,
    )


def render_usage(holdings: Holdings, spending: Spending) -> AccountUsageAnswer:
    return AccountUsageAnswer(
        spent_today=render_spending(spending),
        sessions=holdings.sessions,
        tokens=holdings.tokens,
        projects=holdings.projects,
        project_bytes=holdings.project_bytes,
        executions=holdings.executions,
        unfinished=holdings.unfinished,
    )


def render_accounts(accounts: Sequence[Account], *, limit: int) -> AccountsAnswer:
    """Render up to `limit` of `limit + 1`; the extra one tells that there are more."""
    shown = accounts[:limit]
    return AccountsAnswer(
        items=[render_account(each) for each in shown],
        next_after=shown[-1].name if len(accounts) > limit else None,
    )


def render_session(session: Session, *, current_id: str | None) -> OpenSessionAnswer:
    return OpenSessionAnswer(
        id=session.id,
        created_at=session.created_at,
        used_at=session.used_at,
        expires_at=session.expires_at,
        user_agent=session.user_agent,
        address=session.address,
        current=session.id == current_id,
    )


def render_token(token: ApiToken) -> TokenAnswer:
    return TokenAnswer(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
    )


def render_invitation(ticket: Ticket) -> InvitationAnswer:
    return InvitationAnswer(
        id=ticket.id,
        email=ticket.email,
        role=ticket.role,
        created_at=ticket.created_at,
        expires_at=ticket.expires_at,
    )
