"""The accounts as administrators see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runyard.domain.account import Account, Role
from runyard.domain.errors import NotFoundError
from runyard.services.accounts.authentication import Authentication
from runyard.store.accounts import AccountRecords


class Directory:
    """Every method that takes an id raises NotFoundError for one that does not exist, and every
    change ConflictError if no active administrator were left.
    """

    def __init__(self, records: AccountRecords, authentication: Authentication) -> None:
        self._records = records
        self._authentication = authentication

    async def list(
        self, *, query: str = "", limit: int, after: str | None = None
    ) -> Sequence[Account]:
        return await self._records.list(query=query.strip().lower(), limit=limit, after=after)

    async def find(self, account_id: str) -> Account:
        found = await self._records.find(account_id)
        if found is None:
            raise NotFoundError("There is no such account.")
        return found.account

    async def change(
        self, account_id: str, *, role: Role | None = None, is_suspended: bool | None = None
    ) -> Account:
        """Suspended, an account is logged out everywhere and its tokens are refused."""
        columns: dict[str, Any] = {}
        if role is not None:
            columns["role"] = role
        if is_suspended is not None:
            columns["is_suspended"] = is_suspended
        if columns and not await self._records.change(account_id, **columns):
            raise NotFoundError("There is no such account.")
        self._authentication.forget(account_id)
        return await self.find(account_id)

    async def remove_totp(self, account_id: str) -> Account:
        """For somebody who lost the authenticator and the recovery codes."""
        await self.find(account_id)
        await self._records.remove_totp(account_id)
        self._authentication.forget(account_id)
        return await self.find(account_id)

    async def delete(self, account_id: str) -> None:
        """Remove an account with everything that is its own."""
        if not await self._records.delete(account_id):
            raise NotFoundError("There is no such account.")
        self._authentication.forget(account_id)
