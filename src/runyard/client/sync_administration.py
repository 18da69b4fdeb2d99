"""Accounts as administrators see them, method by method as in the asynchronous client."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from runyard.client import account_wire as wire
from runyard.client import oversight_wire
from runyard.client.account_models import (
    Account,
    AccountPage,
    Invitation,
    MailTrial,
    NewInvitation,
    PasswordLink,
)
from runyard.client.async_administration import USER
from runyard.client.oversight_models import Overview
from runyard.client.platform_models import ServerHealth
from runyard.client.policy_wire import AUDIT, AuditPage, parse_audit
from runyard.client.sync_connection import Connection
from runyard.client.sync_faq import FaqAdministration
from runyard.client.sync_oversight import Oversight
from runyard.client.sync_platforms import Platforms, Settings, view_health
from runyard.client.sync_policies import Policies
from runyard.client.sync_runtimes import RuntimeAdministration
from runyard.client.wire import render_given


class Administration:
    """`client.admin`. Every call needs an administrator, or a token of one with the scope admin."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.faq = FaqAdministration(connection)
        self.executions = Oversight(connection)

    @cached_property
    def platforms(self) -> Platforms:
        """Where executions run."""
        return Platforms(self._connection)

    @cached_property
    def settings(self) -> Settings:
        """The server's settings."""
        return Settings(self._connection)

    def health(self) -> ServerHealth:
        """Look at every part of the server now."""
        return view_health(self._connection)

    @cached_property
    def runtimes(self) -> RuntimeAdministration:
        """Which runtimes there are, and how each is run."""
        return RuntimeAdministration(self._connection)

    def overview(self) -> Overview:
        """Tell what is going on, and what the last hour and the last day were like."""
        return oversight_wire.parse_overview(self._connection.call("GET", oversight_wire.OVERVIEW))

    def accounts(
        self, *, query: str = "", limit: int = 50, after: str | None = None
    ) -> AccountPage:
        """List accounts by name; `query` is a part of a name or an address."""
        fields = render_given(query=query, limit=str(limit), after=after)
        return wire.parse_account_page(self._connection.call("GET", wire.ACCOUNTS, params=fields))

    def account(self, account_id: str) -> Account:
        return wire.parse_account(self._connection.call("GET", wire.account_path(account_id)))

    def create(self, *, name: str, email: str, password: str, role: str = USER) -> Account:
        """Make an account for somebody."""
        body = {"name": name, "email": email, "password": password, "role": role}
        return wire.parse_account(self._connection.call("POST", wire.ACCOUNTS, json=body))

    def change(
        self, account_id: str, *, role: str | None = None, suspended: bool | None = None
    ) -> Account:
        """Change the role, or suspend an account: it is logged out, and its tokens are refused."""
        body = render_given(role=role, suspended=suspended)
        path = wire.account_path(account_id)
        return wire.parse_account(self._connection.call("PATCH", path, json=body))

    def delete(self, account_id: str) -> None:
        """Delete an account with everything that is its own. There is no way back."""
        self._connection.call("DELETE", wire.account_path(account_id))

    def password_link(self, account_id: str, *, mail: bool = False) -> PasswordLink:
        """Make a link with which somebody chooses a password anew. Earlier ones are void. With
        `mail` it is sent to the account's address; `mailed` says whether that worked.
        """
        path = wire.account_path(account_id, "/password-link")
        body = {"json": {"mail": True}} if mail else {}
        return wire.parse_password_link(self._connection.call("POST", path, **body))

    def remove_totp(self, account_id: str) -> Account:
        """Ask somebody who lost the authenticator and the recovery codes for neither any more."""
        path = wire.account_path(account_id, "/totp/remove")
        return wire.parse_account(self._connection.call("POST", path))

    def invitations(self) -> Sequence[Invitation]:
        """List the invitations that nobody has used, newest first."""
        body = self._connection.call("GET", wire.INVITATIONS)
        return [wire.parse_invitation(entry) for entry in body["items"]]

    def invite(
        self, *, email: str | None = None, role: str = USER, mail: bool = False
    ) -> NewInvitation:
        """Let one person sign up; only with this address, if one is named. With `mail` the link is
        sent to it; `mailed` says whether that worked.
        """
        body = render_given(email=email, role=role, mail=True if mail else None)
        answer = self._connection.call("POST", wire.INVITATIONS, json=body)
        return wire.parse_new_invitation(answer)

    def test_mail(self) -> MailTrial:
        """Have a mail sent to one's own address."""
        return wire.parse_mail_trial(self._connection.call("POST", wire.TEST_MAIL))

    def withdraw_invitation(self, invitation_id: str) -> None:
        self._connection.call("DELETE", wire.invitation_path(invitation_id))

    @property
    def policies(self) -> Policies:
        return Policies(self._connection)

    def audit(
        self,
        *,
        actor: str = "",
        action: str = "",
        query: str = "",
        limit: int = 50,
        before: str | None = None,
    ) -> AuditPage:
        """List what administrators changed, newest first. `actor` is an account's id, `action` one
        or the group before its dot, `query` a part of whom or what.
        """
        fields = render_given(
            actor=actor, action=action, query=query, limit=str(limit), before=before
        )
        return parse_audit(self._connection.call("GET", AUDIT, params=fields))
