"""Mail about accounts: links with which a password is chosen or an account is made."""

from __future__ import annotations

from functools import partial

from runyard.domain.account import Account
from runyard.domain.audit import Actor
from runyard.domain.errors import BusyError, TooManyAttemptsError
from runyard.services.accounts.attempts import (
    MAIL_BY_ACCOUNT,
    RESET_FROM_ADDRESS,
    RESET_OF_ACCOUNT,
    Attempts,
    group_address,
)
from runyard.services.accounts.letters import (
    write_invitation,
    write_password_link,
    write_reset,
    write_test,
)
from runyard.services.accounts.sessions import Visitor
from runyard.services.accounts.sign_up import NewTicket, SignUp
from runyard.services.audit import Audit
from runyard.services.mail import Mail, Mailer
from runyard.store.accounts import AccountRecords


class Post:
    """Every method raises MailUnavailableError where no mail is sent."""

    def __init__(
        self,
        *,
        mailer: Mailer,
        accounts: AccountRecords,
        sign_up: SignUp,
        attempts: Attempts,
        audit: Audit,
    ) -> None:
        self._mailer = mailer
        self._accounts = accounts
        self._sign_up = sign_up
        self._attempts = attempts
        self._audit = audit

    @property
    def is_on(self) -> bool:
        return self._mailer.is_on

    async def request_reset(self, login: str, visitor: Visitor) -> None:
        """Have a link sent to an account's address. Whether there is such an account is looked up
        in the background only, so that neither the answer nor its time tells it.

        Raises TooManyAttemptsError for an address that asks often, BusyError.
        """
        self._mailer.require()
        await self._attempts.spend((RESET_FROM_ADDRESS, group_address(visitor.address)))
        if not self._mailer.post(partial(self._compose_reset, login.strip().lower())):
            raise BusyError("Many mails wait to be sent; try again later.")

    async def allow(self, account: Account) -> None:
        """Count a mail that an administrator has sent. Raises TooManyAttemptsError."""
        self._mailer.require()
        await self._attempts.spend((MAIL_BY_ACCOUNT, account.id))

    async def send_invitation(self, new: NewTicket) -> bool:
        """Return whether the mail was taken."""
        mail = write_invitation(
            self._mailer,
            new.ticket.email or "",
            secret=new.secret,
            expires_at=new.ticket.expires_at,
        )
        return await self._mailer.send(mail) is None

    async def send_password_link(self, account: Account, new: NewTicket) -> bool:
        """Return whether the mail was taken."""
        mail = write_password_link(
            self._mailer, account, secret=new.secret, expires_at=new.ticket.expires_at
        )
        return await self._mailer.send(mail) is None

    async def send_test(self, account: Account, *, by: Actor) -> str | None:
        """Send a mail to an administrator's own address. Return why it was not taken, or None."""
        await self.allow(account)
        reason = await self._mailer.send(write_test(self._mailer, account))
        await self._audit.note(self._audit.entry(by, "mail.test", "mail", after={"reason": reason}))
        return reason

    async def _compose_reset(self, login: str) -> Mail | None:
        found = await self._accounts.find_by_login(login)
        if found is None or found.account.is_suspended:
            return None
        try:
            await self._attempts.spend((RESET_OF_ACCOUNT, found.account.id))
        except TooManyAttemptsError:
            # To tell would say that there is the account; its mailbox has the links.
            return None
        new = await self._sign_up.offer_reset(found.account.id)
        return write_reset(
            self._mailer, found.account, secret=new.secret, expires_at=new.ticket.expires_at
        )
