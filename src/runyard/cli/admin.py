"""`runyard admin`: accounts and invitations, and what else there is for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.admin_faq import admin_faq
from runyard.cli.admin_overview import show_overview
from runyard.cli.admin_platforms import platforms
from runyard.cli.admin_runs import admin_runs
from runyard.cli.admin_runtimes import runtimes
from runyard.cli.admin_settings import health, settings
from runyard.cli.administering import find_account
from runyard.cli.administering import list_accounts as find_accounts
from runyard.cli.connection import connect_as_known
from runyard.cli.local import NewAccount, require_local
from runyard.cli.output import FAILED, UsageError, say
from runyard.cli.policies import list_audit_entries, policies
from runyard.domain.errors import ConflictError, InvalidRequestError

if TYPE_CHECKING:
    from runyard.client.account_models import Account

ADMIN, USER = "admin", "user"

admin = typer.Typer(help="Administer a server.", no_args_is_help=True)
admin.add_typer(policies, name="policies")
admin.add_typer(admin_faq, name="faq")
admin.add_typer(admin_runs, name="runs")
admin.command("overview")(show_overview)
admin.add_typer(runtimes, name="runtimes")
admin.command("audit")(list_audit_entries)
admin.add_typer(platforms, name="platforms")
admin.add_typer(settings, name="settings")
admin.command("health")(health)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name or address.")]


@admin.command("accounts")
def list_accounts(
    context: typer.Context,
    *,
    query: Annotated[str, typer.Option(help="Only with this in the name or address.")] = "",
) -> None:
    """List accounts by name."""
    with connect_as_known(context) as client:
        for line in render_accounts(find_accounts(client, query)):
            typer.echo(line)


@admin.command("invite")
def invite(
    context: typer.Context,
    *,
    email: Annotated[
        str | None, typer.Option(help="Only for this address; else for anybody with the link.")
    ] = None,
    as_admin: Annotated[bool, typer.Option("--admin", help="As an administrator.")] = False,
    mail: Annotated[bool, typer.Option("--mail", help="Also send it to the address.")] = False,
) -> None:
    """Print a link with which one person can sign up."""
    with connect_as_known(context) as client:
        role = ADMIN if as_admin else USER
        invitation = client.admin.invite(email=email, role=role, mail=mail)
        _tell_mailed(asked=mail, mailed=invitation.mailed)
        typer.echo(f"{client.server}{invitation.path}")
        typer.echo(f"It works once, until {invitation.expires_at:%Y-%m-%d}.", err=True)


@admin.command("suspend")
def suspend(context: typer.Context, name: Name) -> None:
    """Log an account out everywhere and refuse it and its tokens."""
    with connect_as_known(context) as client:
        account = client.admin.change(find_account(client, name).id, suspended=True)
    typer.echo(f"{account.name} is suspended")


@admin.command("resume")
def resume(context: typer.Context, name: Name) -> None:
    """Let a suspended account in again."""
    with connect_as_known(context) as client:
        account = client.admin.change(find_account(client, name).id, suspended=False)
    typer.echo(f"{account.name} may log in")


@admin.command("password-link")
def make_password_link(
    context: typer.Context,
    name: Name,
    *,
    mail: Annotated[
        bool, typer.Option("--mail", help="Also send it to the account's address.")
    ] = False,
) -> None:
    """Print a link with which somebody chooses a password anew."""
    with connect_as_known(context) as client:
        link = client.admin.password_link(find_account(client, name).id, mail=mail)
        _tell_mailed(asked=mail, mailed=link.mailed)
        typer.echo(f"{client.server}{link.path}")
        typer.echo(f"It works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)


@admin.command("test-mail")
def test_mail(context: typer.Context) -> None:
    """Have the server send a mail to one's own address."""
    with connect_as_known(context) as client:
        trial = client.admin.test_mail()
    if not trial.sent:
        say(f"the mail server did not take it: {trial.reason}")
        raise typer.Exit(FAILED)
    typer.echo(f"sent to {trial.recipient}")


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
    with connect_as_known(context) as client:
        account = find_account(client, name)
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


def _tell_mailed(*, asked: bool, mailed: bool) -> None:
    if asked:
        say("it was mailed" if mailed else "the mail server did not take it; hand the link over")
