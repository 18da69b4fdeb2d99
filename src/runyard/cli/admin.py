"""`runyard admin`: accounts and invitations, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.connection import connect, require_server
from runyard.cli.local import NewAccount, require_local
from runyard.cli.output import UsageError
from runyard.client.sync_client import Client
from runyard.domain.errors import ConflictError, InvalidRequestError

if TYPE_CHECKING:
    from runyard.client.account_models import Account

PAGE_SIZE = 200
ADMIN, USER = "admin", "user"

admin = typer.Typer(help="Make and change accounts.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name or address.")]


@admin.command("accounts")
def list_accounts(
    context: typer.Context,
    *,
    query: Annotated[str, typer.Option(help="Only with this in the name or address.")] = "",
) -> None:
    """List accounts by name."""
    with _connect(context) as client:
        for line in render_accounts(_list(client, query)):
            typer.echo(line)


@admin.command("invite")
def invite(
    context: typer.Context,
    *,
    email: Annotated[
        str | None, typer.Option(help="Only for this address; else for anybody with the link.")
    ] = None,
    as_admin: Annotated[bool, typer.Option("--admin", help="As an administrator.")] = False,
) -> None:
    """Print a link with which one person can sign up."""
    with _connect(context) as client:
        invitation = client.admin.invite(email=email, role=ADMIN if as_admin else USER)
        typer.echo(f"{client.server}{invitation.path}")
        typer.echo(f"It works once, until {invitation.expires_at:%Y-%m-%d}.", err=True)


@admin.command("suspend")
def suspend(context: typer.Context, name: Name) -> None:
    """Log an account out everywhere and refuse it and its tokens."""
    with _connect(context) as client:
        account = client.admin.change(_find(client, name).id, suspended=True)
    typer.echo(f"{account.name} is suspended")


@admin.command("resume")
def resume(context: typer.Context, name: Name) -> None:
    """Let a suspended account in again."""
    with _connect(context) as client:
        account = client.admin.change(_find(client, name).id, suspended=False)
    typer.echo(f"{account.name} may log in")


@admin.command("password-link")
def make_password_link(context: typer.Context, name: Name) -> None:
    """Print a link with which somebody chooses a password anew."""
    with _connect(context) as client:
        link = client.admin.password_link(_find(client, name).id)
        typer.echo(f"{client.server}{link.path}")
        typer.echo(f"It works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)


@admin.command("delete")
def delete_account(
    context: typer.Context,
    name: Name,
    *,
    sure: Annotated[bool, typer.Option("--yes", help="There is no way back.")] = False,
) -> None:
    """Delete an account with everything that is its own."""
    if not sure:
        raise UsageError(f"This deletes {name} and all it has, for good; say --yes.")
    with _connect(context) as client:
        account = _find(client, name)
        client.admin.delete(account.id)
    typer.echo(f"{account.name} is deleted")


@admin.command("create-user")
def create_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    email: Annotated[str, typer.Option(help="The account's address.")],
    as_admin: Annotated[bool, typer.Option("--admin", help="As an administrator.")] = False,
) -> None:
    """Make an account in the database of this installation, without a server."""
    from runyard.cli.asking import ask_new_password  # noqa: PLC0415 - only this verb

    local = require_local(context.obj)
    account = NewAccount(name=name, email=email, password=ask_new_password(), is_admin=as_admin)
    try:
        kept = local.create_account(account)
    except (InvalidRequestError, ConflictError) as error:
        raise UsageError(error.message) from error
    typer.echo(f"Made the {'administrator' if as_admin else 'account'} {kept}.")


def render_accounts(accounts: Sequence[Account]) -> list[str]:
    rows = [(each.name, each.email, each.role, _standing(each)) for each in accounts]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1, 2)]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]}".rstrip()
        for row in rows
    ]


def _standing(account: Account) -> str:
    parts = ("second factor" if account.totp else "", "suspended" if account.suspended else "")
    return ", ".join(part for part in parts if part)


def _connect(context: typer.Context) -> Client:
    from runyard.cli.credentials import find_token  # noqa: PLC0415 - only for a server

    server = require_server(context.obj)
    return connect(server, token=find_token(server))


def _find(client: Client, name: str) -> Account:
    wanted = name.strip().lower()
    for account in _list(client, wanted):
        if wanted in {account.name, account.email}:
            return account
    raise UsageError(f"There is no account {name!r}.")


def _list(client: Client, query: str) -> list[Account]:
    found: list[Account] = []
    after: str | None = None
    while True:
        page = client.admin.accounts(query=query, limit=PAGE_SIZE, after=after)
        found += page.items
        if page.next_after is None:
            return found
        after = page.next_after
