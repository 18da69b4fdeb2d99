"""The accounts as administrators see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runyard.domain.account import Account, Role
from runyard.domain.audit import Actor
from runyard.domain.errors import NotFoundError
from runyard.services.accounts.authentication import Authentication
from runyard.services.audit import Audit
from runyard.store.accounts import AccountRecords, AccountSearch
from runyard.store.holdings import HoldingRecords, Holdings


class Directory:
    """Every method that takes an id raises NotFoundError for one that does not exist, and every
    change ConflictError if no active administrator were left. `by` is who changes it.
    """

    def __init__(
        self,
        records: AccountRecords,
        holdings: HoldingRecords,
        authentication: Authentication,
        audit: Audit,
    ) -> None:
        self._records = records
        self._holdings = holdings
        self._audit = audit
        self._authentication = authentication

    async def list(self, search: AccountSearch) -> Sequence[Account]:
        return await self._records.list(replace(search, query=search.query.strip().lower()))

    async def find(self, account_id: str) -> Account:
        found = await self._records.find(account_id)
        if found is None:
            raise NotFoundError("There is no such account.")
        return found.account

    async def change(
        self,
        account_id: str,
        *,
        by: Actor,
        role: Role | None = None,
        is_suspended: bool | None = None,
    ) -> Account:
        """Suspended, an account is logged out everywhere and its tokens are refused."""
        columns: dict[str, Any] = {}
        if role is not None:
            columns["role"] = role
        if is_suspended is not None:
            columns["is_suspended"] = is_suspended
        former = await self.find(account_id)
        entry = self._audit.entry(
            by,
            "account.change",
            name_account(former),
            before={name: getattr(former, name) for name in columns},
            after=columns,
        )
        if columns and not await self._records.change(account_id, entry=entry, **columns):
            raise NotFoundError("There is no such account.")
        self._authentication.forget(account_id)
        return await self.find(account_id)

    async def count_holdings(self, account_id: str) -> Holdings:
        """Return what an account has, and would lose if it were deleted."""
        await self.find(account_id)
        return await self._holdings.count(account_id)

    async def end_sessions(self, account_id: str, *, by: Actor) -> int:
        """Log somebody out everywhere; return how many sessions that were. Tokens stay."""
        former = await self.find(account_id)
        entry = self._audit.entry(by, "account.end_sessions", name_account(former))
        count = await self._records.end_sessions(account_id, entry=entry)
        self._authentication.forget(account_id)
        return count

    async def remove_totp(self, account_id: str, *, by: Actor) -> Account:
        """For somebody who lost the authenticator and the recovery codes."""
        former = await self.find(account_id)
        entry = self._audit.entry(
            by,
            "account.remove_totp",
            name_account(former),
            before={"has_totp": former.has_totp},
            after={"has_totp": False},
        )
        await self._records.remove_totp(account_id, entry=entry)
        self._authentication.forget(account_id)
        return await self.find(account_id)

    async def delete(self, account_id: str, *, by: Actor) -> None:
        """Remove an account with everything that is its own."""
        former = await self.find(account_id)
        entry = self._audit.entry(
            by, "account.delete", name_account(former), before=describe_account(former)
        )
        if not await self._records.delete(account_id, entry=entry):
            raise NotFoundError("There is no such account.")
        self._authentication.forget(account_id)


def name_account(account: Account) -> str:
    """Return how the audit log names an account."""
    return f"account {account.name}"


def describe_account(account: Account) -> dict[str, Any]:
    """Return what the audit log keeps of an account."""
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "role": account.role,
        "is_suspended": account.is_suspended,
    }
