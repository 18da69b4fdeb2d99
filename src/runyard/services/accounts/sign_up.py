"""How accounts come to be: by signing up, by invitation, by the link of the first start, or made by
an administrator; and how a password is chosen anew with a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from runyard.domain.account import Account, Role, check_email, check_name, check_password
from runyard.domain.audit import Actor, AuditEntry
from runyard.domain.errors import (
    ForbiddenError,
    InvalidTokenError,
    NotFoundError,
    SignUpClosedError,
)
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.attempts import (
    LINK_FROM_ADDRESS,
    SIGN_UP_FROM_ADDRESS,
    Attempts,
    group_address,
)
from runyard.services.accounts.authentication import Authentication
from runyard.services.accounts.directory import describe_account, name_account
from runyard.services.accounts.passwords import Passwords
from runyard.services.accounts.sealing import hash_secret, new_secret
from runyard.services.accounts.sessions import LoggedIn, Sessions, Visitor
from runyard.services.audit import Audit
from runyard.store.accounts import AccountRecords
from runyard.store.moments import from_us
from runyard.store.tickets import Ticket, TicketKind, TicketRecords

SETUP_DAYS = 7
INVITATION_DAYS = 14
PASSWORD_LINK_HOURS = 24
# One that anybody can ask for lies in a mailbox.
RESET_LINK_HOURS = 2


class SignUpMode(StrEnum):
    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    ticket: Ticket
    # Told this once.
    secret: str


class SignUp:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        *,
        accounts: AccountRecords,
        tickets: TicketRecords,
        passwords: Passwords,
        attempts: Attempts,
        sessions: Sessions,
        authentication: Authentication,
        audit: Audit,
        mode: Callable[[], SignUpMode],
        now_us: Callable[[], int],
    ) -> None:
        self._accounts = accounts
        self._tickets = tickets
        self._passwords = passwords
        self._attempts = attempts
        self._sessions = sessions
        self._authentication = authentication
        self._audit = audit
        self._now_us = now_us
        self._find_mode = mode

    @property
    def mode(self) -> SignUpMode:
        return self._find_mode()

    async def sign_up(
        self, applicant: Applicant, invitation: str | None, visitor: Visitor
    ) -> LoggedIn:
        """Raises InvalidRequestError, ConflictError for a name or address that is taken,
        SignUpClosedError, InvalidTokenError for a bad invitation, TooManyAttemptsError.
        """
        if invitation is not None:
            return await self._join(applicant, TicketKind.INVITATION, invitation, visitor)
        if self.mode is not SignUpMode.OPEN:
            raise SignUpClosedError(
                "Accounts are made by invitation on this server."
                if self.mode is SignUpMode.INVITATION
                else "Only administrators make accounts on this server."
            )
        account = _new_account(applicant, role=Role.USER, now=self._now())
        await self._attempts.spend((SIGN_UP_FROM_ADDRESS, group_address(visitor.address)))
        password_hash = await self._passwords.hash(applicant.password)
        await self._accounts.insert(account, password_hash=password_hash)
        return await self._sessions.open(account, visitor, password_hash=password_hash)

    async def set_up(self, applicant: Applicant, ticket: str, visitor: Visitor) -> LoggedIn:
        """Make the first administrator, with the link that the server printed."""
        if await self._accounts.has_admin():
            raise _bad_link()
        return await self._join(applicant, TicketKind.SETUP, ticket, visitor)

    async def offer_set_up(self) -> str | None:
        """Return the secret of a link for the first administrator, or None if there is one."""
        if await self._accounts.has_admin():
            return None
        new = await self._issue(TicketKind.SETUP, timedelta(days=SETUP_DAYS), role=Role.ADMIN)
        return new.secret

    async def create(self, applicant: Applicant, *, role: Role, by: Actor) -> Account:
        """Make an account for somebody."""
        account = _new_account(applicant, role=role, now=self._now())
        password_hash = await self._passwords.hash(applicant.password)
        entry = self._audit.entry(
            by, "account.create", name_account(account), after=describe_account(account)
        )
        await self._accounts.insert(account, password_hash=password_hash, entry=entry)
        return account

    async def invite(self, *, email: str | None, role: Role, by: Actor) -> NewTicket:
        """Allow one person to sign up; only with this address, if one is named."""
        checked = None if email is None else check_email(email)
        lasts = timedelta(days=INVITATION_DAYS)
        entry = self._audit.entry(
            by,
            "invitation.create",
            f"invitation for {checked or 'anybody'}",
            after={"email": checked, "role": role},
        )
        return await self._issue(
            TicketKind.INVITATION, lasts, role=role, email=checked, entry=entry
        )

    async def list_invitations(self) -> Sequence[Ticket]:
        return await self._tickets.list(TicketKind.INVITATION, now=self._now_us())

    async def withdraw_invitation(self, ticket_id: str, *, by: Actor) -> None:
        """Raises NotFoundError."""
        entry = self._audit.entry(by, "invitation.withdraw", f"invitation {ticket_id}")
        if not await self._tickets.delete(TicketKind.INVITATION, ticket_id, entry=entry):
            raise NotFoundError("There is no such invitation.")

    async def offer_password(self, account_id: str, *, by: Actor) -> NewTicket:
        """Make the link with which somebody chooses a password anew. Raises NotFoundError."""
        found = await self._accounts.find(account_id)
        if found is None:
            raise NotFoundError("There is no such account.")
        lasts = timedelta(hours=PASSWORD_LINK_HOURS)
        entry = self._audit.entry(by, "account.password_link", name_account(found.account))
        return await self._issue(TicketKind.PASSWORD, lasts, account_id=account_id, entry=entry)

    async def offer_reset(self, account_id: str) -> NewTicket:
        """Make the same link for who asked for it himself."""
        return await self._issue(
            TicketKind.PASSWORD, timedelta(hours=RESET_LINK_HOURS), account_id=account_id
        )

    async def choose_password(self, secret: str, password: str, visitor: Visitor) -> None:
        """Set a password with a link and end every session. The second factor stays."""
        ticket = await self._find(TicketKind.PASSWORD, secret, visitor)
        found = await self._accounts.find(ticket.account_id or "")
        if found is None:
            raise _bad_link()
        account = found.account
        check_password(password, name=account.name, email=account.email)
        password_hash = await self._passwords.hash(password)
        if not await self._accounts.set_password(
            account.id, password_hash, ticket_hash=hash_secret(secret)
        ):
            raise _bad_link()
        self._authentication.forget(account.id)

    async def change_password(
        self, account: Account, *, former: str, password: str, session_id: str
    ) -> None:
        """Set a password and end every other session. Raises AuthenticationError."""
        check_password(password, name=account.name, email=account.email)
        await self._sessions.confirm_password(account.id, former, field="former")
        password_hash = await self._passwords.hash(password)
        await self._accounts.set_password(account.id, password_hash, keep_session_id=session_id)
        self._authentication.forget(account.id)

    async def _join(
        self, applicant: Applicant, kind: TicketKind, secret: str, visitor: Visitor
    ) -> LoggedIn:
        ticket = await self._find(kind, secret, visitor)
        account = _new_account(applicant, role=ticket.role, now=self._now())
        if ticket.email is not None and account.email != ticket.email:
            raise ForbiddenError("The invitation is for another e-mail address.", field="email")
        # A link is not used up where a name is taken, which it would tell of any number of names.
        await self._attempts.spend((SIGN_UP_FROM_ADDRESS, group_address(visitor.address)))
        password_hash = await self._passwords.hash(applicant.password)
        if not await self._accounts.insert(
            account, password_hash=password_hash, ticket_hash=hash_secret(secret)
        ):
            raise _bad_link()
        return await self._sessions.open(account, visitor, password_hash=password_hash)

    async def _find(self, kind: TicketKind, secret: str, visitor: Visitor) -> Ticket:
        claim = (LINK_FROM_ADDRESS, group_address(visitor.address))
        await self._attempts.spend(claim)
        ticket = await self._tickets.find(kind, hash_secret(secret), now=self._now_us())
        if ticket is None:
            raise _bad_link()
        await self._attempts.give_back(claim)
        return ticket

    async def _issue(
        self,
        kind: TicketKind,
        lasts: timedelta,
        *,
        role: Role = Role.USER,
        email: str | None = None,
        account_id: str | None = None,
        entry: AuditEntry | None = None,
    ) -> NewTicket:
        now, secret = self._now(), new_secret()
        ticket = Ticket(
            id=new_identifier(),
            kind=kind,
            account_id=account_id,
            email=email,
            role=role,
            created_at=now,
            expires_at=now + lasts,
        )
        await self._tickets.insert(ticket, ticket_hash=hash_secret(secret), entry=entry)
        return NewTicket(ticket=ticket, secret=secret)

    def _now(self) -> datetime:
        return from_us(self._now_us())


def _new_account(applicant: Applicant, *, role: Role, now: datetime) -> Account:
    """Raises InvalidRequestError."""
    name, email = check_name(applicant.name), check_email(applicant.email)
    check_password(applicant.password, name=name, email=email)
    return Account(id=new_identifier(), name=name, email=email, role=role, created_at=now)


def _bad_link() -> InvalidTokenError:
    return InvalidTokenError("The link is unknown, used or expired; ask for another one.")
