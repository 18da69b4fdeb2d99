"""The ways to get a token for a server; each ends with it in the file."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from urllib.parse import urlsplit

import typer

from runyard.cli.asking import ask, ask_new_password, ask_secret
from runyard.cli.connection import connect, require_server
from runyard.cli.credentials import StoredLogin, load_login, store_login
from runyard.cli.local import Invocation
from runyard.cli.output import UsageError, say
from runyard.client.account_models import DeviceOffer, Login, NewApiToken
from runyard.client.errors import AuthenticationError, ClientError, ConflictError, RefusedError
from runyard.client.sync_client import Client
from runyard.client.wire import API_PREFIX, TOKEN_VARIABLE

SCOPES = (
    *("executions:read", "executions:write", "projects:read", "projects:write"),
    "account:read",
)
ADMIN_SCOPE = "admin"
TOKEN_DAYS = 90
NAME_CHARACTERS_MAX = 100
# The page that the printed link leads to.
SET_UP_PATH = "/setup"
# The page on which somebody who has logged in approves of a program.
DEVICE_PATH = "/device"


def log_in_with_password(server: str, *, is_admin: bool) -> StoredLogin:
    # A file that cannot be used is found before anybody has typed.
    load_login(server)
    with connect(server, token="") as client:
        login, password = ask("Name or e-mail address"), ask_secret("Password")
        try:
            begun = client.accounts.log_in(login, password)
        except AuthenticationError as error:
            if error.code != "totp_required":
                raise
            code = ask("Code of the authenticator, or a recovery code")
            begun = client.accounts.log_in(login, password, code)
        return _end_with_token(client, begun, password, is_admin=is_admin)


def make_first_administrator(server: str, ticket: str, *, is_admin: bool) -> StoredLogin:
    load_login(server)
    with connect(server, token="") as client:
        name, email = ask("Name"), ask("E-mail address")
        password = ask_new_password()
        begun = client.accounts.set_up(ticket, name=name, email=email, password=password)
        typer.echo(f"Made the administrator {begun.account.name}.")
        return _end_with_token(client, begun, password, is_admin=is_admin)


def log_in_with_device(server: str) -> StoredLogin:
    load_login(server)
    with connect(server, token="") as client:
        offer = client.accounts.begin_device(_name_machine())
        code = offer.user_code
        typer.echo(
            f"The code is {code}. Approve it within {offer.expires_seconds // 60} minutes where"
            f" you are logged in, on\n  {server}{DEVICE_PATH}?code={code}\n"
            f"or by POST {server}{API_PREFIX}/auth/devices/{code}/approve"
        )
        new = _wait_for_token(client, offer)
    with connect(server, token=new.token) as client:
        return _keep(server, new, client.accounts.me().name)


def log_in_with_token(server: str) -> StoredLogin:
    load_login(server)
    token = ask_secret("Token").strip()
    if not token:
        raise UsageError("Nothing was given for: Token.")
    account: str | None = None
    with connect(server, token=token) as client:
        try:
            me = client.accounts.me()
        except AuthenticationError:
            raise
        except RefusedError as error:
            if error.problem.raw.get("scope") is None:
                raise
        else:
            account = me.name
            if me.scopes is None:
                raise UsageError("That token is of a session and ends in minutes.")
    stored = StoredLogin(token=token, account=account)
    store_login(server, stored)
    return stored


def parse_link(link: str) -> tuple[str, str]:
    """Return the server and the ticket of a link for the first administrator."""
    address, _, ticket = link.partition("#")
    if not ticket:
        raise UsageError("The link has nothing behind a #; take all of what the server printed.")
    path = urlsplit(address).path
    if not path.endswith(SET_UP_PATH):
        raise UsageError(f"The link does not lead to {SET_UP_PATH}; is it what the server printed?")
    server = address.removesuffix(SET_UP_PATH)
    return require_server(Invocation(local=None), server), ticket


def describe_login(server: str, login: StoredLogin) -> str:
    if os.environ.get(TOKEN_VARIABLE):
        say(f"{TOKEN_VARIABLE} is set and goes before what was stored")
    who = f" as {login.account}" if login.account else ""
    until = f" until {login.expires_at}" if login.expires_at else ""
    return f"Logged in to {server}{who}{until}."


def _end_with_token(client: Client, begun: Login, password: str, *, is_admin: bool) -> StoredLogin:
    """Make a token out of a session that has begun, and end the session."""
    try:
        if begun.must_enrol_totp:
            _enrol(client, password)
        scopes = (*SCOPES, ADMIN_SCOPE) if is_admin else SCOPES
        new = client.accounts.create_token(_name_machine(), scopes, days=TOKEN_DAYS)
        former = load_login(client.server)
        stored = _keep(client.server, new, begun.account.name)
        if former is not None and former.token_id is not None:
            # Nobody will use it again. It may be another account's, or gone.
            with suppress(ClientError):
                client.accounts.delete_token(former.token_id)
        return stored
    finally:
        with suppress(ClientError):
            client.accounts.log_out()


def _enrol(client: Client, password: str) -> None:
    """Set up an authenticator, where the server asks for one before anything else."""
    offer = client.accounts.offer_totp(password)
    typer.echo(
        "This server wants a second factor of your account. Add it to an authenticator:\n"
        f"  {offer.uri}\n  or type {offer.secret}"
    )
    codes = client.accounts.confirm_totp(ask("The code it shows"))
    typer.echo("Recovery codes, each good for one login without it; they are shown this once:")
    for code in codes:
        typer.echo(f"  {code}")


def _wait_for_token(client: Client, offer: DeviceOffer) -> NewApiToken:
    """Ask until somebody has decided; the server ends it when the code expires."""
    while True:
        try:
            return client.accounts.take_device_token(offer.device_code)
        except ConflictError as error:
            # The account that approved may also have too many tokens; only waiting has an interval.
            if "interval_seconds" not in error.problem.raw:
                raise
        time.sleep(offer.interval_seconds)


def _keep(server: str, new: NewApiToken, account: str) -> StoredLogin:
    expires = new.expires_at.date().isoformat() if new.expires_at else None
    stored = StoredLogin(token=new.token, token_id=new.id, account=account, expires_at=expires)
    store_login(server, stored)
    return stored


def _name_machine() -> str:
    name = f"runyard on {os.uname().nodename}"
    return "".join(each for each in name if each.isprintable())[:NAME_CHARACTERS_MAX]
