"""What the commands of administrators begin with: a server, and an account that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError

if TYPE_CHECKING:
    import typer

    from runyard.client.account_models import Account
    from runyard.client.sync_client import Client

PAGE_SIZE = 200


def connect_as_admin(context: typer.Context) -> Client:
    return connect_as_known(context.obj)


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
