"""Which account a command of administrators means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runyard.cli.output import UsageError

if TYPE_CHECKING:
    from runyard.client.account_models import Account
    from runyard.client.sync_client import Client

PAGE_SIZE = 200


def find_account(client: Client, name: str) -> Account:
    """Return the account of a name or an address. Raises UsageError."""
    wanted = name.strip().lower()
    for account in list_accounts(client, wanted):
        if wanted in {account.name, account.email}:
            return account
    raise UsageError(f"There is no account {name!r}.")


def list_accounts(client: Client, query: str) -> list[Account]:
    found: list[Account] = []
    after: str | None = None
    while True:
        page = client.admin.accounts(query=query, limit=PAGE_SIZE, after=after)
        found += page.items
        if page.next_after is None:
            return found
        after = page.next_after
